"""What a user can choose: the root's parameters with their defaults, their form in the console, their rules.

Names, units and limits are the product's public interface: the README and `parameters.toml` speak of them.
"""

from __future__ import annotations

from typing import Any

from troposphere import And, Equals, Not, Template

from templates.retention import KEEP_DATA_VALUES
from templates.wiring import Value, declare, parameter, present, seam

MODEL_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._:-]*$"
OCTET = r"(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
PRIVATE_RANGE_PATTERN = rf"^(10\.{OCTET}|172\.(1[6-9]|2[0-9]|3[01])|192\.168)\.{OCTET}\.{OCTET}/(1[6-9]|20)$"
LOG_RETENTION_DAYS = [1, 3, 7, 14, 30, 60, 90, 180, 365]
"""Some of the numbers that CloudWatch Logs takes."""

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
        AllowedPattern=r"^$|^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$",
        ConstraintDescription="A name in lower case such as chat.example.com, or nothing.",
        Default="",
    )
    hosted_zone_id: Value = parameter(
        "String",
        "Only with FrontDoor domain: the id of the public Route 53 zone that holds the domain.",
        AllowedPattern=r"^$|^Z[A-Z0-9]{1,31}$",
        ConstraintDescription="An id such as Z0123456789ABCDEFGHIJ, or nothing.",
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
        "A second model to choose in the chat; empty for none. Models of Anthropic need a form, filled in "
        "once per account in the Bedrock console.",
        AllowedPattern=r"^$|" + MODEL_ID_PATTERN,
        ConstraintDescription="A model id or inference profile id, or nothing.",
        Default="global.anthropic.claude-haiku-4-5-20251001-v1:0",
    )
    session_idle_minutes: Value = parameter(
        "Number",
        "Minutes without activity after which people have to sign in again.",
        MinValue=5,
        MaxValue=1440,
        Default=30,
    )
    session_max_hours: Value = parameter(
        "Number",
        "Hours after which people have to sign in again in any case.",
        MinValue=1,
        MaxValue=24,
        Default=12,
    )
    daily_token_budget: Value = parameter(
        "Number",
        "Tokens (questions and answers) that each person may use per day (UTC); 0 for no limit.",
        MinValue=0,
        Default=200000,
    )
    max_output_tokens: Value = parameter(
        "Number",
        "The longest answer that a person may ask for, in tokens.",
        MinValue=64,
        MaxValue=65536,
        Default=2048,
    )
    task_count: Value = parameter(
        "Number",
        "How many tasks run at all times. Two survive the loss of a zone; each costs about 14 USD a month at "
        "0.5 vCPU and 1 GiB.",
        MinValue=1,
        MaxValue=20,
        Default=2,
    )
    task_cpu: Value = parameter(
        "Number",
        "CPU units of each task; 1024 are one vCPU.",
        AllowedValues=list(FARGATE_MEMORY_MIB),
        Default=512,
    )
    task_memory: Value = parameter(
        "Number",
        "MiB of memory of each task; Fargate takes only some together with each TaskCpu.",
        AllowedValues=sorted({mib for choices in FARGATE_MEMORY_MIB.values() for mib in choices}),
        Default=1024,
    )
    vpc_cidr: Value = parameter(
        "String",
        "Private address range of the new VPC, /16 to /20; choose one that no connected network uses.",
        AllowedPattern=PRIVATE_RANGE_PATTERN,
        ConstraintDescription="A private range such as 10.42.0.0/16, from /16 to /20.",
        Default="10.42.0.0/16",
    )
    egress: Value = parameter(
        "String",
        "How tasks reach AWS services. nat: one NAT gateway, about 33 USD a month and traffic. nat-per-zone: "
        "one in each of the two zones, twice that, and the loss of a zone does not cut the other off.",
        AllowedValues=["nat", "nat-per-zone"],
        Default="nat",
    )
    keep_data: Value = parameter(
        "String",
        "yes: users and conversations are protected from deletion and stay when the stack is deleted. no: "
        "they go with the stack; for a throw-away one.",
        AllowedValues=KEEP_DATA_VALUES,
        Default="yes",
    )
    log_retention_days: Value = parameter(
        "Number",
        "Days that logs are kept.",
        AllowedValues=LOG_RETENTION_DAYS,
        Default=30,
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
    )


GROUPS = {
    "Address": {
        "front_door": "Front door",
        "domain_name": "Domain name",
        "hosted_zone_id": "Hosted zone",
    },
    "Models": {
        "model_id": "Model",
        "alternative_model_id": "Alternative model",
    },
    "People": {
        "session_idle_minutes": "Idle minutes before signing in again",
        "session_max_hours": "Hours before signing in again",
        "daily_token_budget": "Tokens per person and day",
        "max_output_tokens": "Longest answer in tokens",
    },
    "Capacity": {
        "task_count": "Number of tasks",
        "task_cpu": "CPU units of a task",
        "task_memory": "Memory of a task in MiB",
    },
    "Network": {
        "vpc_cidr": "Address range",
        "egress": "Way out",
    },
    "Data and logs": {
        "keep_data": "Keep users and conversations",
        "log_retention_days": "Days that logs are kept",
    },
    "Filled in by deploy.sh": {
        "artifact_bucket_name": "Artifact bucket",
        "source_key": "Source",
        "image_tag": "Image tag",
    },
}
"""The order of the form: groups, and in them fields with their labels."""


def declare_parameters(t: Template, tag: str) -> Parameters:
    """Add the parameters, their form and their rules to `t`; the result's fields refer to them.

    The tag stands in the templates too (a wait handle is named after it), so no other is accepted.
    """
    parameters = declare(t, Parameters)
    t.parameters["ImageTag"].AllowedValues = [tag]
    t.parameters["ImageTag"].Default = tag
    t.parameters["SourceKey"].Default = f"source-{tag}.zip"
    present(t, Parameters, GROUPS)
    _refuse_half_a_domain(t, parameters)
    _refuse_what_fargate_refuses(t, parameters)
    return parameters


def _refuse_half_a_domain(t: Template, p: Parameters) -> None:
    complete = And(Not(Equals(p.domain_name, "")), Not(Equals(p.hosted_zone_id, "")))
    empty = And(Equals(p.domain_name, ""), Equals(p.hosted_zone_id, ""))
    t.add_rule(
        "OwnDomainIsComplete",
        _rule(
            Equals(p.front_door, "domain"),
            complete,
            "FrontDoor domain needs DomainName and HostedZoneId: give both, or choose another FrontDoor.",
        ),
    )
    t.add_rule(
        "DomainIsUsed",
        _rule(
            Not(Equals(p.front_door, "domain")),
            empty,
            "DomainName and HostedZoneId need FrontDoor domain: choose that, or leave them empty.",
        ),
    )


def _refuse_what_fargate_refuses(t: Template, p: Parameters) -> None:
    for cpu, choices in FARGATE_MEMORY_MIB.items():
        memory = [str(mib) for mib in choices]
        t.add_rule(
            f"MemoryFits{cpu}CpuUnits",
            _rule(
                Equals(p.task_cpu, str(cpu)),
                {"Fn::Contains": [memory, p.task_memory]},
                f"With TaskCpu {cpu}, Fargate takes a TaskMemory from {memory[0]} to {memory[-1]} MiB.",
            ),
        )


def _rule(when: Any, must: Any, otherwise: str) -> dict[str, Any]:
    return {"RuleCondition": when, "Assertions": [{"Assert": must, "AssertDescription": otherwise}]}
