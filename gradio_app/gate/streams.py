"""A stream that runs when its session ends: it ends too, and with it the answer that it shows.

The stream's request was let in once and may last for minutes. Here it is asked again and again whether its
session goes on; when it does not, Gradio is told that the browser has gone, and stops what it runs for it.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable
from time import monotonic

from anyio import CancelScope, current_effective_deadline
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gradio_app.cognito.errors import CognitoUnreachable
from gradio_app.sessions.sessions import CHECK_SECONDS
from gradio_app.store.table import TableUnreachable

WATCH_SECONDS = 2.0
"""Between two looks; most are answered from memory (`sessions.CACHE_SECONDS`)."""
GONE: Message = {"type": "http.disconnect"}
NOTHING: Message = {"type": "http.request", "body": b"", "more_body": False}
END: Message = {"type": "http.response.body", "body": b"", "more_body": False}


class SessionWatch:
    """Looks again and again whether a session goes on, as `lasts` says."""

    def __init__(self, lasts: Callable[[], Awaitable[bool]]) -> None:
        self._lasts = lasts
        self._known = monotonic()

    async def has_ended(self) -> bool:
        """Whether it is over; while nobody can say, not for as long as a check may be old."""
        try:
            lasts = await self._lasts()
        except (TableUnreachable, CognitoUnreachable):
            return monotonic() - self._known >= CHECK_SECONDS
        self._known = monotonic()
        return not lasts


class WatchedStream:
    """One response, served until it ends or `lasts` says that its session does not."""

    def __init__(self, receive: Receive, send: Send, lasts: Callable[[], Awaitable[bool]]) -> None:
        self._receive = receive
        self._send = send
        self._session = SessionWatch(lasts)
        self._over = False
        self._hearing: list[CancelScope] = []
        self._started = False

    async def serve(self, app: ASGIApp, scope: Scope) -> bool:
        """Run the application; whether the stream was cut because its session had ended."""
        watcher = asyncio.create_task(self._watch())
        try:
            await app(scope, self._hear, self._say)
        finally:
            watcher.cancel()
        return self._over

    async def _watch(self) -> None:
        await asyncio.sleep(WATCH_SECONDS)
        while not await self._session.has_ended():
            await asyncio.sleep(WATCH_SECONDS)
        self._over = True
        for hearing in self._hearing:
            hearing.cancel()
        if self._started:
            await self._send(END)

    async def _hear(self) -> Message:
        """What the browser does next, or that it has gone.

        Before each message Gradio looks whether that is there and does not wait: it asks in a scope that is
        cancelled already. While Starlette waits for the same, that is told, and ends the stream. (A loop that
        looked until something comes would never end.)
        """
        if self._over:
            return GONE
        if self._hearing and current_effective_deadline() == -math.inf:
            return NOTHING
        # In this task, not in one of its own: Gradio looks whether a message is there without waiting for it.
        with CancelScope() as hearing:
            self._hearing.append(hearing)
            try:
                return await self._receive()
            finally:
                self._hearing.remove(hearing)
        return GONE

    async def _say(self, message: Message) -> None:
        if not self._over:
            self._started = self._started or message["type"] == "http.response.start"
            await self._send(message)
            # Neither a look nor a message that is taken at once gives way: others have a turn between two.
            await asyncio.sleep(0)
