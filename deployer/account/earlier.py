"""What is left of earlier deployments of a name, beside the stacks that there are now.

Two kinds of it: what a first creation kept that failed, which nobody ever used and which goes; and what a
deployment kept that ran, which people may want back. The tag does not tell them apart. CloudFormation does:
it remembers a deleted stack, its events too, for 90 days.
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deployer.account import tagged, unused
from deployer.account.existence import last_name
from deployer.account.unused import Kept
from deployer.cloudformation import stack
from deployer.cloudformation.inventory import inventory
from deployer.session import Aws

GOES = "The next deployment and `make destroy` remove it, unless somebody has used it."
"""Of what a creation left that failed."""


@dataclass(frozen=True)
class Left:
    """What is left, and in none of the stacks.

    Attributes:
        failed: what first creations kept that failed; whether people are in it all the same is not asked.
        kept: the ARNs of everything else that has the deployment's tag.
    """

    failed: Sequence[Kept]
    kept: Sequence[str]


def left(
    aws: Aws, name: str, present: Sequence[stack.Description], note: tagged.Note = lambda _: None
) -> Left:
    """What there is of a deployment beside the stacks that are `present`; raises what boto3 raises.

    `note` is told what could not be asked in another Region.
    """
    every = (inventory(aws.cloudformation, each["StackId"]) for each in present)
    here = {last_name(resource.physical_id) for resources in every for resource in resources}
    found = [arn for arn in tagged.existing(aws, name, note) if last_name(arn) not in here]
    if not found:
        return Left((), ())
    there = {last_name(arn) for arn in found}
    every_failed = _of_failed(aws.cloudformation, name, present)
    failed = [each for each in every_failed if last_name(each.physical_id) in there]
    theirs = {last_name(each.physical_id) for each in failed}
    return Left(failed, [arn for arn in found if last_name(arn) not in theirs])


def _of_failed(cloudformation: Any, name: str, present: Sequence[stack.Description]) -> Sequence[Kept]:
    """What first creations of that name kept that failed, those that are gone included, each once."""
    pages = cloudformation.get_paginator("list_stacks").paginate(StackStatusFilter=["DELETE_COMPLETE"])
    gone = [each for page in pages for each in page["StackSummaries"] if each["StackName"] == name]
    found: dict[Kept, None] = {}
    for each in [*present, *gone]:
        kept = dict.fromkeys(unused.skipped(cloudformation, each["StackId"]))
        if kept and stack.is_first(cloudformation, each):
            found |= kept
    return list(found)
