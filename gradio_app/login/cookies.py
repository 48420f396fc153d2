"""What the application keeps in a browser: its session, an unfinished sign-in, and where it has been.

`__Host-` makes browsers refuse the cookie unless it is Secure, for this host alone and for every path
(RFC 6265bis, section 4.1.3.2). Over plain HTTP, chosen for a trial, there is no such protection.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from gradio_app.sessions.known import KNOWN_SECONDS

RETURN_SECONDS = 15 * 60
"""Time to sign in by whatever way."""


@dataclass(frozen=True)
class Cookie:
    """A cookie by its name; it ends with the browser, or after `max_age`. Its meaning ends on the server."""

    name: str
    secure: bool
    same_site: Literal["lax", "strict"]
    max_age: int | None = None
    """Seconds."""

    def read(self, request: Request) -> str:
        """Its value, or an empty string."""
        return request.cookies.get(self.name, "")

    def write(self, response: Response, value: str) -> None:
        """Set it on a response."""
        response.set_cookie(
            self.name,
            value,
            max_age=self.max_age,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite=self.same_site,
        )

    def clear(self, response: Response) -> None:
        """Have the browser forget it."""
        response.delete_cookie(
            self.name, path="/", secure=self.secure, httponly=True, samesite=self.same_site
        )


def session_cookie(https: bool) -> Cookie:
    """Lax: a link from elsewhere leads into the chat, a form from elsewhere carries no cookie."""
    return Cookie("__Host-session" if https else "session", https, "lax")


def departure_cookie(https: bool) -> Cookie:
    """A single sign-on under way. Lax: it has to come back by a link from the identity provider."""
    return Cookie("__Host-departure" if https else "departure", https, "lax")


def known_cookie(https: bool) -> Cookie:
    """A browser from which somebody signed in; it opens nothing (`sessions.known`)."""
    return Cookie("__Host-known" if https else "known", https, "strict", KNOWN_SECONDS)


def return_cookie(https: bool) -> Cookie:
    """Where somebody was when their session ended. Lax: single sign-on comes back by a link."""
    return Cookie("__Host-return" if https else "return", https, "lax", RETURN_SECONDS)


def step_cookie(https: bool) -> Cookie:
    """The challenge between password and session."""
    return Cookie("__Host-step" if https else "step", https, "strict")
