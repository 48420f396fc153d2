"""What exists of a deployment, found by its tag: also what no stack knows any more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from deployer.account.empty import BUCKET
from deployer.account.existence import exists, name_of
from deployer.account.unused import KEY, POOL, TABLE, Kept
from deployer.session import Aws

TAG = "Project"
"""CloudFormation hands a stack's tags on to what it makes, nested stacks included."""

_DATA = {"dynamodb": TABLE, "s3": BUCKET, "cognito-idp": POOL, "kms": KEY}


def tags(stack: str) -> dict[str, str]:
    """The tags of a deployment's stacks."""
    return {TAG: stack}


def existing(aws: Aws, stack: str) -> list[str]:
    """The ARNs of what there is of a deployment beside its stacks; raises what boto3 raises."""
    return [arn for arn in _arns(aws, stack) if exists(aws, arn)]


def by_kind(arns: Iterable[str]) -> list[Kept]:
    """These, with what holds people's data by its type and physical id; of others both are the ARN's."""
    found = []
    for arn in arns:
        service = arn.split(":")[2]
        kind = _DATA.get(service)
        found.append(Kept("By its tag", kind or service, name_of(arn) if kind else arn))
    return found


def with_tags(aws: Aws, stack: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The ARN of each that AWS lists for a deployment, with its tags; raises what boto3 raises."""
    pages = aws.tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG, "Values": [stack]}])
    for page in pages:
        for resource in page["ResourceTagMappingList"]:
            yield resource["ResourceARN"], {each["Key"]: each["Value"] for each in resource.get("Tags", [])}


def _arns(aws: Aws, stack: str) -> Iterator[str]:
    return (arn for arn, _ in with_tags(aws, stack))
