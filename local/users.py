"""The demo user of the local mode, made as an administrator makes one in the Cognito console."""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Any

DEMO_USER = "demo@example.com"
PASSWORD_LENGTH = 16  # characters; the pool asks for 12
CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits, "-")


@dataclass(frozen=True)
class DemoUser:
    """A user to sign in with; `temporary_password` is None once the user has chosen an own one."""

    name: str
    temporary_password: str | None = field(repr=False)


def ensure_demo_user(cognito: Any, pool_id: str, *, new_password: bool = False) -> DemoUser:
    """Create the demo user, or find it; give it a temporary password unless it has an own one.

    `cognito` is a boto3 client of Cognito user pools. With `new_password` an own one is replaced too.
    """
    user = {"UserPoolId": pool_id, "Username": DEMO_USER}
    try:
        status = cognito.admin_get_user(**user)["UserStatus"]
    except cognito.exceptions.UserNotFoundException:
        status = "FORCE_CHANGE_PASSWORD"
        verified = [
            {"Name": "email", "Value": DEMO_USER},
            {"Name": "email_verified", "Value": "true"},
        ]
        cognito.admin_create_user(**user, UserAttributes=verified, MessageAction="SUPPRESS")
    if status == "CONFIRMED" and not new_password:
        return DemoUser(DEMO_USER, None)
    password = _password()
    cognito.admin_set_user_password(**user, Password=password, Permanent=False)
    return DemoUser(DEMO_USER, password)


def _password() -> str:
    """Return a random password with a character of every class, which any password policy accepts."""
    alphabet = "".join(CLASSES)
    characters = [secrets.choice(each) for each in CLASSES]
    characters += [secrets.choice(alphabet) for _ in range(PASSWORD_LENGTH - len(CLASSES))]
    secrets.SystemRandom().shuffle(characters)
    return "".join(characters)
