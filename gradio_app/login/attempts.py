"""What counts as guessing, for each way in: whose attempt it is, at which account, and whom it may hold up.

All of it comes before the costly part of a request: TooManyAttempts is raised in its place.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from gradio_app.cognito.errors import (
    CognitoUnreachable,
    PasswordRefused,
    TooManyAttempts,
    UnsupportedChallenge,
)
from gradio_app.cognito.tokens import SignedIn
from gradio_app.login.cookies import Cookie
from gradio_app.login.new_password import Busy
from gradio_app.sessions.known import STRANGER, Known
from gradio_app.sessions.names import canonical
from gradio_app.sessions.session import Session
from gradio_app.sessions.throttle import Attempt, Limit, Throttle, at_account, at_address, at_judging, network

SIGNING_IN, RESETTING, MAILING, SIGNING_UP = "account", "reset", "mail", "sign-up"
"""Kinds that do not count together: who guesses passwords keeps nobody from a reset."""
NO_GUESS = (CognitoUnreachable, UnsupportedChallenge, PasswordRefused, Busy)
"""How a request ends in which no password and no code was found wrong."""


class Attempts:
    """Counts before, gives back after. What succeeds does not count."""

    def __init__(self, throttle: Throttle, known: Known, known_cookie: Cookie) -> None:
        self._throttle = throttle
        self._known = known
        self._cookie = known_cookie

    async def guess(self, request: Request, kind: str, *accounts: str) -> Attempt:
        """At an account, by each name that it is called; strangers share its counters."""
        client = address(request)
        source = await self._source(request, accounts[0])
        limits = [] if source.startswith("browser") else [at_address(client)]
        kind = kind if source == STRANGER else f"{kind} from {source}"
        return await self._counted(*limits, *(at_account(kind, canonical(name)) for name in accounts))

    async def guess_further(self, request: Request, account: str, user_id: str) -> Attempt:
        """The same sign-in, now that the pool has said whose account that is: it may have several names."""
        source = await self._source(request, account)
        return await self._counted(at_account(f"user from {source}", user_id))

    async def arrive(self, request: Request) -> Attempt:
        """From an address alone: the account is not known yet."""
        return await self._counted(at_address(address(request)))

    async def confirm(self, session: Session) -> Attempt:
        """Somebody who is in proves once more who they are; no stranger can use that up."""
        return await self._counted(at_account("session", session.identity.user_id))

    async def judge(self, who: str) -> Attempt:
        """Somebody has a new password judged: `who` as `requester` says."""
        return await self._counted(at_judging(who))

    async def succeeded(self, *attempts: Attempt) -> None:
        """They were good ones."""
        for attempt in attempts:
            await self._throttle.give_back(attempt)

    @asynccontextmanager
    async def unless_wrong(self, *attempts: Attempt) -> AsyncIterator[None]:
        """Give them back when the block ends without a wrong guess: an outage of the pool locks nobody out.

        They count while it runs, so many at once cannot slip through. What the pool itself finds too many
        stays counted, and so does a request whose end nobody waited for.
        """
        try:
            yield
        except NO_GUESS:
            await self.succeeded(*attempts)
            raise

    async def remember(self, request: Request, signed_in: SignedIn) -> str:
        """Know browser and address of a sign-in by password from now on; the browser's new cookie."""
        identity = signed_in.identity
        token = self._cookie.read(request)
        return await self._known.remember(token, address(request), (identity.user_id, identity.email))

    async def _source(self, request: Request, account: str) -> str:
        return await self._known.source(self._cookie.read(request), address(request), account)

    async def _counted(self, *limits: Limit) -> Attempt:
        attempt = await self._throttle.attempt(*limits)
        if not attempt.allowed:
            raise TooManyAttempts("counted here")
        return attempt


def address(request: Request) -> str:
    """The browser's address, as the gate found it."""
    return request.client.host if request.client else ""


def requester(request: Request) -> str:
    """Who has something judged: the signed-in user, or whoever shares the address."""
    session: Session | None = getattr(request.state, "session", None)
    return session.identity.user_id if session else network(address(request))
