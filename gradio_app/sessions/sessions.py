"""Finding, keeping and ending sessions.

Any task serves any session, because they live in the table. A task remembers what it read for
CACHE_SECONDS, so that an open chat does not read the table at each event: a sign-out is effective at once
on the task that did it and within CACHE_SECONDS on the others. Cognito is asked again every
CHECK_SECONDS at most, so that a disabled user is out within that time, however busy the browser.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from gradio_app.audit import audit
from gradio_app.cognito.directory import Directory
from gradio_app.cognito.errors import (
    CognitoError,
    CognitoUnreachable,
    TooManyAttempts,
    WrongCredentials,
)
from gradio_app.cognito.single_sign_on import SingleSignOn
from gradio_app.cognito.tokens import PASSWORD, SINGLE_SIGN_ON, SignedIn
from gradio_app.sessions.session import Session, hashed, is_token, new_token
from gradio_app.settings import Settings
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

CACHE_SECONDS = 5
CACHED_SESSIONS = 10_000
TOUCH_SECONDS = 60
"""How exactly idle time is kept: one write a minute for a browser in use."""
CHECK_SECONDS = 300
"""The longest that a user disabled in the pool goes unnoticed."""
EARLY_SECONDS = 60
"""How long before that a request has Cognito asked without waiting for it."""
WAIT_SECONDS = 3
"""The longest that a request waits for Cognito's answer while the access token proves the user: a pool that
hangs must not make everybody stand in line for the few threads that ask it."""


class Sessions:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(
        self,
        table: AsyncTable,
        directory: Directory,
        settings: Settings,
        now: Callable[[], float] = time.time,
        single_sign_on: SingleSignOn | None = None,
    ) -> None:
        self._table = table
        self._ways = {PASSWORD: directory} | ({SINGLE_SIGN_ON: single_sign_on} if single_sign_on else {})
        self._idle = settings.session_idle_minutes * 60
        self._longest = settings.session_max_hours * 3600
        self._now = now
        self._cache: OrderedDict[str, tuple[float, Session]] = OrderedDict()
        self._checks: dict[str, asyncio.Task[Session | None]] = {}

    async def begin(self, signed_in: SignedIn) -> str:
        """Open a session and return its cookie value, which is written down nowhere."""
        token = new_token()
        session = Session.begin(token, signed_in, self._seconds())
        ends = self._ends(session)
        await self._table.put(
            {
                "pk": schema.session(session.key),
                "sk": schema.SESSION,
                "expires_at": ends,
                **session.attributes(),
            }
        )
        await self._table.put({**_listed(session), "expires_at": session.created_at + self._longest})
        return token

    async def find(self, token: str) -> Session | None:
        """The session of a cookie value, if it is still good; raises CognitoUnreachable if nobody can say."""
        session = await self._load(hashed(token)) if is_token(token) else None
        if session is None:
            return None
        now = self._seconds()
        if now >= self._ends(session):
            await self.end(session)
            return None
        if now - session.seen_at >= TOUCH_SECONDS:
            session = await self._touch(session)
            if session is None:
                return None
        if now - session.checked_at >= CHECK_SECONDS:
            return await self._confirmed(session)
        if now - session.checked_at >= CHECK_SECONDS - EARLY_SECONDS:
            self._check(session)
        return session

    async def lasts(self, session: Session) -> bool:
        """Whether a session that was found before still goes on; asking is not using it."""
        current = await self._load(session.key)
        now = self._seconds()
        if current is None or now >= self._ends(current):
            return False
        if now - current.checked_at >= CHECK_SECONDS - EARLY_SECONDS:
            return await asyncio.shield(self._check(current)) is not None
        return True

    async def renew(self, session: Session) -> str:
        """End all of the user's sessions and go on in a fresh one, after a new password."""
        await self.end_all(session.identity.user_id)
        return await self.begin(
            SignedIn(
                identity=session.identity,
                username=session.username,
                access_token=session.access_token,
                refresh_token=session.refresh_token,
                access_expires_at=session.access_expires_at,
                way=session.way,
            )
        )

    async def end(self, session: Session) -> bool:
        """Forget the session here and in the table; whether it was still there to end."""
        self._cache.pop(session.key, None)
        item = await self._table.take(schema.session(session.key), schema.SESSION)
        await self._table.take(*_listed(session).values())
        return item is not None

    async def end_all(self, user_id: str) -> list[Session]:
        """End every session of a user, and return them: their refresh tokens are nowhere else any more."""
        ended = []
        for sort_key in await self._table.sort_keys(schema.person(user_id), schema.SIGNED_IN):
            key = sort_key.removeprefix(schema.SIGNED_IN)
            self._cache.pop(key, None)
            item = await self._table.take(schema.session(key), schema.SESSION)
            await self._table.take(schema.person(user_id), sort_key)
            ended += [Session.from_item(key, item)] if item else []
        return ended

    async def revoke(self, session: Session) -> None:
        """End in the pool what the session came of; raises CognitoError kinds."""
        await self._client_of(session).revoke(session.refresh_token)

    async def _load(self, key: str) -> Session | None:
        if held := self._held(key):
            return held
        self._cache.pop(key, None)
        item = await self._table.get(schema.session(key), schema.SESSION)
        # What was written meanwhile is newer than what was read.
        return self._held(key) or (self._remember(Session.from_item(key, item)) if item else None)

    def _held(self, key: str) -> Session | None:
        since, session = self._cache.get(key, (0.0, None))
        return session if self._now() - since < CACHE_SECONDS else None

    def _remember(self, session: Session) -> Session:
        self._cache[session.key] = (self._now(), session)
        self._cache.move_to_end(session.key)
        if len(self._cache) > CACHED_SESSIONS:
            self._cache.popitem(last=False)
        self._forget_stale()
        return session

    def _forget_stale(self) -> None:
        """Keep no session in memory, tokens and all, that would be read anew anyway."""
        while self._cache:
            key, (since, _) = next(iter(self._cache.items()))
            if self._now() - since < CACHE_SECONDS:
                return
            del self._cache[key]

    async def _touch(self, session: Session) -> Session | None:
        seen_at = self._seconds()
        ends = self._ends(replace(session, seen_at=seen_at))
        return await self._save(session, {"seen_at": seen_at, "expires_at": ends}, seen_at=seen_at)

    async def _save(self, session: Session, changes: dict[str, Any], **fields: Any) -> Session | None:
        """Write some attributes unless the session was ended meanwhile, on this task or another.

        `fields` are the same as the session has them. Another request may have changed others meanwhile.
        """
        if await self._table.update(schema.session(session.key), schema.SESSION, changes):
            return self._remember(replace(self._held(session.key) or session, **fields))
        self._cache.pop(session.key, None)
        return None

    async def _confirmed(self, session: Session) -> Session | None:
        check = self._check(session)
        if self._seconds() < session.access_expires_at:
            done, _ = await asyncio.wait([check], timeout=WAIT_SECONDS)
            if not done:
                return session  # a late answer ends it all the same
        return await asyncio.shield(check)

    def _check(self, session: Session) -> "asyncio.Task[Session | None]":
        """Ask Cognito whether the user may stay; one question at a time for a session."""
        task = self._checks.get(session.key)
        if task is None:
            task = asyncio.create_task(self._ask(session))
            self._checks[session.key] = task
            task.add_done_callback(lambda done: self._checked(session.key, done))
        return task

    def _checked(self, key: str, task: "asyncio.Task[Session | None]") -> None:
        del self._checks[key]
        if not task.cancelled():
            task.exception()  # seen: nobody may be waiting for an early check

    async def _ask(self, session: Session) -> Session | None:
        try:
            client = self._client_of(session)
            current = await client.refresh(session.username, session.refresh_token)
        except (CognitoUnreachable, TooManyAttempts) as error:
            if self._seconds() < session.access_expires_at:
                return session  # the access token still proves it; the next request asks again
            raise CognitoUnreachable(str(error)) from error
        except CognitoError as refusal:
            if await self.end(session):
                _audit_refusal(session, refusal)
            return None
        # Asking is not using: the session is as old as its last request.
        fields = {
            "identity": current.identity,
            "access_token": current.access_token,
            "refresh_token": current.refresh_token,
            "access_expires_at": current.access_expires_at,
            "checked_at": self._seconds(),
        }
        attributes = replace(session, **fields).attributes()
        return await self._save(session, {name: attributes[name] for name in _REFRESHED}, **fields)

    def _client_of(self, session: Session) -> Directory | SingleSignOn:
        """The pool through the app client that the session's tokens belong to."""
        if session.way not in self._ways:
            raise WrongCredentials(f"{session.way} is switched off")
        return self._ways[session.way]

    def _ends(self, session: Session) -> int:
        return min(session.seen_at + self._idle, session.created_at + self._longest)

    def _seconds(self) -> int:
        return int(self._now())


_REFRESHED = (
    "email",
    "groups",
    "access_token",
    "refresh_token",
    "access_expires_at",
    "checked_at",
)


def _listed(session: Session) -> dict[str, str]:
    """The key under which a user's sessions can be found, to end them all."""
    return {"pk": schema.person(session.identity.user_id), "sk": schema.signed_in(session.key)}


def _audit_refusal(session: Session, refusal: CognitoError) -> None:
    """Who is out, and why. No browser did that, so there is no `client`; `request` is the one that asked."""
    reason = f"{type(refusal).__name__}: {refusal}"
    audit("session", outcome="ended", client="", user_id=session.identity.user_id, detail=reason)
