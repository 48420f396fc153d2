"""Deletes one stack with everything in it, and looks afterwards whether it is really gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.account import protection, unused, vpc_leftovers
from deployer.account.empty import (
    BUCKET,
    REPOSITORY,
    bucket_exists,
    empty_bucket,
    empty_repository,
    repository_exists,
)
from deployer.cloudformation import stack
from deployer.cloudformation.inventory import Resource, inventory
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import DeployError, explain
from deployer.session import Aws, is_loopback

# Logs are still being delivered into a bucket while it is emptied: it may need that again. CloudFront takes
# its time to leave a VPC, longer than CloudFormation itself tries.
ATTEMPTS = 5
PAUSE_SECONDS = 60.0


def remove(
    aws: Aws,
    found: stack.Description,
    console: Console,
    sleep: Callable[[float], None] = time.sleep,
    *,
    data_goes: bool = False,
) -> list[unused.Kept]:
    """Delete a stack with all that it does not retain; say and return what it retained.

    Of a first creation that failed nothing stays: there is no data yet. Where `data_goes`, the caller deletes
    what holds people's data, and nothing is said of it here. Raises DeployError when something is
    left that should not be.
    """
    name = found["StackName"]
    every = list(inventory(aws.cloudformation, found["StackId"]))
    is_first = stack.is_first(aws.cloudformation, found)
    before = list(unused.skipped(aws.cloudformation, found["StackId"])) if is_first else []
    kept: dict[str, unused.Kept] = {}
    for attempts_left in reversed(range(ATTEMPTS)):
        _empty(aws, every, console)
        outcome = stack.delete(aws.cloudformation, found, console)
        kept |= {
            event.path: unused.Kept(event.path, event.kind, event.resource_id)
            for event in outcome.events
            if event.status == "DELETE_SKIPPED"
        }
        if outcome.status == "DELETE_COMPLETE":
            break
        refilled = any(event.failed and event.kind in (BUCKET, REPOSITORY) for event in outcome.events)
        occupied = vpc_leftovers.hinder(outcome.events)
        if not (attempts_left and (refilled or occupied)):
            later = " Try once more in an hour, when AWS may have left the VPC." if occupied else ""
            raise DeployError(f"{name} could not be deleted: {stack.failure(outcome)}{later}")
        if occupied:
            _wait_for_the_vpc(aws, every, console, sleep)
        found = stack.find(aws.cloudformation, found["StackId"]) or found
    gone = [resource for resource in every if resource.path not in kept]
    _prove(aws, gone, name)
    stays = list(kept.values())
    if is_first:
        stays = unused.remove(aws, list(dict.fromkeys([*before, *stays])), console)
    say(console, f"{name}: {len(gone)} resources deleted{'' if stays else ', none left behind'}.")
    _say_what_stays([each for each in stays if not (data_goes and each.kind in unused.DATA)], console)
    return stays


def clear(aws: Aws, name: str, status: str, console: Console) -> None:
    """Remove what a first creation has left that just failed, and came to rest in that status.

    The stack itself stays where nothing is in it any more: its events say what happened. What goes wrong here
    is said, and does not hide why the creation failed.
    """
    try:
        found = stack.find(aws.cloudformation, name)
        if found is None:
            return
        # The events have told already; what a stack says of itself may come a moment later.
        found["StackStatus"] = status
        if status == "ROLLBACK_COMPLETE":
            left = list(unused.skipped(aws.cloudformation, found["StackId"]))
            _say_what_stays(unused.remove(aws, left, console), console)
        else:
            protection.require_none(aws, found)
            remove(aws, found, console)
    except (BotoCoreError, ClientError) as error:
        say(console, f"What the failed creation left cannot be removed: {explain(error)}", "yellow")
    except DeployError as error:
        say(console, f"What the failed creation left is still there: {error}", "yellow")


def _say_what_stays(stays: Sequence[unused.Kept], console: Console) -> None:
    for each in stays:
        say(console, f"Kept on purpose: {each}", "yellow")
    if stays:
        say(
            console,
            "What is kept goes on costing what it costs: delete it yourself when nobody needs it any more. "
            "Had the stack been deployed with KeepData=no, it would have gone too.",
        )


def _empty(aws: Aws, every: Sequence[Resource], console: Console) -> None:
    for resource in (resource for resource in every if not resource.retained):
        if resource.kind == BUCKET and bucket_exists(aws.s3, resource.physical_id):
            say(console, f"Emptying the bucket {resource.physical_id}.")
            empty_bucket(aws.s3, resource.physical_id)
        elif resource.kind == REPOSITORY and repository_exists(aws.ecr, resource.physical_id):
            say(console, f"Emptying the repository {resource.physical_id}.")
            empty_repository(aws.ecr, resource.physical_id)


def _wait_for_the_vpc(
    aws: Aws, every: Sequence[Resource], console: Console, sleep: Callable[[float], None]
) -> None:
    say(console, "Something of AWS's is still in the VPC: waiting until it has left.")
    sleep(0 if is_loopback(aws.ec2) else PAUSE_SECONDS)
    for resource in every:
        if resource.kind == vpc_leftovers.VPC:
            vpc_leftovers.remove(aws.ec2, resource.physical_id, console)


def _prove(aws: Aws, gone: Sequence[Resource], name: str) -> None:
    """Ask the services themselves; CloudFormation vouches for the rest by the state of each nested stack."""
    exists = {
        BUCKET: lambda resource: bucket_exists(aws.s3, resource.physical_id),
        REPOSITORY: lambda resource: repository_exists(aws.ecr, resource.physical_id),
        STACK_TYPE: lambda resource: stack.exists(aws.cloudformation, resource.physical_id),
    }
    left = [resource.path for resource in gone if resource.kind in exists and exists[resource.kind](resource)]
    if left or stack.find(aws.cloudformation, name):
        raise DeployError(f"{name} was deleted, but something is still there: {', '.join(left) or name}.")
