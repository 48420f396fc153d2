"""Lists the people of a deployment."""

from __future__ import annotations

import json
from argparse import Namespace
from datetime import UTC

from rich.console import Console

from command_line import Parser, printable
from deployer.account import deployment, people
from deployer.account.people import Person
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_USAGE, explained
from deployer.options import Options
from deployer.session import connect


def run(options: Options, console: Console, *, as_json: bool = False) -> None:
    """Print everybody in the pool with state and last change, a line for each as AWS hands them out.

    With `as_json` one array, times in UTC. Raises DeployError when AWS cannot be asked.
    """
    with explained(EXIT_USAGE):
        aws = connect(options)
        (pool,) = deployment.outputs(aws, options, "UserPoolId")
        days = people.days_of_invitation(aws.cognito, pool)
        admins = people.admins(aws.cognito, pool)
        everybody = people.everybody(aws.cognito, pool)
        if as_json:
            found = [_as_object(each, days, each.username in admins) for each in everybody]
            print(json.dumps(found, indent=2))
            return
        count = 0
        for person in everybody:
            count += 1
            say(console, _line(person, days, is_admin=person.username in admins))
    if not count:
        say(console, "Nobody is there yet: `make user EMAIL=ana@example.com` invites the first.")
    else:
        say(console, f"{count} {'person' if count == 1 else 'people'}.")


def _line(person: Person, days: int, *, is_admin: bool) -> str:
    changed = f"{person.changed.astimezone():%Y-%m-%d %H:%M}"
    group = "admin" if is_admin else ""
    who = printable(person.email or person.username)
    return f"{who:<36} {person.state(days):<22} {group:<6} {changed}  {person.id}".rstrip()


def _as_object(person: Person, days: int, is_admin: bool) -> dict[str, object]:
    return {
        "email": person.email,
        "id": person.id,
        "state": person.state(days),
        "status": person.status,
        "enabled": person.enabled,
        "admin": is_admin,
        "created": person.created.astimezone(UTC).isoformat(),
        "changed": person.changed.astimezone(UTC).isoformat(),
    }


def _arguments(parser: Parser) -> None:
    parser.add_argument("--json", action="store_true", help="for machines: one array")


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, as_json=given.json)


COMMAND = Command(
    name="users", summary="List the people with their state", start=_start, arguments=_arguments
)
