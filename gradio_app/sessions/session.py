"""One browser's sign-in, as the table keeps it."""

import hashlib
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from gradio_app.cognito.tokens import PASSWORD, SignedIn
from gradio_app.identity import Identity

TOKEN_BYTES = 32
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """A cookie value of 256 random bits, which nobody can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def is_token(text: str) -> bool:
    """Whether a cookie value can be one of ours; for any other the table need not be asked."""
    return TOKEN.fullmatch(text) is not None


def hashed(token: str) -> str:
    """What the table knows a cookie value by; a copy of the table opens no session."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True)
class Session:
    """Times are epoch seconds."""

    key: str
    """The hash of the cookie value."""
    identity: Identity
    username: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    access_expires_at: int
    way: str
    """How the user came in, as in SignedIn."""
    created_at: int
    seen_at: int
    checked_at: int
    """When Cognito last confirmed that the user may be signed in."""

    @classmethod
    def begin(cls, token: str, signed_in: SignedIn, now: int) -> "Session":
        """A fresh session for a sign-in that Cognito just completed."""
        return cls(
            key=hashed(token),
            identity=signed_in.identity,
            username=signed_in.username,
            access_token=signed_in.access_token,
            refresh_token=signed_in.refresh_token,
            access_expires_at=signed_in.access_expires_at,
            way=signed_in.way,
            created_at=now,
            seen_at=now,
            checked_at=now,
        )

    def attributes(self) -> dict[str, Any]:
        """The item's attributes without its key and its end."""
        return {
            "user_id": self.identity.user_id,
            "email": self.identity.email,
            "groups": list(self.identity.groups),
            "username": self.username,
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "access_expires_at": self.access_expires_at,
            "way": self.way,
            "created_at": self.created_at,
            "seen_at": self.seen_at,
            "checked_at": self.checked_at,
        }

    @classmethod
    def from_item(cls, key: str, item: dict[str, Any]) -> "Session":
        """The session that an item of the table holds."""
        return cls(
            key=key,
            identity=Identity(item["user_id"], item["email"], tuple(item["groups"])),
            way=item.get("way", PASSWORD),  # sessions of releases before single sign-on do not say
            **{name: item[name] for name in _PLAIN},
        )


_PLAIN = (
    "username",
    "access_token",
    "refresh_token",
    "access_expires_at",
    "created_at",
    "seen_at",
    "checked_at",
)
