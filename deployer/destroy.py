"""Takes the stacks out of an account again, and looks afterwards whether they are really gone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.console import Console

from deployer import stack
from deployer.empty import (
    BUCKET,
    REPOSITORY,
    bucket_exists,
    empty_bucket,
    empty_repository,
    repository_exists,
)
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.events import Event
from deployer.inventory import Resource, inventory
from deployer.options import Options
from deployer.package import STACK_TYPE
from deployer.progress import say
from deployer.session import Aws, connect

# Logs are still being delivered into a bucket while it is emptied: it may need that again.
ATTEMPTS = 3

# Puts a question to the user and returns the answer.
Ask = Callable[[str], str]


def run(options: Options, console: Console, ask: Ask | None) -> None:
    """Delete the stack and its bootstrap stack with all that they do not retain; without `ask`, at once.

    Raises DeployError when the user does not confirm or when something is left that should not be.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        present = [
            found
            for name in (options.stack, options.bootstrap_stack)
            if (found := stack.find_idle(aws.cloudformation, name, options.stack))
        ]
        if not present:
            say(console, f"There is no stack {options.stack} in region {aws.region}: nothing to destroy.")
            return
        if ask is not None:
            _confirm(options.stack, aws, present, ask)
    with explained(EXIT_FAILED):
        for found in present:
            _destroy(aws, found, console)
        say(console, f"{options.stack} is gone from account {aws.account}, region {aws.region}.", "green")


def _confirm(name: str, aws: Aws, present: Sequence[stack.Description], ask: Ask) -> None:
    names = " and ".join(found["StackName"] for found in present)
    try:
        answer = ask(
            f"This deletes {names} from account {aws.account}, region {aws.region}.\nType {name} to go on: "
        )
    except EOFError:
        raise UsageError("Nobody is there to confirm: give --yes to destroy without a question.") from None
    if answer.strip() != name:
        raise DeployError("Nothing was deleted: that is not the stack's name.")


def _destroy(aws: Aws, found: stack.Description, console: Console) -> None:
    """Delete one stack with everything nested in it."""
    name = found["StackName"]
    every = list(inventory(aws.cloudformation, found["StackId"]))
    kept: dict[str, Event] = {}
    for attempts_left in reversed(range(ATTEMPTS)):
        _empty(aws, every, console)
        events = stack.delete(aws.cloudformation, found, console)
        kept |= {event.path: event for event in events if event.status == "DELETE_SKIPPED"}
        if events[-1].status == "DELETE_COMPLETE":
            break
        refilled = any(event.failed and event.kind in (BUCKET, REPOSITORY) for event in events)
        if not (refilled and attempts_left):
            raise DeployError(f"{name} could not be deleted: {stack.failure(events)}")
    gone = [resource for resource in every if resource.path not in kept]
    _prove(aws, gone, name)
    say(console, f"{name}: {len(gone)} resources deleted, none left behind.")
    for event in kept.values():
        say(console, f"Kept on purpose: {event.path}, {event.kind} {event.resource_id}", "yellow")
    if kept:
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
