"""What exists of a deployment, found by its tag: also what no stack knows any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployer.account.empty import BUCKET
from deployer.account.existence import exists, name_of
from deployer.account.unused import KEY, POOL, TABLE, Kept
from deployer.errors import explain
from deployer.session import GLOBAL_REGION, Aws

TAG = "Project"
"""CloudFormation hands a stack's tags on to what it makes, nested stacks included."""
MADE_BY = "aws:cloudformation:stack-id"
"""A tag of CloudFormation's own; the id names the stack's Region."""
GLOBAL_SERVICE = "cloudfront"
"""Of what a deployment makes outside of its Region, all that AWS lists by tags."""

Note = Callable[[str], None]
"""Is told what could not be asked, as a sentence."""

_DATA = {"dynamodb": TABLE, "s3": BUCKET, "cognito-idp": POOL, "kms": KEY}


def tags(stack: str) -> dict[str, str]:
    """The tags of a deployment's stacks."""
    return {TAG: stack}


def existing(aws: Aws, stack: str, note: Note = lambda _: None) -> list[str]:
    """The ARNs of what there is of a deployment beside its stacks; raises what boto3 raises.

    What is global AWS lists in one Region for all of them: where that may not be asked, `note` is told.
    """
    return [arn for arn in _arns(aws, stack, note) if exists(aws, arn)]


def holds_data(arn: str) -> bool:
    """Whether its kind is kept for the sake of people's data; of others nothing is to stay."""
    return arn.split(":")[2] in _DATA


def data(arns: Iterable[str]) -> list[Kept]:
    """Those of these that hold people's data, by their type and physical id."""
    held = filter(holds_data, arns)
    return [Kept("By its tag", _DATA[arn.split(":")[2]], name_of(arn)) for arn in held]


def with_tags(aws: Aws, stack: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The ARN of each that AWS lists for a deployment in its Region, with its tags.

    Raises what boto3 raises.
    """
    return _listed(aws.tagging, TagFilters=_filters(stack))


def _arns(aws: Aws, stack: str, note: Note) -> Iterator[str]:
    every = [*with_tags(aws, stack)]
    if aws.region != GLOBAL_REGION:
        every += _global(aws, stack, note)
    return (arn for arn, tags in every if _is_of(aws.region, arn, tags))


def _global(aws: Aws, stack: str, note: Note) -> list[tuple[str, Mapping[str, str]]]:
    try:
        return list(
            _listed(aws.global_tagging, TagFilters=_filters(stack), ResourceTypeFilters=[GLOBAL_SERVICE])
        )
    except (BotoCoreError, ClientError) as error:
        note(
            f"Whether CloudFront has something left cannot be looked up in {GLOBAL_REGION}: {explain(error)}"
        )
        return []


def _is_of(region: str, arn: str, tags: Mapping[str, str]) -> bool:
    """Whether it is of the deployment in that Region, and not of one of the same name in another."""
    made_by = tags.get(MADE_BY, "")
    return arn.split(":")[2] != GLOBAL_SERVICE or not made_by or made_by.split(":")[3] == region


def _filters(stack: str) -> list[dict[str, Any]]:
    return [{"Key": TAG, "Values": [stack]}]


def _listed(tagging: Any, **which: Any) -> Iterator[tuple[str, Mapping[str, str]]]:
    for page in tagging.get_paginator("get_resources").paginate(**which):
        for resource in page["ResourceTagMappingList"]:
            yield resource["ResourceARN"], {each["Key"]: each["Value"] for each in resource.get("Tags", [])}
