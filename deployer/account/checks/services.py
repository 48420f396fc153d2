"""Whether every service that the stacks use is in the Region.

Two lists are asked. AWS's own, in public parameters of Systems Manager, is the newest, but needs a
permission: https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-global-infrastructure.html
The one in botocore is as old as the installed packages. A service counts as missing when neither has it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from deployer.account.checks.findings import Finding, ok, warning, wrong

NAME = "services"
REGIONAL = {
    "acm": "acm",
    "bedrock": "bedrock",
    "cloudformation": "cloudformation",
    "cloudwatch": "cloudwatch",
    "codebuild": "codebuild",
    "codepipeline": "codepipeline",
    "cognito-idp": "cognito-idp",
    "dynamodb": "dynamodb",
    "ec2": "ec2",
    "ecr": "ecr",
    "ecs": "ecs",
    "elbv2": "elb",
    "kms": "kms",
    "logs": "logs",
    "s3": "s3",
    "secretsmanager": "secretsmanager",
    "sns": "sns",
    "wafv2": "waf",
}
"""botocore's name and that in the public parameters. Global services have no Region to be missing in."""


def check(ssm: Any, regions_of: Callable[[str], Sequence[str]]) -> Iterator[Finding]:
    """Yield one finding; `regions_of` gives the Regions of a service as botocore knows them."""
    region = ssm.meta.region_name
    unknown = [service for service in REGIONAL if region not in regions_of(service)]
    if not unknown:
        yield ok(NAME, region, f"All {len(REGIONAL)} regional services are there, says botocore.")
        return
    listed = _listed(ssm, region)
    missing = [service for service in unknown if REGIONAL[service] not in listed]
    if not missing:
        yield ok(NAME, region, f"All {len(REGIONAL)} regional services are there, says AWS's own list.")
    elif listed:
        yield wrong(NAME, region, f"Not in this Region: {', '.join(missing)}.", "Choose another region.")
    else:
        yield warning(
            NAME,
            region,
            f"The installed botocore knows none of these here, and AWS's own list is empty: "
            f"{', '.join(missing)}.",
            "Look them up at https://aws.amazon.com/about-aws/global-infrastructure/regional-product-services/.",
        )


def _listed(ssm: Any, region: str) -> set[str]:
    path = f"/aws/service/global-infrastructure/regions/{region}/services"
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path)
    return {parameter["Value"] for page in pages for parameter in page["Parameters"]}
