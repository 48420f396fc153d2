"""Says in what state a deployment is."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping

from rich.console import Console

from deployer.cloudformation import stack
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_USAGE, explained
from deployer.options import Options
from deployer.session import connect


def run(options: Options, console: Console) -> None:
    """Print the stack's state, since when, and its outputs; raises DeployError when AWS cannot be asked."""
    with explained(EXIT_USAGE):
        aws = connect(options)
        found = stack.find(aws.cloudformation, options.stack)
    if found is None:
        say(console, f"There is no stack {options.stack} in account {aws.account}, region {aws.region}.")
        return
    since = (found.get("LastUpdatedTime") or found["CreationTime"]).astimezone()
    say(console, f"{options.stack} in account {aws.account}, region {aws.region}")
    say(console, f"{found['StackStatus']} since {since:%Y-%m-%d %H:%M %Z}")
    if reason := found.get("StackStatusReason"):
        say(console, reason)
    show_outputs(stack.outputs(found), console)


def show_outputs(outputs: Mapping[str, str], console: Console) -> None:
    """Print outputs by name, one a line and each whole: an address must not be broken in two."""
    width = max(map(len, outputs), default=0)
    for name, value in outputs.items():
        say(console, f"{name:<{width}}  {value}")
    if outputs.get("ServiceUrl", "").startswith("http:"):
        say(
            console,
            "WITHOUT ENCRYPTION: passwords can be read on the way. FrontDoor=cloudfront or domain ends that.",
            "red",
        )


def _start(_: Namespace, options: Options, console: Console) -> None:
    run(options, console)


COMMAND = Command(name="status", summary="Show state and outputs", start=_start)
