"""The application's secrets in a browser: its session and, for minutes, an unfinished sign-in.

`__Host-` makes browsers refuse the cookie unless it is Secure, for this host alone and for every path
(RFC 6265bis, section 4.1.3.2). Over plain HTTP, chosen for a trial, there is no such protection.
"""

from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True)
class Cookie:
    """A cookie by its name; it ends with the browser's session, its content ends on the server."""

    name: str
    secure: bool
    same_site: Literal["lax", "strict"]

    def read(self, request: Request) -> str:
        """Its value, or an empty string."""
        return request.cookies.get(self.name, "")

    def write(self, response: Response, value: str) -> None:
        """Set it on a response."""
        response.set_cookie(
            self.name, value, path="/", secure=self.secure, httponly=True, samesite=self.same_site
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


def step_cookie(https: bool) -> Cookie:
    """The challenge between password and session."""
    return Cookie("__Host-step" if https else "step", https, "strict")
