"""The permissions that a deployer needs: `python -m deployer.offline.policy` (`--help` says what it takes).

What CloudFormation needs for each resource type is in AWS's own registry of types, which cfn-lint carries;
what the deployer itself calls is listed here. IAM takes at most 6,144 characters in a managed policy, so they
come in several files. `{account}` and `{region}` stand for what nobody said: IAM has no variable for them.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from command_line import EXIT_USAGE, Parser, path, sentences, text
from deployer.cloudformation import meaning, schemas
from deployer.cloudformation.parameters import parse_overrides
from deployer.errors import DeployError, UsageError, explained
from deployer.offline import operator_policy
from deployer.offline.profiles import checked, rendered
from deployer.options import PARAMETERS_FILE, ROOT, load

MAX_CHARACTERS = 6144
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
LONGEST_REGION = "ap-southeast-1"
OPERATIONS = ("create", "read", "update", "delete")

HERE = "{region}:{account}"
# Where CloudFormation makes the name, it begins with the stack's. Ids that AWS makes, and services whose
# actions mostly take no resource, allow nothing narrower than the Region, and global services not even that.
RESOURCES: dict[str, list[str]] = {
    "acm": [f"arn:aws:acm:{HERE}:certificate/*"],
    "application-autoscaling": [f"arn:aws:application-autoscaling:{HERE}:scalable-target/*"],
    "budgets": ["arn:aws:budgets::{account}:budget/*"],
    "cloudformation": [
        f"arn:aws:cloudformation:{HERE}:stack/{{stack}}/*",
        f"arn:aws:cloudformation:{HERE}:stack/{{stack}}-*/*",
    ],
    "cloudfront": ["*"],
    "cloudwatch": [
        f"arn:aws:cloudwatch:{HERE}:alarm:{{stack}}-*",
        "arn:aws:cloudwatch::{account}:dashboard/*",
    ],
    "codebuild": [f"arn:aws:codebuild:{HERE}:project/Project-*"],
    "codepipeline": [f"arn:aws:codepipeline:{HERE}:{{stack}}-*"],
    "cognito-idp": ["*"],
    "dynamodb": [f"arn:aws:dynamodb:{HERE}:table/{{stack}}-*"],
    "ec2": ["*"],
    "ecr": [f"arn:aws:ecr:{HERE}:repository/{{lower}}-*"],
    "ecs": ["*"],
    "elasticloadbalancing": ["*"],
    "events": [f"arn:aws:events:{HERE}:rule/{{stack}}-*"],
    "iam": ["arn:aws:iam::{account}:role/{stack}-*"],
    "kms": [f"arn:aws:kms:{HERE}:key/*", f"arn:aws:kms:{HERE}:alias/{{stack}}"],
    "logs": ["*"],
    "route53": ["arn:aws:route53:::hostedzone/*", "arn:aws:route53:::change/*"],
    "s3": ["arn:aws:s3:::{lower}-*"],
    "secretsmanager": [f"arn:aws:secretsmanager:{HERE}:secret:ClientSecret-*"],
    "sns": [f"arn:aws:sns:{HERE}:{{stack}}-*"],
    "ssm": ["arn:aws:ssm:{region}::parameter/aws/service/global-infrastructure/*"],
    "tag": ["*"],
    "wafv2": [
        f"arn:aws:wafv2:{HERE}:regional/*",
        f"arn:aws:elasticloadbalancing:{HERE}:loadbalancer/app/*",
    ],
}
# Of services that take everything above, what does harm to what bears the stack's name, alone or after words
# of AWS's own; the firewall's log group must be called otherwise, and has the stack's id.
BY_NAME: dict[str, tuple[list[str], set[str]]] = {
    "ecs": (
        [f"arn:aws:ecs:{HERE}:{kind}/{{stack}}-*" for kind in ("cluster", "service")],
        {
            "DeleteCluster", "DeleteService", "PutClusterCapacityProviders", "UpdateCluster",
            "UpdateClusterSettings", "UpdateService",
        },
    ),
    "logs": (
        [
            f"arn:aws:logs:{HERE}:log-group:{name}-*"
            for name in ("{stack}", "/aws/ecs/containerinsights/{stack}", "aws-waf-logs")
        ],
        {
            "DeleteDataProtectionPolicy", "DeleteLogGroup", "DeleteRetentionPolicy", "GetLogEvents",
            "PutRetentionPolicy",
        },
    ),
}  # fmt: skip
WITHOUT_RESOURCE = {
    "acm:RequestCertificate", "application-autoscaling:DescribeScalableTargets",
    "bedrock:GetFoundationModel", "bedrock:GetFoundationModelAvailability", "bedrock:GetInferenceProfile",
    "bedrock:GetUseCaseForModelAccess", "cloudformation:DescribeStackDriftDetectionStatus",
    "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota",
    "application-autoscaling:DescribeScalingPolicies", "application-autoscaling:DescribeScheduledActions",
    "cloudformation:DescribeEvents", "cloudformation:GetResource", "cloudformation:ListStacks",
    "cloudwatch:GetMetricData", "ecr:GetAuthorizationToken", "kms:CreateKey",
    "kms:ListAliases", "route53:ListHostedZones", "secretsmanager:GetRandomPassword",
    "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
    "tag:GetResources",
}  # fmt: skip
"""Actions that name no resource, for which AWS takes only *; and what is read of models, quotas and tags, of
which some is kept in us-east-1 for every Region."""
GLOBAL = {"budgets", "cloudfront", "iam", "route53", "s3"}
NOT_USED = {
    "acm-pca", "amplify", "apigateway", "apprunner", "appsync", "autoscaling", "bedrock-agentcore", "billing",
    "codestar-connections", "firehose", "kinesis", "lambda", "payments", "s3tables", "sts", "vpc-lattice",
    "vpce",
}  # fmt: skip
"""Services of features of these types that the templates do not use."""
NO_ACTIONS = {
    "cloudfront:updateDistribution", "iam:DescribeOrganization", "s3:DeleteBucketAnalyticsConfiguration",
    "s3:DeleteBucketCors", "s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle",
    "s3:DeleteBucketMetricsConfiguration", "s3:DeleteBucketReplication", "s3:GetObjectMetadata",
    "s3:PutBucketReplication", "s3:PutObjectLockConfiguration", "s3:REST.PUT.OBJECT",
}  # fmt: skip
"""In the registry, and no actions of IAM."""
SEPARATE = {"iam:PassRole", "iam:CreateServiceLinkedRole"}
"""Wide rights: each has a statement of its own with the services that may get them."""

# The types of CloudFormation that are not in the registry, and what the deployer itself calls.
OWN = {
    "bedrock": [
        "GetFoundationModel", "GetFoundationModelAvailability", "GetInferenceProfile",
        "GetUseCaseForModelAccess",
    ],
    "cloudfront": ["ListDistributions"],
    "cloudwatch": ["GetMetricData"],
    "codebuild": ["BatchGetBuilds", "BatchGetProjects", "CreateProject", "DeleteProject", "UpdateProject"],
    "cloudformation": [
        "CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "CreateStack", "DeleteChangeSet",
        "DeleteStack", "DescribeChangeSet", "DescribeEvents", "DescribeStackDriftDetectionStatus",
        "DescribeStackEvents", "DescribeStackResourceDrifts", "DescribeStacks", "DetectStackDrift",
        "DetectStackResourceDrift", "ExecuteChangeSet", "GetResource", "GetTemplate",
        "GetTemplateSummary", "ListChangeSets", "ListStackResources", "ListStacks", "TagResource",
        "UntagResource", "UpdateStack",
    ],
    "codepipeline": ["GetPipelineState"],
    "ec2": [
        "DeleteSecurityGroup", "DeleteVpcEndpoints", "DescribeAddresses", "DescribeAvailabilityZones",
        "DescribeManagedPrefixLists", "DescribeNatGateways", "DescribeNetworkInterfaces",
        "DescribeSecurityGroups", "DescribeSubnets", "DescribeTags", "DescribeVpcEndpointServices",
        "DescribeVpcEndpoints", "DescribeVpcs", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
    ],
    "cognito-idp": [
        "DeleteUserPool", "DescribeUserPool", "DescribeUserPoolDomain", "UpdateUserPool",
    ],
    "dynamodb": ["DeleteTable", "DescribeTable", "UpdateTable"],
    "ecr": ["BatchDeleteImage", "DescribeRepositories", "ListImages"],
    "ecs": [
        "DescribeClusters", "DescribeServiceDeployments", "DescribeServices", "DescribeTaskDefinition",
        "DescribeTasks", "ListServiceDeployments", "ListTasks", "StopServiceDeployment",
    ],
    # The private name of an endpoint is a hosted zone's; the registry leaves it out (hasura/ddn-docs#1075).
    "route53": ["AssociateVPCWithHostedZone", "GetHostedZone", "ListResourceRecordSets"],
    "s3": [
        "DeleteObject", "DeleteObjectVersion", "GetObject", "ListBucket", "ListBucketVersions", "PutObject",
    ],
    "logs": ["DeleteLogGroup", "DescribeLogGroups", "GetLogEvents"],
    "secretsmanager": ["DescribeSecret"],
    "kms": ["DescribeKey", "ScheduleKeyDeletion"],
    "servicequotas": ["GetAWSDefaultServiceQuota", "GetServiceQuota"],
    "ssm": ["GetParametersByPath"],
    "tag": ["GetResources"],
}  # fmt: skip
PASSED_TO = ["codebuild", "codepipeline", "ecs", "ecs-tasks", "vpc-flow-logs"]
LINKED = ["ecs", "ecs.application-autoscaling", "elasticloadbalancing", "wafv2", "vpcorigin.cloudfront"]


def actions() -> dict[str, set[str]]:
    """By service, the names of the actions that creating, updating and deleting the stacks takes.

    Raises KeyError for a service that this module does not know: its resources have to be thought of first.
    """
    types = {resource["Type"] for stack in rendered().values() for resource in stack["Resources"].values()}
    needed: dict[str, set[str]] = defaultdict(set)
    for action in (action for cfn_type in sorted(types) for action in _registered(cfn_type)):
        service, _, name = action.partition(":")
        if service in NOT_USED or action in NO_ACTIONS | SEPARATE:
            continue
        if service not in RESOURCES:
            raise KeyError(f"{action}: say in RESOURCES what it is for, or in NOT_USED that it is not")
        needed[service].add(name)
    for service, names in OWN.items():
        needed[service] |= set(names)
    return needed


def policies(stack: str, existing_pool: str = "") -> list[dict[str, Any]]:
    """The documents, each short enough for a managed policy; people may be in a pool that exists already."""
    needed = actions()
    everywhere = sorted(
        action for action in WITHOUT_RESOURCE if _name(action) in needed[action.partition(":")[0]]
    )
    for action in everywhere:
        needed[action.partition(":")[0]].discard(_name(action))
    named = [_named(service, needed[service], stack) for service in BY_NAME]
    statements = [_statement(service, names, stack) for service, names in sorted(needed.items()) if names]
    statements += named
    statements += [_allow("WithoutResource", everywhere, ["*"], {}), *_roles(stack), _providers_secret(stack)]
    statements += [_simulation(), *_people(stack, existing_pool)]
    documents: list[dict[str, Any]] = []
    for statement in statements:
        if documents and _length(_document([*documents[-1]["Statement"], statement])) <= MAX_CHARACTERS:
            documents[-1]["Statement"].append(statement)
        else:
            documents.append(_document([statement]))
    return documents


def write(
    stack: str, folder: Path, existing_pool: str = "", here: Mapping[str, str] | None = None
) -> list[Path]:
    """Write the documents into `folder`, with what `here` has for each placeholder; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    every = enumerate(policies(stack, existing_pool), 1)
    documents = {f"deployer-policy-{number}.json": each for number, each in every}
    written = []
    operators = operator_policy.document(stack, existing_pool)
    for name, document in (documents | {"operator-policy.json": operators}).items():
        file = folder / name
        content = json.dumps(document, indent=2) + "\n"
        for placeholder, value in (here or {}).items():
            content = content.replace(placeholder, value)
        file.write_text(content, encoding="utf-8")
        written.append(file)
    return written


def _registered(cfn_type: str) -> Iterable[str]:
    """The permissions that AWS's registry names for a type; none for the few types outside of it."""
    handlers = schemas.schema(cfn_type).get("handlers", {})
    return {action for name in OPERATIONS for action in handlers.get(name, {}).get("permissions", [])}


def _statement(service: str, names: Iterable[str], stack: str) -> dict[str, Any]:
    sid = "".join(word.capitalize() for word in service.split("-"))
    resources = [_filled(resource, stack) for resource in RESOURCES[service]]
    condition = {} if service in GLOBAL else {"aws:RequestedRegion": "{region}"}
    return _allow(sid, [f"{service}:{name}" for name in sorted(names)], resources, condition)


def _named(service: str, names: set[str], stack: str) -> dict[str, Any]:
    """What of a service is confined by a name, which is taken out of `names`."""
    resources, confined = BY_NAME[service]
    taken = sorted(names & confined)
    names -= confined
    filled = [_filled(resource, stack) for resource in resources]
    condition = {"aws:RequestedRegion": "{region}"}
    return _allow(f"{service.capitalize()}ByName", [f"{service}:{name}" for name in taken], filled, condition)


def _roles(stack: str) -> list[dict[str, Any]]:
    """To hand the stacks' roles to the services that work with them, and those services' own roles."""
    passed = {"iam:PassedToService": [f"{service}.amazonaws.com" for service in PASSED_TO]}
    linked = {"iam:AWSServiceName": [f"{service}.amazonaws.com" for service in LINKED]}
    return [
        _allow("PassRole", ["iam:PassRole"], [_filled(role, stack) for role in RESOURCES["iam"]], passed),
        _allow(
            "ServiceLinkedRoles",
            ["iam:CreateServiceLinkedRole"],
            ["arn:aws:iam::{account}:role/aws-service-role/*"],
            linked,
        ),
    ]


def _providers_secret(stack: str) -> dict[str, Any]:
    """To have CloudFormation read what an OpenID Connect provider gave; the secret is the user's own."""
    secrets = [_filled(f"arn:aws:secretsmanager:{HERE}:secret:{{stack}}-*", stack)]
    return _allow(
        "ProvidersSecret",
        ["secretsmanager:GetSecretValue"],
        secrets,
        {"aws:RequestedRegion": "{region}"},
    )


def _simulation() -> dict[str, Any]:
    """To have IAM say what who deploys may do: `doctor` compares that with these documents."""
    whose = [f"arn:aws:iam::{{account}}:{kind}/*" for kind in ("role", "user")]
    return _allow("Simulation", ["iam:GetRole", "iam:SimulatePrincipalPolicy"], whose, {})


def _people(stack: str, existing_pool: str) -> list[dict[str, Any]]:
    """To have somebody new sign in at the end of a deployment and be forgotten, in this deployment's pool.

    Beside a pool that exists already there may be an own one, which an earlier deployment left: whether
    somebody is in that is looked at before it is removed.
    """
    names = [
        "AdminCreateUser", "AdminDeleteUser", "AdminDisableUser", "AdminGetUser", "AdminUserGlobalSignOut",
        "ListUsers",
    ]  # fmt: skip
    pools, ours = operator_policy.pools(stack, existing_pool)
    proof = _allow("Proof", [f"cognito-idp:{name}" for name in names], pools, ours)
    if not existing_pool:
        return [proof]
    return [proof, _allow("LeftPool", ["cognito-idp:ListUsers"], *operator_policy.pools(stack))]


def _allow(sid: str, names: list[str], resources: list[str], condition: dict[str, Any]) -> dict[str, Any]:
    statement = {"Sid": sid, "Effect": "Allow", "Action": names, "Resource": resources}
    return statement | ({"Condition": {"StringEquals": condition}} if condition else {})


def _name(action: str) -> str:
    return action.partition(":")[2]


def _filled(resource: str, stack: str) -> str:
    return resource.replace("{stack}", stack).replace("{lower}", stack.lower())


def _document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def _length(document: dict[str, Any]) -> int:
    """As IAM counts: without white space, with an account's number and the longest name of a Region."""
    text = json.dumps(document, separators=(",", ":"))
    return len(text.replace("{account}", "1" * 12).replace("{region}", LONGEST_REGION))


_TO_PUT = {"{account}": "your account's number for {account}", "{region}": "the Region for {region}"}


def _account(value: str) -> str:
    if not re.fullmatch(r"[0-9]{12}", value):
        raise argparse.ArgumentTypeError("an account's number has 12 digits")
    return value


def _here(account: str | None, region: str | None) -> dict[str, str]:
    """What is known by placeholder; raises UsageError for a Region that cannot be one."""
    if region and (wrong := meaning.of_region(region)):
        raise UsageError(f"The policies cannot be written: {wrong}.")
    return {name: value for name, value in (("{account}", account), ("{region}", region)) if value}


def main(arguments: Sequence[str]) -> int:
    """Write the documents and print their files; return the exit code: 0 done, 2 something to set right."""
    parser = Parser(prog="make policy", description="Write the permissions to deploy.")
    parser.add_argument("overrides", nargs="*", metavar="Key=Value", help="checked, as deploy would")
    parser.add_argument("--stack", type=text, metavar="NAME", help="the stack (default: the file's)")
    parser.add_argument("--account", type=_account, metavar="ID", help="for which account, 12 digits")
    parser.add_argument(
        "--region", type=text, metavar="REGION", help="for which Region (default: the file's)"
    )
    parser.add_argument(
        "--parameters",
        type=path,
        default=PARAMETERS_FILE,
        metavar="FILE",
        help="the parameters file (default: %(default)s)",
    )
    parser.add_argument("--out", type=path, default=ROOT / "out" / "policy", metavar="DIR")
    given = parser.parse_intermixed_args(arguments)
    try:
        with explained(EXIT_USAGE):
            overrides = parse_overrides(given.overrides)
            options = load(given.parameters, stack=given.stack, region=given.region, overrides=overrides)
            values = checked(options.parameters)
            here = _here(given.account, options.region)
            written = write(options.stack, given.out, values["ExistingUserPoolId"], here)
    except DeployError as error:
        print(sentences(str(error)), file=sys.stderr)
        return error.exit_code
    for file in written:
        print(file)
    missing = [words for placeholder, words in _TO_PUT.items() if placeholder not in here]
    first = f"Put {' and '.join(missing)} (--account and --region do), then attach" if missing else "Attach"
    print(
        f"{first} the deployer's to whoever deploys, and the operator's to whoever only looks after people "
        "and logs."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
