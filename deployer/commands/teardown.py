"""Deletes one stack with everything in it, and looks afterwards whether it is really gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

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
from deployer.cloudformation.events import Event
from deployer.cloudformation.inventory import Resource, inventory
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import EXIT_INTERRUPTED, DeployError, explain
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
    left that should not be, NotRemoved when that is only what a first creation kept.
    """
    name = found["StackName"]
    every = list(inventory(aws.cloudformation, found["StackId"]))
    is_first = stack.is_first(aws.cloudformation, found)
    before = list(unused.skipped(aws.cloudformation, found["StackId"])) if is_first else []
    kept = _delete(aws, found, every, console, sleep)
    gone = [resource for resource in every if resource.path not in kept]
    stays = list(kept.values())
    if is_first:
        stays = unused.remove(aws, list(dict.fromkeys([*before, *stays])), console)
    _prove(aws, gone, name)
    say(console, f"{name}: {len(gone)} resources deleted{'' if stays else ', none left behind'}.")
    if not is_first:
        _say_what_stays([each for each in stays if not (data_goes and each.kind in unused.DATA)], console)
    return stays


def _delete(
    aws: Aws,
    found: stack.Description,
    every: Sequence[Resource],
    console: Console,
    sleep: Callable[[float], None],
) -> dict[str, unused.Kept]:
    """Delete a stack, again where it needs that; return what it retained, by path. Raises DeployError."""
    name = found["StackName"]
    kept: dict[str, unused.Kept] = {}
    for attempts_left in reversed(range(ATTEMPTS)):
        _empty(aws, every, console)
        outcome = stack.delete(aws.cloudformation, found, console)
        kept |= {each.path: each for each in _kept(outcome.events)}
        if outcome.status == "DELETE_COMPLETE":
            return kept
        refilled = any(event.failed and event.kind in (BUCKET, REPOSITORY) for event in outcome.events)
        occupied = vpc_leftovers.hinder(outcome.events)
        if not (attempts_left and (refilled or occupied)):
            later = " Try once more in an hour, when AWS may have left the VPC." if occupied else ""
            raise DeployError(f"{name} could not be deleted: {stack.failure(outcome)}{later}")
        if occupied:
            _wait_for_the_vpc(aws, every, console, sleep)
        found = stack.find(aws.cloudformation, found["StackId"]) or found
    return kept


def cleared(aws: Aws, root: str, failed: stack.Failed, console: Console) -> stack.Failed:
    """Remove what a first creation has left that just failed; return how it ended, with what is left of it.

    The stack itself stays where nothing is in it any more: its events say what happened. What goes wrong here
    does not hide why the creation failed.
    """
    again = f"`./deploy.sh destroy --stack {root}`"
    code = failed.exit_code
    try:
        stays = _clear(aws, failed, console)
    except unused.NotRemoved as error:
        end = f"{error} That was not on purpose: {again} removes it, and so does the next deployment."
    except (BotoCoreError, ClientError, DeployError, KeyboardInterrupt) as error:
        if isinstance(error, KeyboardInterrupt):
            why, code = "interrupted.", EXIT_INTERRUPTED
        elif isinstance(error, DeployError):
            why, code = str(error), error.exit_code if error.exit_code == EXIT_INTERRUPTED else code
        else:
            why = explain(error)
        left = "; ".join([f"the stack {failed.name} ({failed.status})", *map(str, _kept(failed.events))])
        end = (
            f"What it left could not be removed: {why} As far as it is known, this is still there, and not "
            f"on purpose: {left}. {again} removes it, and so does the next deployment."
        )
    else:
        names = "; ".join(map(str, stays))
        end = (
            f"Still there, for the reason above: {names}. {again} lists it, and with `--data delete` deletes "
            "what holds data."
            if stays
            else f"What it had made is gone: the next deployment starts afresh, and {again} takes away the "
            "artifact bucket too."
        )
    return stack.Failed(f"{failed}\n{end}", failed.name, failed.status, failed.events, code)


def _clear(aws: Aws, failed: stack.Failed, console: Console) -> list[unused.Kept]:
    """Remove what is left; return what stays."""
    if failed.status == "ROLLBACK_COMPLETE":
        return unused.remove(aws, _kept(failed.events), console)
    found = stack.find(aws.cloudformation, failed.name)
    if found is None:
        return []
    # The events have told already; what a stack says of itself may come a moment later.
    found["StackStatus"] = failed.status
    protection.require_none(aws, found)
    return remove(aws, found, console)


def _kept(events: Iterable[Event]) -> list[unused.Kept]:
    """What deletion policies kept, by the events of an operation."""
    skipped = (each for each in events if each.status == "DELETE_SKIPPED")
    return list(dict.fromkeys(unused.Kept(each.path, each.kind, each.resource_id) for each in skipped))


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
