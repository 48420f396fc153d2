"""Goes on with a rollback that failed: says what hinders it, and what can be skipped."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console

from command_line import Parser, shown, text
from deployer.cloudformation import events, stack, stuck
from deployer.cloudformation.events import Watch
from deployer.cloudformation.progress import Outcome, follow
from deployer.cloudformation.stuck import Hindrance
from deployer.command import Command
from deployer.commands import recorded
from deployer.console import Ask, answered, say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.options import Options
from deployer.session import Aws, connect


def run(options: Options, console: Console, ask: Ask | None, skip: Sequence[str] = ()) -> None:
    """Go on with the failed rollback of the root stack, or of its bootstrap stack, after asking.

    `skip` are paths such as `Data/Table`, of what shall stay as it is. Raises DeployError: exit code 2 where
    there is nothing to go on with or nothing of that name to skip, 1 where it fails again.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        found = _stuck(aws, options)
        goes_on = stack.is_busy(found)
        hindrances = [] if goes_on else list(stuck.hindrances(aws.cloudformation, found["StackId"]))
        for each in hindrances:
            say(console, f"Could not go back: {each}", "yellow")
        skipped = [_named(path, hindrances) for path in skip]
        if ask is not None and not goes_on:
            _confirm(found["StackName"], skipped, ask)
    with explained(EXIT_FAILED):
        outcome = _go_on(aws, found, skipped, console)
    if outcome.status != "UPDATE_ROLLBACK_COMPLETE":
        raise DeployError(
            f"{found['StackName']} is still stuck: {stack.failure(outcome)}\nMend that and run this again, "
            "or leave the resource as it is with --skip and its path."
        )
    say(console, f"{found['StackName']} is as it was before, and can be deployed again.", "green")
    for each in skipped:
        say(
            console,
            f"Skipped, and perhaps not as its template says: {each.path}. Bring it there by hand before the "
            "next deployment.",
            "yellow",
        )


def _go_on(aws: Aws, found: stack.Description, skipped: Sequence[Hindrance], console: Console) -> Outcome:
    """Have CloudFormation go on, or take up what goes on already, to its end."""
    name, stack_id = found["StackName"], found["StackId"]
    if stack.is_busy(found):
        say(console, f"The rollback of {name} goes on already: taking it up.")
        watch = Watch(aws.cloudformation, stack_id, events.latest(aws.cloudformation, stack_id))
    else:
        watch = Watch(aws.cloudformation, stack_id)
        stuck.go_on(aws.cloudformation, stack_id, skipped)
    return follow(aws.cloudformation, watch, name, console)


def _idle_or_going_back(aws: Aws, options: Options, name: str) -> stack.Description | None:
    try:
        return stack.find_idle(aws.cloudformation, name, options.stack)
    except stack.Busy as busy:
        if busy.stack["StackStatus"] in stuck.GOING_BACK:
            return busy.stack
        raise recorded.who_is_at_work(aws, options, busy) from None


def _stuck(aws: Aws, options: Options) -> stack.Description:
    """The stack that is stuck, or goes back at this moment; raises UsageError when neither of the two is."""
    states = {}
    for name in (options.stack, options.bootstrap_stack):
        if found := _idle_or_going_back(aws, options, name):
            if found["StackStatus"] in {stuck.STATUS, *stuck.GOING_BACK}:
                return found
            states[name] = found["StackStatus"]
    if options.stack not in states:
        raise UsageError(f"There is no stack {options.stack} in region {aws.region}.")
    raise UsageError(
        f"The stack {options.stack} is in {states[options.stack]}: there is no failed rollback to go on with."
    )


def _named(path: str, hindrances: Sequence[Hindrance]) -> Hindrance:
    found = next((each for each in hindrances if each.path == path), None)
    if found is None or not found.can_be_skipped:
        can = ", ".join(each.path for each in hindrances if each.can_be_skipped) or "nothing"
        raise UsageError(f"{shown(path)} cannot be skipped; what can is what failed to go back: {can}.")
    return found


def _confirm(name: str, skipped: Sequence[Hindrance], ask: Ask) -> None:
    without = f", without {', '.join(each.path for each in skipped)}" if skipped else ""
    if answered(ask, f"Go on with the rollback of {name}{without}? Type yes: ").lower() != "yes":
        raise UsageError("Nothing was changed.")


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--skip",
        type=text,
        action="append",
        default=[],
        metavar="PATH",
        help="leave this as it is, for example Data/Table; may be given several times",
    )


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, None if given.yes else input, given.skip)


COMMAND = Command(
    name="continue-rollback",
    summary="Go on with a rollback that failed",
    start=_start,
    arguments=_arguments,
)
