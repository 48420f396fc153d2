"""Adds a person to the pool, or does what an administrator does for one who is there."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console

from command_line import Parser, text
from deployer.account import deployment, people
from deployer.account.people import INVITED, Person
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, UsageError, explained
from deployer.options import Options
from deployer.session import Aws, connect

NO_ADMIN = "no-admin"
ACTIONS = {
    "resend": "send the invitation again, when it was lost or has expired",
    "disable": "let this person neither in nor go on",
    "enable": "let a disabled person in again",
    "no-authenticator": "forget a lost authenticator app",
    NO_ADMIN: "take this person out of the administrators",
}

OF_A_PASSWORD = ("resend", "no-authenticator")
"""What is only for who signs in with a password: the others' provider sees to that."""


def run(options: Options, console: Console, email: str, *, admin: bool = False, action: str = "") -> None:
    """Invite a person, into the administrators' group with `admin`; or carry out one of ACTIONS.

    Raises DeployError: exit code 2 where the address is wrong, taken or unknown, 1 where AWS refuses.
    """
    with explained(EXIT_USAGE):
        email = people.address(email)
        aws = connect(options)
        (pool,) = deployment.outputs(aws, options, "UserPoolId")
        if admin or action == NO_ADMIN:
            _require_group(aws, pool)
        entries = _entries(aws, pool, email) if action else []
        if action in OF_A_PASSWORD:
            entries = [_with_a_password(email, entries)]
        if action == "resend" and entries[0].status != INVITED:
            raise UsageError(f"{email} has an own password: *Forgot your password?* resets it.")
    with explained(EXIT_FAILED):
        if action:
            for person in entries:
                _act(aws, pool, person, action)
            say(console, f"{email} {_done(aws, pool, action)}.", "green")
        else:
            _invite(aws, pool, email, console, admin=admin)


def _invite(aws: Aws, pool: str, email: str, console: Console, *, admin: bool) -> None:
    person = people.with_name(aws.cognito, pool, email)
    if person is None:
        # Who is there now came by this request, made twice because its first answer was lost.
        person = people.invite(aws.cognito, pool, email) or _entries(aws, pool, email)[0]
        days = people.days_of_invitation(aws.cognito, pool)
        say(
            console, f"{email} is invited: Cognito mails a temporary password, good for {days} days.", "green"
        )
    elif not admin:
        raise UsageError(_already(aws, pool, person))
    if admin:
        people.make_admin(aws.cognito, pool, person)
        say(
            console,
            f"{email} is one of the administrators, who look after everybody's and every group's documents "
            "and assistants, and read at /thumbs what people think of answers.",
        )


def _require_group(aws: Aws, pool: str) -> None:
    """Raise UsageError where the pool, as one that was there before may, has no group of administrators."""
    if not people.has_admins(aws.cognito, pool):
        raise UsageError(
            f"The pool {pool} has no group {people.ADMINS}, so nobody is an administrator, and nothing was "
            f"changed: `aws cognito-idp create-group --user-pool-id {pool} --group-name {people.ADMINS} "
            f"--region {aws.region}` makes it."
        )


def _already(aws: Aws, pool: str, person: Person) -> str:
    state = person.state(people.days_of_invitation(aws.cognito, pool))
    more = {INVITED: "--resend sends the invitation again"}.get(person.status, "nothing is to be done")
    more = more if person.enabled else "--enable lets them in again"
    return f"{person.email} is there already ({state}): {more}."


def _entries(aws: Aws, pool: str, email: str) -> list[Person]:
    """Everybody with that address, who may come in two ways; raises UsageError when there is nobody."""
    if found := people.find(aws.cognito, pool, email):
        return found
    raise UsageError(f"Nobody has the address {email}: `make users` lists everybody.")


def _with_a_password(email: str, entries: list[Person]) -> Person:
    person = next((each for each in entries if each.status != people.BY_PROVIDER), None)
    if person is None:
        raise UsageError(f"{email} comes by single sign-on: that is done at the identity provider.")
    return person


def _act(aws: Aws, pool: str, person: Person, action: str) -> None:
    who = {"UserPoolId": pool, "Username": person.username}
    match action:
        case "resend":
            people.invite(aws.cognito, pool, person.email, again=True)
        case "disable":
            people.shut_out(aws.cognito, pool, [person])
        case "enable":
            aws.cognito.admin_enable_user(**who)
        case "no-authenticator":
            off = {"Enabled": False, "PreferredMfa": False}
            aws.cognito.admin_set_user_mfa_preference(**who, SoftwareTokenMfaSettings=off)
        case _:
            aws.cognito.admin_remove_user_from_group(**who, GroupName=people.ADMINS)


def _done(aws: Aws, pool: str, action: str) -> str:
    match action:
        case "resend":
            return f"is invited again, for {people.days_of_invitation(aws.cognito, pool)} days from now"
        case "disable":
            return "is shut out: open sessions end within five minutes, running answers with them"
        case "enable":
            return "may sign in again"
        case "no-authenticator":
            return "signs in without the authenticator app, or sets another one up where it is required"
        case _:
            return "is no administrator any more"


def _arguments(parser: Parser) -> None:
    parser.add_argument("email", type=text, metavar="EMAIL", help="the person's e-mail address")
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--admin", action="store_true", help="into the group of administrators")
    for name, what in ACTIONS.items():
        one.add_argument(f"--{name}", dest="action", action="store_const", const=name, default="", help=what)


def _start(given: Namespace, options: Options, console: Console) -> None:
    run(options, console, given.email, admin=given.admin, action=given.action)


COMMAND = Command(
    name="user", summary="Add a person, or do something for one", start=_start, arguments=_arguments
)
