"""Proves that the service works, by its public address and as somebody who has never been there.

A stack that is complete says nothing of a model that was never enabled, or of a certificate. So a person is
made for a minute who signs in, has each model answer, comes back, leaves, and is forgotten.
"""

from __future__ import annotations

import secrets
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from rich.console import Console

from command_line import Parser, shown, text
from deployer.account import asleep, deployment
from deployer.cloudformation import stack
from deployer.command import Command
from deployer.commands import outcome, recorded, status, user_forget
from deployer.commands.operation import Prove
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, DeployError, UsageError, explained
from deployer.options import Options
from deployer.proof.faults import Asleep, NotAsPromised
from deployer.session import Aws, connect, is_loopback

DOMAIN = "example.invalid"
"""Where no mail can go: https://www.rfc-editor.org/rfc/rfc2606"""

Sleep = Callable[[float], None]


def run(
    options: Options,
    console: Console,
    url: str = "",
    sleep: Sleep = time.sleep,
    *,
    every_model: bool = True,
    told: Path | None = None,
) -> None:
    """Prove the deployment, at its own address or at `url`, and write into its record how that ended.

    With `every_model` each one has to answer; without, of those besides the first it is only said. That the
    proof failed is recorded of the deployment's own address alone: another one may lead anywhere. In the file
    `told` it is said too.

    Raises DeployError: exit code 2 where there is nothing to prove, 1 where something is not as it should be.
    """
    outcome.require(told)
    service = _found(options, url)
    aws, before = service.aws, service.stack
    with explained(EXIT_FAILED):
        try:
            silent = _prove(service, options, console, sleep)
        except NotAsPromised as error:
            if service.is_at_home:
                recorded.proved_later(aws, options, console, before, str(error))
            outcome.tell(told, outcome.PROVED, "false")
            raise
        except Asleep:
            outcome.tell(told, outcome.PROVED, "asleep")
            raise
        recorded.proved_later(aws, options, console, before)
        outcome.tell(told, outcome.PROVED, "true")
    if silent and every_model:
        raise DeployError(_not_as_it_should(options, silent[0]))
    say(console, f"{options.stack} works.", "green")


@dataclass(frozen=True)
class _Service:
    """What is to be proved, and where."""

    aws: Aws
    stack: stack.Description
    pool: str
    url: str
    is_at_home: bool
    """Whether the address is the deployment's own."""


def _found(options: Options, url: str) -> _Service:
    """The service of the deployment, at its own address or at `url`; raises DeployError with exit code 2."""
    with explained(EXIT_USAGE):
        if url and not _is_address(url):
            raise UsageError(f"{shown(url)} is not an address such as https://chat.example.com.")
        aws = connect(options)
        own, pool = deployment.outputs(aws, options, "ServiceUrl", "UserPoolId")
        if not url and is_loopback(aws.cognito):
            raise UsageError(
                f"{options.stack} is an emulator's, and {own} leads nowhere: say where the application runs, "
                "as in `--url http://127.0.0.1:8080`."
            )
        found = stack.find(aws.cloudformation, options.stack) or {}
    own, url = own.rstrip("/"), (url or own).rstrip("/")
    return _Service(aws, found, pool, url, url == own)


def _prove(service: _Service, options: Options, console: Console, sleep: Sleep) -> list[str]:
    """Prove what is essential; return why models besides the first, or documents, do not answer.

    Raises NotAsPromised or Asleep, and another DeployError where AWS refuses what the proof needs.
    """
    # Imported late: no other command needs it, and it takes its time.
    from deployer.proof import door, steps
    from deployer.proof.visitor import password

    def tell(what: str) -> None:
        say(console, f"ok  {what}", "green")

    aws, url = service.aws, service.url
    say(console, f"Proving {options.stack} at {url}.")
    try:
        with explained(EXIT_FAILED):
            tell(door.opened(url, sleep))
            email, temporary = f"verify-{secrets.token_hex(6)}@{DOMAIN}", password()
            with _somebody(aws, service.pool, email, temporary, options, console):
                silent = steps.prove(url, email, temporary, password(), tell)
    except NotAsPromised as error:
        if why := asleep.why(aws, service.stack):
            raise Asleep(why) from error
        raise NotAsPromised(_not_as_it_should(options, str(error))) from error
    for each in silent:
        say(console, f"{each}. `make doctor` says what can be done.", "yellow")
    return silent


def _not_as_it_should(options: Options, why: str) -> str:
    return f"{options.stack} does not do what it should: {why}"


def _is_address(url: str) -> bool:
    """Whether a service can be there, with nothing in it that is no part of where it is."""
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        url.encode()
    except ValueError:  # a port that is none, half an IPv6 address, half a character
        return False
    return bool(well_formed) and "@" not in parts.netloc and not (parts.query or parts.fragment)


def proof(options: Options, console: Console, *, unproved: bool) -> Prove:
    """What a deployment does at its end: show the outputs, and prove the service unless `unproved`."""

    def prove(outputs: dict[str, str]) -> bool:
        status.show_outputs(outputs, console)
        if unproved:
            return False
        try:
            # An account's first deployment may well have a second model whose terms nobody has agreed to yet.
            _prove(_found(options, ""), options, console, time.sleep)
        except Asleep as error:
            say(console, f"Deployed, and not proved: {error}", "yellow")
            return False
        say(console, f"{options.stack} works.", "green")
        return True

    return prove


@contextmanager
def _somebody(
    aws: Aws, pool: str, email: str, temporary: str, options: Options, console: Console
) -> Iterator[None]:
    """A person in the pool, forgotten at the end with everything of theirs, however that comes."""
    aws.cognito.admin_create_user(
        UserPoolId=pool,
        Username=email,
        TemporaryPassword=temporary,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
    )
    try:
        yield
    finally:
        wait: Sleep = (lambda _: None) if is_loopback(aws.cognito) else time.sleep
        try:
            user_forget.run(options, Console(quiet=True), email, None, wait)
        except DeployError as error:
            remedy = f"`./deploy.sh user-forget {email} --stack {options.stack}` does it"
            say(console, f"{email} could not be forgotten, {remedy}: {error}", "yellow")


def _arguments(parser: Parser) -> None:
    parser.add_argument("--url", type=text, help="another address than the stack's own")
    parser.add_argument(
        "--essential", action="store_true", help="only mention models besides the first that do not answer"
    )
    outcome.argument(parser, f"{outcome.PROVED}=true, {outcome.PROVED}=false or {outcome.PROVED}=asleep")


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, given.url or "", every_model=not given.essential, told=given.outcome)


COMMAND = Command(
    name="verify", summary="Prove the service by its public address", start=_start, arguments=_arguments
)
