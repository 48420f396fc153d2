"""Shows what the tasks log, from some time ago on, and follows it."""

from __future__ import annotations

import json
import re
import sys
import time
from argparse import ArgumentTypeError, Namespace
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta

from rich.console import Console

from command_line import Parser, printable, shown, text
from deployer.account import deployment, people
from deployer.account.log_lines import LEVELS, Reader, Record, Wanted
from deployer.account.log_lines import Parser as LogParser
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, UsageError, explained
from deployer.options import Options
from deployer.session import Aws, connect, is_loopback

POLL_SECONDS = 3.0  # FilterLogEvents is throttled for the whole account: leave room for others
POLL_SECONDS_LOOPBACK = 0.2
DEFAULT_SINCE = timedelta(minutes=10)
LONGEST_SINCE = timedelta(days=3653)
"""The longest that a log group keeps anything, but for ever."""
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_STYLES = {"WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}


def run(
    options: Options,
    console: Console,
    *,
    since: timedelta = DEFAULT_SINCE,
    level: str = "",
    request: str = "",
    person: str = "",
    follow: bool = True,
    as_json: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Print lines, oldest first, and with `follow` what comes in, until Ctrl-C; that is a good end.

    `person` is an id (`sub`) or an e-mail address. With `as_json` each event is printed as CloudWatch has it.
    Raises DeployError when AWS cannot be asked.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        (group,) = deployment.outputs(aws, options, "LogGroupName")
        wanted = Wanted(level, request, _ids_of(aws, options, person) if person else ())
    logs = aws.client("logs")
    reader = Reader(logs, group, datetime.now(UTC) - since)
    log = LogParser()
    show = _show_json if as_json else _show
    with explained(EXIT_FAILED):
        try:
            while True:
                for record in map(log.parse, reader.fresh()):
                    if wanted.takes(record):
                        show(record, console)
                sys.stdout.flush()
                if not follow:
                    return
                sleep(POLL_SECONDS_LOOPBACK if is_loopback(logs) else POLL_SECONDS)
        except KeyboardInterrupt:
            return


def _ids_of(aws: Aws, options: Options, person: str) -> Collection[str]:
    """The ids of a person, who has one for a password and one for each way of single sign-on."""
    if people.ID.fullmatch(person):
        return [person]
    (pool,) = deployment.outputs(aws, options, "UserPoolId")
    email = people.address(person)
    if not (found := people.find(aws.cognito, pool, email)):
        raise UsageError(f"Nobody has the address {email}: give the id of somebody who is gone.")
    return [each.id for each in found]


def _show(record: Record, console: Console) -> None:
    style = _STYLES.get(record.level, "")
    if record.follows:
        say(console, printable(f"    {record.text}"), style)
        return
    about = [f"request={record.request}"] if record.request else []
    about += [f"person={record.person}"] if record.person else []
    line = "  ".join([f"{record.when.astimezone():%m-%d %H:%M:%S} {record.level:<8} {record.text}", *about])
    say(console, printable(line), style)


def _show_json(record: Record, _: Console) -> None:
    print(json.dumps(record.event))


def _since(value: str) -> timedelta:
    """The type of --since: a number and a unit."""
    found = re.fullmatch(r"([0-9]{1,9})([smhd])", value, re.ASCII)
    if not found:
        raise ArgumentTypeError(f'"{shown(value)}" is no time: it looks like 90s, 10m, 2h or 7d')
    wanted = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if wanted > LONGEST_SINCE:
        raise ArgumentTypeError(f"cannot be more than {LONGEST_SINCE.days}d")
    return wanted


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--since",
        type=_since,
        default=DEFAULT_SINCE,
        metavar="TIME",
        help="from 90s, 10m, 2h, 7d ago on (10m)",
    )
    parser.add_argument("--level", type=str.upper, choices=LEVELS, default="", help="this and what is worse")
    parser.add_argument("--request", type=text, metavar="ID", help="of one request: its reference")
    parser.add_argument("--person", type=text, metavar="WHO", help="of one person: id or address")
    parser.add_argument("--no-follow", action="store_true", help="end with what there is")
    parser.add_argument(
        "--json", action="store_true", help="for machines: an object a line, as CloudWatch has it"
    )


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(
        options,
        console,
        since=given.since,
        level=given.level,
        request=given.request or "",
        person=given.person or "",
        follow=not given.no_follow,
        as_json=given.json,
    )


COMMAND = Command(name="logs", summary="Follow what the tasks log", start=_start, arguments=_arguments)
