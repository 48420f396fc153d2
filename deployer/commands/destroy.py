"""Takes the product out of an account again, after asking."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence

from rich.console import Console

from deployer.account import protection, tagged
from deployer.cloudformation import stack
from deployer.command import Command
from deployer.commands import teardown
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.options import Options
from deployer.session import Aws, connect

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
            tagged.show_what_is_left(aws, options.stack, console)
            return
        for found in present:
            protection.require_none(aws, found)
        if ask is not None:
            _confirm(options.stack, aws, present, ask)
    with explained(EXIT_FAILED):
        for found in present:
            teardown.remove(aws, found, console)
        left = tagged.show_what_is_left(aws, options.stack, console)
        but = ", but for what is named above" if left else ""
        say(
            console, f"{options.stack} is gone from account {aws.account}, region {aws.region}{but}.", "green"
        )


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


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, None if given.yes else input)


COMMAND = Command(name="destroy", summary="Delete the stacks, after asking", start=_start)
