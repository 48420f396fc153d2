"""Forgets a person: everything of theirs in the table and in the bucket, and then their entry in the pool.

The entry goes last, because it says whose the rest is: whatever ends this command in the middle, the same
command goes on from there.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import Parser, shown, text
from deployer.account import deployment, people, records
from deployer.account.empty import empty_bucket, versions
from deployer.account.people import Person
from deployer.account.records import Key, Names
from deployer.command import Command
from deployer.console import Ask, answered, say
from deployer.errors import EXIT_INTERRUPTED, EXIT_USAGE, DeployError, UsageError, explain, explained
from deployer.options import Options
from deployer.session import Aws, connect
from gradio_app.store import schema

SETTLE_SECONDS = 15
"""A task may take somebody for signed in for 5 seconds after the session is gone, sees that up to 2 later
(gradio_app/sessions/sessions.py, gradio_app/gate/streams.py), and then saves what it has of an answer."""
ROUNDS = 5
"""Of looking and deleting: each finds what was written during the one before."""


@dataclass(frozen=True)
class _Place:
    aws: Aws
    pool: str
    table: str
    bucket: str
    is_own: bool
    """Whether the pool is the deployment's own: in another, people are there for other applications too."""


def run(
    options: Options,
    console: Console,
    who: str,
    ask: Ask | None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Forget whoever has that address or `sub`, after asking; without `ask`, at once.

    Raises DeployError: exit code 2 with nothing changed, 1 or 130 with the person shut out at least.
    """
    with explained(EXIT_USAGE):
        is_id = bool(people.ID.fullmatch(who))
        who = who if is_id else people.address(who)
        aws = connect(options)
        pool, table, bucket = deployment.outputs(aws, options, "UserPoolId", "TableName", "FilesBucketName")
        place = _Place(aws, pool, table, bucket, is_own=not deployment.existing_pool(aws, options))
        found = (people.with_id if is_id else people.find)(aws.cognito, place.pool, who)
        if not found and not is_id:
            raise UsageError(
                f"Nobody has the address {who}: `make users` lists everybody. Whoever is gone from the pool "
                "already is forgotten by their id instead of the address."
            )
        names = _names(found, who if is_id else "")
        here, there = _look(place, names)
        objects = {each["Key"] for each in _files(place, names)}
        _show(who, found, [*here, *there], len(objects), console)
        if found and not place.is_own:
            say(console, f"The entry stays in {place.pool}, which was there before this deployment.")
        if not found and not here and not there and not objects:
            return
        if ask is not None:
            _confirm(who, ask)
    try:
        _forget(place, found, names, [*here, *there], console, sleep)
    except KeyboardInterrupt:
        raise DeployError(f"Interrupted. {_GO_ON}", EXIT_INTERRUPTED) from None
    except (BotoCoreError, ClientError) as error:
        raise DeployError(f"{explain(error)} {_GO_ON}") from error
    except DeployError as error:
        raise DeployError(f"{error} {_GO_ON}", error.exit_code) from error
    say(console, f"{who} is forgotten.", "green")
    _say_what_remains(found, console, place)


_GO_ON = "Not everything is forgotten yet: the same command goes on where it stopped."


def _names(found: Sequence[Person], person_id: str) -> Names:
    ids = dict.fromkeys(filter(None, [*(person.id for person in found), person_id]))
    return Names(
        ids=tuple(ids),
        usernames=tuple(person.username for person in found),
        emails=tuple(filter(None, (person.email for person in found))),
    )


def _look(place: _Place, names: Names) -> tuple[list[Key], list[Key]]:
    """What is in the person's own partitions, and what lies elsewhere."""
    dynamodb = place.aws.dynamodb
    here = [key for person_id in names.ids for key in records.own(dynamodb, place.table, person_id)]
    return here, list(records.elsewhere(dynamodb, place.table, names))


def _forget(
    place: _Place,
    found: Sequence[Person],
    names: Names,
    keys: Sequence[Key],
    console: Console,
    sleep: Callable[[float], None],
) -> None:
    aws = place.aws
    (people.shut_out if place.is_own else people.sign_out)(aws.cognito, place.pool, found)
    doors = [key for key in keys if not records.is_own(key)] + records.sessions_of(keys)
    records.delete(aws.dynamodb, place.table, doors, sleep)
    if doors:
        say(console, "Signed out everywhere; waiting until no task knows the sessions any more.")
        sleep(SETTLE_SECONDS)
    for _ in range(ROUNDS):
        records.delete(aws.dynamodb, place.table, keys, sleep)
        for prefix in _prefixes(names):
            empty_bucket(aws.s3, place.bucket, prefix)
        here, there = _look(place, names)
        keys = [*here, *there, *records.sessions_of(here)]
        if not keys and not any(_files(place, names)):
            break
    else:
        raise DeployError("Somebody goes on writing in this person's name.")
    for person in found if place.is_own else ():
        people.remove(aws.cognito, place.pool, person)


def _prefixes(names: Names) -> list[str]:
    """Where the files lie, of every id of the person."""
    own = [prefix(each) for each in names.ids for prefix in (schema.uploads, schema.files_of)]
    return own + [schema.library_files(schema.own_library(each)) for each in names.ids]


def _files(place: _Place, names: Names) -> Iterator[dict[str, str]]:
    """Every version of every object that holds a file of the person, or its text."""
    for prefix in _prefixes(names):
        yield from versions(place.aws.s3, place.bucket, prefix)


def _show(who: str, found: Sequence[Person], keys: Sequence[Key], objects: int, console: Console) -> None:
    entries = f"{len(found)} entr{'y' if len(found) == 1 else 'ies'} in the pool"
    files = f"{objects} object{'' if objects == 1 else 's'}" if objects else "nothing"
    say(console, f"{who}: {entries}; in the table {records.count(keys) or 'nothing'}; in the bucket {files}.")


def _confirm(who: str, ask: Ask) -> None:
    answer = answered(ask, f"This cannot be undone. Type {who} to go on: ")
    if answer.lower() != who.lower():
        raise UsageError(f'"{shown(answer)}" is not {who}: nothing was changed.')


def _say_what_remains(found: Sequence[Person], console: Console, place: _Place) -> None:
    say(
        console,
        "What remains for a time: the table's backups, for 35 days; the log, which names the id, for "
        "LogRetentionDays; S3's log of requests for files, which names it too, for a year; and hashes of "
        "addresses from which this person signed in, for 90 days.",
    )
    if found and not place.is_own:
        say(
            console,
            f"This person may sign in again, for the entry in {place.pool} stays: delete or disable it there "
            "(`aws cognito-idp admin-disable-user`) where no other application needs it.",
            "yellow",
        )
    if any(person.status == people.BY_PROVIDER for person in found):
        say(
            console,
            "Single sign-on lets this person in again as somebody new: take them out there, too.",
            "yellow",
        )


def _arguments(parser: Parser) -> None:
    parser.add_argument("who", type=text, metavar="EMAIL", help="the person's e-mail address, or their id")


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, given.who, None if given.yes else input)


COMMAND = Command(
    name="user-forget",
    summary="Delete a person with all that is stored of them",
    start=_start,
    arguments=_arguments,
)
