"""What a check finds, and a check that is kept from failing for anything but what it looks at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from botocore.exceptions import BotoCoreError, ClientError

from deployer.errors import DENIED, error_code, explain

SIGNED_OUT = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidClientTokenId",
    "UnrecognizedClientException", "InvalidAccessKeyId",
}  # fmt: skip
"""Then no other check can be answered either."""


class Level(StrEnum):
    """How much a finding matters; `wrong` must be set right before a deployment."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One line of `doctor`: which check, of what, what it found, and what to do if that is not well."""

    check: str
    subject: str
    level: Level
    message: str
    remedy: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(check: str, subject: str, message: str) -> Finding:
    """All is well."""
    return Finding(check=check, subject=subject, level=Level.OK, message=message)


def warning(check: str, subject: str, message: str, remedy: str = "") -> Finding:
    """Worth knowing; a deployment may succeed."""
    return Finding(check=check, subject=subject, level=Level.WARNING, message=message, remedy=remedy)


def wrong(check: str, subject: str, message: str, remedy: str = "") -> Finding:
    """A deployment would fail, or end in something that does not work."""
    return Finding(check=check, subject=subject, level=Level.WRONG, message=message, remedy=remedy)


def guarded(name: str, check: Check) -> list[Finding]:
    """What a check finds; that it may not ask, or gets no answer, is a warning of its own.

    Raises ClientError when the credentials are not accepted any more.
    """
    try:
        return list(check())
    except ClientError as error:
        if error_code(error) in SIGNED_OUT:
            raise
        denied = error_code(error) in DENIED
        remedy = "`make policy` writes all permissions that a deployer needs." if denied else ""
        return [warning(name, "", f"Not checked. {explain(error)}", remedy)]
    except BotoCoreError as error:
        return [warning(name, "", f"Not checked. {explain(error)}")]
    except (LookupError, TypeError, ValueError) as error:  # an answer of another form than AWS documents
        return [warning(name, "", f"Not checked. The answer cannot be read: {error!r}.")]
