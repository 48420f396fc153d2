"""What the login's pages work with."""

import time
from collections.abc import Awaitable
from dataclasses import dataclass

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from gradio_app.audit import audit
from gradio_app.cognito.directory import Directory
from gradio_app.cognito.errors import CognitoError
from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import PASSWORD, SignedIn
from gradio_app.login.attempts import Attempts, address, requester
from gradio_app.login.cookies import Cookie
from gradio_app.login.new_password import PasswordJudge
from gradio_app.login.return_to import is_place
from gradio_app.pages.pages import Pages
from gradio_app.sessions.departures import Departures
from gradio_app.sessions.enrollments import Enrollments
from gradio_app.sessions.session import Session
from gradio_app.sessions.sessions import Sessions
from gradio_app.sessions.steps import Steps
from gradio_app.settings import Settings

SAME_PACE_SECONDS = 0.8
"""Responses that must not tell of an account take at least this long: Cognito's time differs."""


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
    attempts: Attempts
    judge: PasswordJudge
    session_cookie: Cookie
    step_cookie: Cookie
    departure_cookie: Cookie
    known_cookie: Cookie
    return_cookie: Cookie

    async def enter(self, request: Request, signed_in: SignedIn, *, ends_others: bool) -> Response:
        """Open a fresh session, whatever the browser had before, and go to where the chat was left."""
        user_id = signed_in.identity.user_id
        old = await self.sessions.find(self.session_cookie.read(request))
        if old is not None:
            await self.sessions.end(old)
        if ends_others:
            await self.sessions.end_all(user_id)
        known = await self.attempts.remember(request, signed_in) if signed_in.way == PASSWORD else ""
        token = await self.sessions.begin(signed_in)
        audit("sign-in", outcome="ok", client=address(request), user_id=user_id, detail=signed_in.way)
        response = self.to_chat(request)
        self.session_cookie.write(response, token)
        if known:
            self.known_cookie.write(response, known)
        self.step_cookie.clear(response)
        return response

    def to_chat(self, request: Request) -> Response:
        """Send the browser to the conversation that was open when its session ended, or to a new one."""
        place = self.return_cookie.read(request)
        response = RedirectResponse(f"/?{place}" if is_place(place) else "/", status_code=303)
        if place:
            self.return_cookie.clear(response)
        return response

    async def judged(self, request: Request, password: str, account: str) -> dict[str, str]:
        """What is wrong with a new password, by field; raises TooManyAttempts or Busy before judging it."""
        who = requester(request)
        await self.attempts.judge(who)
        found = await self.judge.fault(who, password, account)
        return {"new_password": found} if found else {}

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


def own_address(request: Request, path: str) -> str:
    """One of our addresses as the browser knows it: the gate has put the public scheme into the request."""
    return f"{request.url.scheme}://{request.url.netloc}{path}"


async def same_pace(started: float) -> None:
    """Wait until the response to a request that began then (time.monotonic) is as slow as any other."""
    await anyio.sleep(max(0.0, SAME_PACE_SECONDS - (time.monotonic() - started)))
