"""The people of a deployment, as its user pool has them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from command_line import shown
from deployer.errors import UsageError

ADMINS = "admins"
"""The group that templates/stacks/auth.py makes."""
LONGEST_ADDRESS = 128
"""Characters of a user name: https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html"""
# As the HTML standard has it, with a dot in the domain. Neither has a quotation mark, which a filter of
# ListUsers would end at.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_LABEL}(?:\.{_LABEL})+")
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

INVITED = "FORCE_CHANGE_PASSWORD"
BY_PROVIDER = "EXTERNAL_PROVIDER"
_STATES = {
    "CONFIRMED": "confirmed",
    INVITED: "must change password",
    "UNCONFIRMED": "has not confirmed the address",
    "RESET_REQUIRED": "must reset the password",
    BY_PROVIDER: "by single sign-on",
}
DEFAULT_DAYS = 7
"""That a temporary password lasts where the pool does not say."""


@dataclass(frozen=True, kw_only=True)
class Person:
    """One entry of the pool; `id` is its `sub`, which the table and the log know the person by."""

    username: str
    id: str
    email: str
    status: str
    """As Cognito has it."""
    enabled: bool
    created: datetime
    changed: datetime

    @classmethod
    def of(cls, user: Mapping[str, Any]) -> Person:
        """From what ListUsers, AdminGetUser or AdminCreateUser gives."""
        attributes = {
            item["Name"]: item["Value"] for item in user.get("Attributes", user.get("UserAttributes", []))
        }
        return cls(
            username=user["Username"],
            id=attributes.get("sub", ""),
            email=attributes.get("email", ""),
            status=user.get("UserStatus", "UNKNOWN"),
            enabled=user.get("Enabled", True),
            created=user["UserCreateDate"],
            changed=user["UserLastModifiedDate"],
        )

    def state(self, days: int, now: datetime | None = None) -> str:
        """What an administrator wants to know; `days` are those that a temporary password lasts."""
        if not self.enabled:
            return "disabled"
        ends = self.changed + timedelta(days=days)
        if self.status == INVITED and (now or datetime.now(UTC)) > ends:
            return "invitation expired"
        return _STATES.get(self.status, self.status)


def address(text: str) -> str:
    """Return an e-mail address in small letters, as the pool compares it; raises UsageError."""
    name = text.rpartition("@")[0]
    if not ADDRESS.fullmatch(text) or name.startswith(".") or name.endswith(".") or ".." in name:
        raise UsageError(
            f'"{shown(text)}" is not an e-mail address: it looks like ana@example.com, with an international '
            "domain in its xn-- form."
        )
    if len(text) > LONGEST_ADDRESS:
        raise UsageError(f"That address is too long: Cognito takes {LONGEST_ADDRESS} characters at most.")
    return text.lower()


def find(cognito: Any, pool: str, email: str) -> list[Person]:
    """Everybody with that address: the one who signs in with a password, and whom single sign-on brought."""
    named = with_name(cognito, pool, email)
    found = {named.username: named} if named else {}
    # Whoever comes by a provider has another user name.
    for person in _listed(cognito, pool, Filter=f'email = "{email}"'):
        found.setdefault(person.username, person)
    return list(found.values())


def with_name(cognito: Any, pool: str, name: str) -> Person | None:
    """Whoever signs in with that name and a password; None where nobody does."""
    try:
        return Person.of(cognito.admin_get_user(UserPoolId=pool, Username=name))
    except cognito.exceptions.UserNotFoundException:
        return None


def with_id(cognito: Any, pool: str, person_id: str) -> list[Person]:
    """Whoever has that `sub`; nobody when the pool's entry is gone already."""
    return list(_listed(cognito, pool, Filter=f'sub = "{person_id}"'))


def everybody(cognito: Any, pool: str) -> Iterator[Person]:
    """Yield all of the pool, page by page."""
    yield from _listed(cognito, pool)


def admins(cognito: Any, pool: str) -> set[str]:
    """The user names in the group of administrators; none where there is no such group."""
    pages = cognito.get_paginator("list_users_in_group").paginate(UserPoolId=pool, GroupName=ADMINS)
    try:
        return {user["Username"] for page in pages for user in page["Users"]}
    except cognito.exceptions.ResourceNotFoundException:
        return set()


def has_admins(cognito: Any, pool: str) -> bool:
    """Whether the pool has the group of administrators, with somebody in it or nobody."""
    try:
        # To look for the group itself takes a permission that nobody has for anything else.
        cognito.list_users_in_group(UserPoolId=pool, GroupName=ADMINS, Limit=1)
    except cognito.exceptions.ResourceNotFoundException:
        return False
    return True


def days_of_invitation(cognito: Any, pool: str) -> int:
    """How many days the pool lets a temporary password be used."""
    policies = cognito.describe_user_pool(UserPoolId=pool)["UserPool"].get("Policies", {})
    return policies.get("PasswordPolicy", {}).get("TemporaryPasswordValidityDays") or DEFAULT_DAYS


def invite(cognito: Any, pool: str, email: str, *, again: bool = False) -> Person | None:
    """Have Cognito make a person and mail the invitation; None where there is one already.

    With `again`, the one who is there gets another invitation, and the whole time to use it.
    """
    try:
        user = cognito.admin_create_user(
            UserPoolId=pool,
            Username=email,
            # Or nobody could reset a password by mail. Whoever has the mailbox gets the invitation.
            UserAttributes=[
                {"Name": "email", "Value": email},
                {"Name": "email_verified", "Value": "true"},
            ],
            DesiredDeliveryMediums=["EMAIL"],
            **({"MessageAction": "RESEND"} if again else {}),
        )["User"]
    except cognito.exceptions.UsernameExistsException:
        return None
    return Person.of(user)


def make_admin(cognito: Any, pool: str, person: Person) -> None:
    """Put a person into the group of administrators; who is in it stays in it."""
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=person.username, GroupName=ADMINS)


def sign_out(cognito: Any, pool: str, people: Iterable[Person]) -> None:
    """Take back what people signed in with, in every application of the pool."""
    for person in people:
        cognito.admin_user_global_sign_out(UserPoolId=pool, Username=person.username)


def shut_out(cognito: Any, pool: str, people: Iterable[Person]) -> None:
    """Let people neither in nor go on: what they signed in with is taken back."""
    for person in people:
        who = {"UserPoolId": pool, "Username": person.username}
        cognito.admin_disable_user(**who)
        cognito.admin_user_global_sign_out(**who)


def remove(cognito: Any, pool: str, person: Person) -> None:
    """Delete a person from the pool; whoever is gone is gone."""
    try:
        cognito.admin_delete_user(UserPoolId=pool, Username=person.username)
    except cognito.exceptions.UserNotFoundException:
        return


def _listed(cognito: Any, pool: str, **filtered: str) -> Iterator[Person]:
    for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool, **filtered):
        yield from map(Person.of, page["Users"])
