"""What a user can choose: the root's parameters with their defaults and limits.

Names, units and limits are the product's public interface: the README and `parameters.toml` speak of them.
Prices are those of us-east-1 in the first half of 2026, rounded; `make cost` calculates a choice.
"""

from __future__ import annotations

from templates.parts.deletion_policies import KEEP_DATA_VALUES
from templates.parts.numbers import chosen_number, whole_number
from templates.parts.rollout import STRATEGIES
from templates.wiring import Value, parameter, seam

MODEL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,2047}$"
DOMAIN = r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PRIVATE_RANGE_PATTERN = rf"^(10\.{OCTET}|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.{OCTET}\.{OCTET}/(1[6-9]|20)$"
VPC_RANGE = rf"{OCTET}(\.{OCTET}){{3}}/(1[6-9]|2[0-8])"
"""https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html"""
CIDR = rf"{OCTET}(\.{OCTET}){{3}}/([1-9]|[12][0-9]|3[0-2])"
ZONE = r"[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}[a-z]"
SUBNETS_PATTERN = r"^$|^subnet-[0-9a-f]{8,17}(,subnet-[0-9a-f]{8,17})+$"
HTTPS_ADDRESS = rf"https://{DOMAIN}(:[0-9]{{1,5}})?"
PROVIDER_PATTERN = r"^$|^(?!COGNITO$)[A-Za-zÀ-ÖØ-öø-ÿ0-9][A-Za-zÀ-ÖØ-öø-ÿ0-9.-]{2,31}$"
"""Cognito takes 3 to 32 characters, no spaces or underscores; COGNITO is its name for the pool itself."""
DOMAIN_PREFIX_PATTERN = r"^$|^(?!.*(aws|amazon|cognito))[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
"""https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html"""
LOG_RETENTION_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365]
"""Some of the numbers that CloudWatch Logs takes."""

MOST_TASKS = 20
MOST_TOKENS_A_DAY = 10**12
HIGHEST_BUDGET = 10**9
"""More than either is a slip of the hand."""
LONGEST_COMMON_NAME = 64
"""https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html"""
SPOT_PERCENTAGES = [0, 50, 100]

GIB = 1024
FARGATE_MEMORY_MIB = {
    256: [512, 1 * GIB, 2 * GIB],
    512: [n * GIB for n in range(1, 5)],
    1024: [n * GIB for n in range(2, 9)],
    2048: [n * GIB for n in range(4, 17)],
    4096: [n * GIB for n in range(8, 31)],
}
"""CPU units and the memory that goes with them:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html"""


@seam
class Parameters:
    front_door: Value = parameter(
        "String",
        "cloudfront: HTTPS under an address of CloudFront, no domain needed. domain: HTTPS under your own "
        "domain (give the next two). http: WITHOUT ENCRYPTION, passwords can be read on the way; for a short "
        "trial only.",
        AllowedValues=["cloudfront", "domain", "http"],
        Default="cloudfront",
    )
    domain_name: Value = parameter(
        "String",
        "Only with FrontDoor domain: the name that people type, such as chat.example.com.",
        AllowedPattern=rf"^$|^{DOMAIN}$",
        ConstraintDescription="A name in lower case such as chat.example.com, of 64 characters at most, or "
        "nothing.",
        MaxLength=LONGEST_COMMON_NAME,
        Default="",
    )
    hosted_zone_id: Value = parameter(
        "String",
        "Only with FrontDoor domain: the id of the public Route 53 zone that holds the domain.",
        AllowedPattern=r"^$|^Z[A-Z0-9]{1,31}$",
        ConstraintDescription="An id such as Z0123456789ABCDEFGHIJ, or nothing.",
        Default="",
    )
    use_firewall: Value = parameter(
        "String",
        "yes: AWS WAF turns away floods and known attacks, about 8 USD a month; without CloudFront also "
        "addresses of bad reputation, about 9. no: nothing stands before the load balancer.",
        AllowedValues=["yes", "no"],
        Default="yes",
    )
    rate_limit: Value = whole_number(
        "With UseFirewall yes: requests in five minutes from one address before it is turned away for a "
        "while. A page is about 40; people behind one office share an address.",
        low=100,
        high=2000000,
        default=3000,
    )
    allowed_addresses: Value = parameter(
        "String",
        "With UseFirewall yes: the only IPv4 ranges from which one may come, such as "
        "192.0.2.0/24,198.51.100.7/32; empty for everywhere.",
        AllowedPattern=rf"^$|^{CIDR}(,{CIDR})*$",
        ConstraintDescription="IPv4 ranges such as 192.0.2.0/24, separated by commas, or nothing.",
        Default="",
    )
    allowed_countries: Value = parameter(
        "String",
        "With UseFirewall yes: the only countries from which one may come, such as ES,MX; empty for "
        "everywhere.",
        AllowedPattern=r"^$|^[A-Z]{2}(,[A-Z]{2}){0,49}$",
        ConstraintDescription="Two-letter country codes such as ES,MX, or nothing.",
        Default="",
    )
    model_id: Value = parameter(
        "String",
        "The Amazon Bedrock model, or inference profile, that answers unless another is chosen in the chat.",
        AllowedPattern=MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, such as global.amazon.nova-2-lite-v1:0.",
        Default="global.amazon.nova-2-lite-v1:0",
    )
    alternative_model_id: Value = parameter(
        "String",
        "A second model to choose in the chat; empty for none. Models of Anthropic answer once an "
        "administrator who may subscribe in AWS Marketplace has opened the model in the playground of the "
        "Bedrock console and filled in its form: once per account. The app itself cannot.",
        AllowedPattern=r"^$|" + MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, or nothing.",
        Default="global.anthropic.claude-haiku-4-5-20251001-v1:0",
    )
    sign_up_domains: Value = parameter(
        "String",
        "Domains whose e-mail addresses may sign up by themselves, such as example.com,example.org; empty: "
        "only administrators add people.",
        AllowedPattern=rf"^$|^{DOMAIN}(, ?{DOMAIN})*$",
        ConstraintDescription="Domains in lower case with commas between them, or nothing.",
        MaxLength=1000,
        Default="",
    )
    mfa: Value = parameter(
        "String",
        "Codes of an authenticator app at sign-in. optional: people may set one up on their account page. "
        "required: they have to, at the next sign-in. off: passwords alone.",
        AllowedValues=["off", "optional", "required"],
        Default="optional",
    )
    single_sign_on: Value = parameter(
        "String",
        "Whether people may also come by an identity provider of your own. saml: by SAML 2.0. oidc: by "
        "OpenID Connect. 0.4 USD a month, and 0.015 for each who comes, beyond 50. It needs HTTPS, and a way "
        "to the internet.",
        AllowedValues=["off", "saml", "oidc"],
        Default="off",
    )
    single_sign_on_provider: Value = parameter(
        "String",
        "With SingleSignOn: the provider's name, as the button shows it. Keep it: who comes by another name "
        "is another person to the chat.",
        AllowedPattern=PROVIDER_PATTERN,
        ConstraintDescription="3 to 32 letters, digits, dots and hyphens, such as Example, or nothing.",
        Default="",
    )
    single_sign_on_domain_prefix: Value = parameter(
        "String",
        "With SingleSignOn: a name that nobody else in the Region has, for the address by which browsers go "
        "to the provider and back, such as example-chat.",
        AllowedPattern=DOMAIN_PREFIX_PATTERN,
        ConstraintDescription="Up to 63 lower-case letters, digits and hyphens, without aws, amazon or "
        "cognito, or nothing.",
        Default="",
    )
    saml_metadata_url: Value = parameter(
        "String",
        "Only with SingleSignOn saml: where the provider publishes its metadata, such as "
        "https://login.example.com/metadata.xml.",
        AllowedPattern=rf"^$|^{HTTPS_ADDRESS}(/[!#-~]*)?$",
        ConstraintDescription="An address that begins with https://, or nothing.",
        MaxLength=1024,
        Default="",
    )
    oidc_issuer: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the provider's issuer, such as https://login.example.com.",
        AllowedPattern=rf"^$|^{HTTPS_ADDRESS}(/[!$->@-~]*[!$-.0->@-~])?$",
        ConstraintDescription="An address that begins with https:// and does not end with /, or nothing.",
        MaxLength=1024,
        Default="",
    )
    oidc_client_id: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the client id that the provider gave you.",
        AllowedPattern=r"^$|^[!-~]{1,255}$",
        ConstraintDescription="A client id without spaces, or nothing.",
        Default="",
    )
    oidc_client_secret_arn: Value = parameter(
        "String",
        "Only with SingleSignOn oidc: the ARN of a Secrets Manager secret of yours whose whole text is the "
        "client secret that the provider gave you.",
        AllowedPattern=r"^$|^arn:aws:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$",
        ConstraintDescription="The ARN of a secret in Secrets Manager, or nothing.",
        Default="",
    )
    session_idle_minutes: Value = whole_number(
        "Minutes without activity after which people have to sign in again.",
        low=5,
        high=1440,
        default=30,
    )
    session_max_hours: Value = whole_number(
        "Hours after which people have to sign in again in any case.",
        low=1,
        high=24,
        default=12,
    )
    daily_token_budget: Value = whole_number(
        "Tokens (questions and answers) that each person may use per day (UTC); 0 for no limit.",
        low=0,
        high=MOST_TOKENS_A_DAY,
        default=200000,
    )
    max_output_tokens: Value = whole_number(
        "The longest answer that a person may ask for, in tokens.",
        low=64,
        high=65536,
        default=2048,
    )
    task_count: Value = whole_number(
        "How many tasks run when little is asked. Two survive the loss of a zone; each costs about 14 USD a "
        "month at 0.5 vCPU and 1 GiB.",
        low=1,
        high=MOST_TASKS,
        default=2,
    )
    max_task_count: Value = whole_number(
        "How many tasks may run when much is asked; those beyond TaskCount are paid for as long as they run.",
        low=1,
        high=MOST_TASKS,
        default=4,
    )
    task_cpu: Value = chosen_number(
        "CPU units of each task; 1024 are one vCPU.",
        list(FARGATE_MEMORY_MIB),
        default=512,
    )
    task_memory: Value = chosen_number(
        "MiB of memory of each task; Fargate takes only some together with each TaskCpu.",
        sorted({mib for choices in FARGATE_MEMORY_MIB.values() for mib in choices}),
        default=1024,
    )
    spot_percent: Value = chosen_number(
        "How much of the tasks runs on Fargate Spot, about 70 % cheaper. AWS may take a Spot task back with "
        "two minutes' notice, which cuts no answer short; 100 may leave nobody to serve for a while.",
        SPOT_PERCENTAGES,
        default=0,
    )
    deployment_strategy: Value = parameter(
        "String",
        "How a new version takes over; none goes below full capacity, and alarms bring the version before "
        "back. rolling: its tasks take over as they become ready. blue-green: all at once, while the version "
        "before waits ten minutes longer. canary: the same, after one person in ten has tried it for ten "
        "minutes. These two pay for twice the tasks meanwhile.",
        AllowedValues=list(STRATEGIES),
        Default="rolling",
    )
    sleep: Value = parameter(
        "String",
        "When no task runs, so that none is paid for; whoever comes then gets error 503. nights: from "
        "SleepFrom to SleepUntil. nights-and-weekends: from Friday evening to Monday morning too.",
        AllowedValues=["never", "nights", "nights-and-weekends"],
        Default="never",
    )
    sleep_from: Value = whole_number(
        "With Sleep: the hour at which the tasks stop. Running answers are finished first.",
        low=0,
        high=23,
        default=22,
    )
    sleep_until: Value = whole_number(
        "With Sleep: the hour at which they start again.",
        low=0,
        high=23,
        default=7,
    )
    time_zone: Value = parameter(
        "String",
        "With Sleep: the time zone of its hours, such as Europe/Madrid or America/Santiago.",
        AllowedPattern=r"^[A-Z][A-Za-z_]*(/[A-Za-z0-9_+-]+){0,2}$",
        ConstraintDescription="A name of the IANA time zone database, such as Europe/Madrid.",
        Default="Etc/UTC",
    )
    vpc_cidr: Value = parameter(
        "String",
        "Private address range of the new VPC, /16 to /20; choose one that no connected network uses. It "
        "cannot be changed later.",
        AllowedPattern=PRIVATE_RANGE_PATTERN,
        ConstraintDescription="A private range such as 10.42.0.0/16, from /16 to /20.",
        Default="10.42.0.0/16",
    )
    egress: Value = parameter(
        "String",
        "How tasks reach AWS services; USD a month, traffic apart. nat: one NAT gateway, 37. nat-per-zone: "
        "one in each of the two zones, 73, and a lost zone does not cut the other off. endpoints: no way to "
        "the internet at all, 88. none: each task has a public address that accepts no connection, 4 per "
        "task. existing: your own VPC with its own way out; give what begins with Existing. To existing, or "
        "from it, cannot be changed later.",
        AllowedValues=["nat", "nat-per-zone", "endpoints", "none", "existing"],
        Default="nat",
    )
    existing_vpc_id: Value = parameter(
        "String",
        "Only with Egress existing: the VPC. With FrontDoor cloudfront it needs an internet gateway. It "
        "cannot be changed later.",
        AllowedPattern=r"^$|^vpc-[0-9a-f]{8,17}$",
        ConstraintDescription="An id such as vpc-0123456789abcdef0, or nothing.",
        Default="",
    )
    existing_vpc_cidr: Value = parameter(
        "String",
        "Only with Egress existing: the range of the VPC's addresses.",
        AllowedPattern=rf"^$|^{VPC_RANGE}$",
        ConstraintDescription="A range such as 10.42.0.0/16, from /16 to /28, or nothing.",
        Default="",
    )
    existing_public_subnet_ids: Value = parameter(
        "String",
        "Only with Egress existing and a FrontDoor other than cloudfront: two or more subnets in different "
        "zones with a route to the internet, for the load balancer.",
        AllowedPattern=SUBNETS_PATTERN,
        ConstraintDescription="Two or more ids such as subnet-0123456789abcdef0, separated by commas, or "
        "nothing.",
        Default="",
    )
    existing_private_subnet_ids: Value = parameter(
        "String",
        "Only with Egress existing: two or more subnets in different zones from which AWS services can be "
        "reached, for the tasks.",
        AllowedPattern=SUBNETS_PATTERN,
        ConstraintDescription="Two or more ids such as subnet-0123456789abcdef0, separated by commas, or "
        "nothing.",
        Default="",
    )
    keep_data: Value = parameter(
        "String",
        "yes: users and conversations are protected from deletion and stay when the stack is deleted. no: "
        "they go with the stack; for a throw-away one.",
        AllowedValues=KEEP_DATA_VALUES,
        ConstraintDescription="yes or no; templates are written for one of them: generate.py --keep-data.",
        Default="yes",
    )
    protect_front_door: Value = parameter(
        "String",
        "yes: the load balancer cannot be deleted, and AlarmEmail is told when somebody deletes one of its "
        "access logs. For production, once the first deployment is through; no again before FrontDoor is "
        "changed or the stack deleted.",
        AllowedValues=["no", "yes"],
        Default="no",
    )
    encryption_key: Value = parameter(
        "String",
        "own: a key of yours, which AWS rotates and whose use you can follow and end, encrypts "
        "conversations, sessions, logs and secrets; about 1 USD a month. aws: AWS's own keys do.",
        AllowedValues=["own", "aws"],
        Default="own",
    )
    log_retention_days: Value = chosen_number(
        "Days that logs are kept.",
        LOG_RETENTION_DAYS,
        default=30,
    )
    alarm_email: Value = parameter(
        "String",
        "Who is told of alarms, failed builds and deployments, deleted access logs (ProtectFrontDoor) and "
        "the budget; AWS sends a mail that has to be confirmed once. Empty for nobody.",
        AllowedPattern=r"^$|^[!-?A-~]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$",
        ConstraintDescription="An e-mail address, or nothing.",
        Default="",
    )
    container_insights: Value = parameter(
        "String",
        "enabled: ECS also measures network, disk and each kind of task, about 11 USD a month; what is "
        "measured without it is enough for the alarms and the dashboard.",
        AllowedValues=["disabled", "enabled"],
        Default="disabled",
    )
    monthly_budget: Value = whole_number(
        "USD a month for the whole AWS account, models included: a message when 80 % is spent, and when "
        "the forecast is above it. 0 for no budget.",
        low=0,
        high=HIGHEST_BUDGET,
        default=0,
    )
    artifact_bucket_name: Value = parameter(
        "String",
        "The bucket that holds the source: ArtifactBucketName of the bootstrap stack. deploy.sh fills it in.",
        AllowedPattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        ConstraintDescription="The name of an S3 bucket.",
    )
    source_key: Value = parameter(
        "String",
        "Key of the zipped source in the bucket. deploy.sh uploads it and fills this in.",
        MinLength=1,
    )
    image_tag: Value = parameter(
        "String",
        "Tag of the image: a hash of the source that these templates were made with. Leave it as it is.",
        Default="",
    )
    availability_zones: Value = parameter(
        "String",
        "The two Availability Zones of the new VPC, such as us-east-1a,us-east-1b. deploy.sh fills in two in "
        "which Fargate and CloudFront's VPC origins work. By hand: any but those with the ids use1-az3, "
        "usw1-az2, apne1-az3 and cac1-az3 (EC2 console, Zones). Empty for the first two of the Region. They "
        "cannot be changed later.",
        AllowedPattern=rf"^$|^{ZONE},{ZONE}$",
        ConstraintDescription="Two names such as us-east-1a,us-east-1b, or nothing.",
        Default="",
    )
    origin_facing_prefix_list_id: Value = parameter(
        "String",
        "With FrontDoor cloudfront: the id of the prefix list of CloudFront's addresses, so that nobody else "
        "reaches the load balancer. deploy.sh fills it in. By hand: VPC console, Managed prefix lists, "
        "com.amazonaws.global.cloudfront.origin-facing.",
        AllowedPattern=r"^$|^pl-[0-9a-f]{8,17}$",
        ConstraintDescription="An id such as pl-3b927c52, or nothing.",
        Default="",
    )
