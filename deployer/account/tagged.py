"""What exists of a deployment, found by its tag: also what no stack knows any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.console import say
from deployer.errors import error_code, explain
from deployer.session import Aws

TAG = "Project"
"""CloudFormation hands a stack's tags on to what it makes, nested stacks included."""

_GONE = {"NotFoundException", "ResourceNotFoundException"}


def tags(stack: str) -> dict[str, str]:
    """The tags of a deployment's stacks."""
    return {TAG: stack}


def show_what_is_left(aws: Aws, stack: str, console: Console) -> bool:
    """Print what AWS lists of a deployment whose stacks are gone; return whether there is something."""
    try:
        left = existing(aws, stack)
    except (BotoCoreError, ClientError) as error:
        say(console, f"What is left cannot be looked up by its tag: {explain(error)}", "yellow")
        return True
    for arn in left:
        say(console, f"Still there, by the tag {TAG}={stack}: {arn}", "yellow")
    if left:
        say(console, "AWS goes on listing some things for minutes after they are gone; look again then.")
    return bool(left)


def existing(aws: Aws, stack: str) -> list[str]:
    """Return the ARNs of what bears a deployment's tag and is neither gone nor going."""
    return [arn for arn in _arns(aws.tagging, stack) if not _is_going(aws, arn)]


def _arns(tagging: Any, stack: str) -> Iterator[str]:
    pages = tagging.get_paginator("get_resources").paginate(TagFilters=[{"Key": TAG, "Values": [stack]}])
    for page in pages:
        for resource in page["ResourceTagMappingList"]:
            yield resource["ResourceARN"]


def _is_going(aws: Aws, arn: str) -> bool:
    """Whether it is gone, or will be, though AWS still lists it; asked of what costs money or holds data."""
    service, name = arn.split(":")[2], arn.partition("/")[2]
    try:
        match service:
            case "cloudformation":  # a stack's record of itself
                return True
            case "kms":
                return aws.kms.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"] == "PendingDeletion"
            case "dynamodb":
                aws.dynamodb.describe_table(TableName=name)
            case "cognito-idp":
                aws.cognito.describe_user_pool(UserPoolId=name)
    except ClientError as error:
        if error_code(error) in _GONE:
            return True
        raise
    return False
