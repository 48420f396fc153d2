"""Events that run although nobody reads their stream: they end with their session, too.

The page opens its stream as soon as it has asked. Who only asks would have the answer written after signing
out, for it is the stream that is cut then.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from gradio_app.gate.streams import WATCH_SECONDS, SessionWatch


class EventQueue(Protocol):
    """Gradio's queue, as far as the gate has to know it."""

    def has_messages(self, session_hash: str) -> bool:
        """Whether there is something to stream for a Gradio session; asked to stream any other, it fails."""
        ...

    def is_alive(self, event_id: str) -> bool:
        """Whether an event waits or runs."""
        ...

    async def stop(self, event_id: str) -> None:
        """End an event at its next step, and what it runs."""
        ...


class JoinedEvents:
    """Watches every event from its start to its end."""

    def __init__(self, queue: EventQueue, every: float = WATCH_SECONDS) -> None:
        self._queue = queue
        self._every = every
        self._watchers: set[asyncio.Task[None]] = set()

    def watch(self, event_id: str, lasts: Callable[[], Awaitable[bool]]) -> None:
        """Stop the event when `lasts` says that the session which started it does not."""
        watcher = asyncio.create_task(self._watch(event_id, SessionWatch(lasts)))
        self._watchers.add(watcher)  # the event loop itself keeps no task alive
        watcher.add_done_callback(self._watchers.discard)

    async def _watch(self, event_id: str, session: SessionWatch) -> None:
        while self._queue.is_alive(event_id):
            if await session.has_ended():
                await self._queue.stop(event_id)
                return
            await asyncio.sleep(self._every)
