"""Says in what state a deployment is, and how it is doing."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import Parser
from deployer.account import condition, deployment
from deployer.cloudformation import stack
from deployer.cloudformation.inventory import inventory
from deployer.cloudformation.package import STACK_TYPE
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_USAGE, explain, explained
from deployer.options import Options
from deployer.session import Aws, connect

Part = Callable[[], Iterable[str]]


def run(options: Options, console: Console, *, cost: bool = False) -> None:
    """Print the stack's state, since when, its outputs, and how each part of it is doing.

    A part that AWS does not tell of says so in its line. With `cost`, what the month has cost so far, which
    takes a request to Cost Explorer of 0.01 USD. Raises DeployError when AWS cannot be asked for the stack,
    and when there is none.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        base = stack.find(aws.cloudformation, options.bootstrap_stack)
        if base and base["StackStatus"] not in stack.WELL:
            say(console, f"{base['StackName']} is in {base['StackStatus']}.", "yellow")
        found = deployment.present(aws, options)
    since = (found.get("LastUpdatedTime") or found["CreationTime"]).astimezone()
    say(console, f"{options.stack} in account {aws.account}, region {aws.region}")
    say(console, f"{found['StackStatus']} since {since:%Y-%m-%d %H:%M %Z}")
    if reason := found.get("StackStatusReason"):
        say(console, reason)
    show_outputs(stack.outputs(found), console)
    for title, part in _parts(aws, found, cost=cost):
        _show(title, part, console)


def _parts(aws: Aws, found: stack.Description, *, cost: bool) -> Iterator[tuple[str, Part]]:
    """What there is to ask besides, each with its title."""
    given, name = stack.outputs(found), found["StackName"]
    now = datetime.now(UTC).astimezone()
    yield "Stacks", lambda: _stacks(aws, found)
    cluster, service = given.get("ClusterName"), given.get("ServiceName")
    if cluster and service:
        version = _parameter(found, "ImageTag") or "unknown"
        yield "Tasks", lambda: condition.tasks(aws.ecs, cluster, service, version)
        yield "Deployments", lambda: condition.deployments(aws.ecs, cluster, service)
    yield (
        "Alarms",
        lambda: condition.alarms(aws.client("cloudwatch"), inventory(aws.cloudformation, found["StackId"])),
    )
    yield "Today", lambda: condition.today(aws.client("cloudwatch"), name, now)
    if cost:
        yield "Cost", lambda: condition.cost(aws.client("ce"), name, now)


def _show(title: str, part: Part, console: Console) -> None:
    try:
        lines = list(part())
    except (BotoCoreError, ClientError) as error:
        say(console, f"{title}: {explain(error)}", "yellow")
        return
    if len(lines) == 1:
        say(console, f"{title}: {lines[0]}")
        return
    say(console, f"{title}:")
    for line in lines:
        say(console, f"  {line}", "red" if line.startswith("ALARM") else "")


def _stacks(aws: Aws, found: stack.Description) -> Iterator[str]:
    """Each nested stack with its state; those that are well on one line."""
    well: list[str] = []
    for each in inventory(aws.cloudformation, found["StackId"]):
        if each.kind != STACK_TYPE:
            continue
        state = (stack.find(aws.cloudformation, each.physical_id) or {}).get("StackStatus", "gone")
        if state in stack.WELL:
            well.append(each.path)
        else:
            yield f"{each.path}  {state}"
    yield f"{len(well)} nested ones are well" + (f": {', '.join(well)}" if well else "")


def _parameter(found: stack.Description, name: str) -> str:
    values: Mapping[str, str] = {
        item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])
    }
    return values.get(name, "")


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


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--cost",
        action="store_true",
        help="what this month has cost so far; asking Cost Explorer costs 0.01 USD",
    )


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, cost=given.cost)


COMMAND = Command(
    name="status", summary="Show state, outputs and how it is doing", start=_start, arguments=_arguments
)
