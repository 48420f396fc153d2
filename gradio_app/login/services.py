"""What the login's pages work with."""

import re
import time
from collections.abc import Awaitable
from dataclasses import dataclass

import anyio
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gradio_app.audit import audit
from gradio_app.cognito.directory import Directory
from gradio_app.cognito.errors import CognitoError
from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import SignedIn
from gradio_app.login.cookies import Cookie
from gradio_app.login.guessable import fault
from gradio_app.login.pages import Pages
from gradio_app.sessions.departures import Departures
from gradio_app.sessions.enrollments import Enrollments
from gradio_app.sessions.session import Session
from gradio_app.sessions.sessions import Sessions
from gradio_app.sessions.steps import Steps
from gradio_app.sessions.throttle import Throttle
from gradio_app.settings import Settings

SAME_PACE_SECONDS = 0.8
"""Answers that must not tell whether there is an account take at least this long; Cognito's time differs."""
GUESSING = CapacityLimiter(1)
"""Judging a password is work that must not keep others waiting, for one at a time (`guessable`)."""
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}")
ACCOUNT_LENGTH = 128
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserType.html"""


@dataclass(frozen=True)
class Services:
    """Handed to each group of routes by the composition root."""

    settings: Settings
    pages: Pages
    directory: Directory
    single_sign_on: SingleSignOn | None
    sessions: Sessions
    steps: Steps
    departures: Departures
    enrollments: Enrollments
    throttle: Throttle
    session_cookie: Cookie
    step_cookie: Cookie
    departure_cookie: Cookie

    async def enter(self, request: Request, signed_in: SignedIn, *, ends_others: bool) -> Response:
        """Open a fresh session, whatever the browser had before, and go to the chat."""
        user_id = signed_in.identity.user_id
        old = await self.sessions.find(self.session_cookie.read(request))
        if old is not None:
            await self.sessions.end(old)
        if ends_others:
            await self.sessions.end_all(user_id)
        token = await self.sessions.begin(signed_in)
        audit("sign-in", outcome="ok", client=address(request), user_id=user_id, detail=signed_in.way)
        response = RedirectResponse("/", status_code=303)
        self.session_cookie.write(response, token)
        self.step_cookie.clear(response)
        return response

    async def may_try(self, request: Request, account: str = "") -> bool:
        """Count an attempt from this address, and at an account if there is one; False after too many."""
        return await self.throttle.attempt(account, address(request))

    async def succeeded(self, request: Request, account: str = "") -> None:
        """The attempt was a good one and does not count."""
        await self.throttle.succeeded(account, address(request))

    async def revoke(self, request: Request, session: Session) -> None:
        """End an ended session's sign-in in the pool too."""
        await self.revoked(request, session.identity.user_id, self.sessions.revoke(session))

    async def revoked(self, request: Request, user_id: str, revocation: Awaitable[None]) -> None:
        """A failure is no more than a line: the only copy of the refresh token is gone."""
        try:
            await revocation
        except CognitoError as error:
            audit(
                "token-revocation",
                outcome="failed",
                client=address(request),
                user_id=user_id,
                detail=type(error).__name__,
            )


def address(request: Request) -> str:
    """The browser's address, as the gate found it."""
    return request.client.host if request.client else ""


def own_address(request: Request, path: str) -> str:
    """One of our addresses as the browser knows it: the gate has put the public scheme into the request."""
    return f"{request.url.scheme}://{request.url.netloc}{path}"


async def form(request: Request, *names: str) -> dict[str, str]:
    """Text fields of a posted form, empty when missing; files and multiples are ignored.

    The gate has limited the body before anything is parsed.
    """
    async with request.form(max_files=0, max_fields=20) as data:
        values = {name: data.get(name) for name in names}
    return {name: value if isinstance(value, str) else "" for name, value in values.items()}


def account_name(text: str) -> str:
    """The user name as Cognito compares it: without blanks around it and without regard to case."""
    return text.strip().lower()[:ACCOUNT_LENGTH]


def loggable(account: str) -> str:
    """The account for an audit line, unless it may be a password in the wrong field."""
    return account if ADDRESS.fullmatch(account) else "no e-mail address"


def code_in(values: dict[str, str]) -> str:
    """The code of a form, without the blanks that apps show and people type in it."""
    return "".join(values["code"].split())


def missing(values: dict[str, str]) -> dict[str, str]:
    """An error for each empty field."""
    return {name: "fill_in" for name, value in values.items() if not value}


async def new_password_errors(values: dict[str, str], account: str) -> dict[str, str]:
    """Errors of a form that asks for a new password of the account twice."""
    if errors := missing(values):
        return errors
    if values["new_password"] != values["repeat"]:
        return {"repeat": "not_the_same"}
    found = await to_thread.run_sync(fault, values["new_password"], account, limiter=GUESSING)
    return {"new_password": found} if found else {}


async def same_pace(started: float) -> None:
    """Wait until the answer to a request that began then (time.monotonic) is as slow as any other."""
    await anyio.sleep(max(0.0, SAME_PACE_SECONDS - (time.monotonic() - started)))
