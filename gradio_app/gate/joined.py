"""What each session has going on in Gradio's queue: bounded, given back when over, ended with its session.

Gradio keeps an event until its page has read how it ended, for ever if none does. The page opens its stream
as soon as it has asked. Who only asks would have the answers pile up here, and written after signing out, for
it is the stream that is cut then.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from gradio_app.gate import streams
from gradio_app.gate.events import Event
from gradio_app.gate.shares import TooMuchAtOnce
from gradio_app.gate.streams import SessionWatch

EVENTS_PER_USER = 10
"""Events of one person that wait, run, or were not read to their end: tabs in which an answer grows."""
STREAMS_PER_USER = 20
UNREAD_SECONDS = 60.0
"""After it joined, how long an event that is over waits for a page whose network is slow to read it."""


class EventQueue(Protocol):
    """Gradio's queue, as far as the gate has to know it."""

    def has_messages(self, session_hash: str) -> bool:
        """Whether there is something to stream for a Gradio session; asked to stream any other, it fails."""
        ...

    def is_alive(self, event_id: str) -> bool:
        """Whether an event waits or runs."""
        ...

    def is_unread(self, event_id: str, session_hash: str) -> bool:
        """Whether nobody has been told yet how an event ended."""
        ...

    async def stop(self, event_id: str) -> None:
        """End an event at its next step, and what it runs."""
        ...

    def forget(self, session_hash: str) -> None:
        """Give back what is kept for a Gradio session of which no event is alive."""
        ...

    def clear(self, event_id: str) -> None:
        """Give back what may be left of an event that is over."""
        ...


@dataclass(frozen=True)
class Joined:
    """An event in the queue."""

    event_id: str
    session_hash: str
    """Gradio's session: one tab."""
    fn_index: int
    user_id: str
    session_key: str
    """Of the session that let it in; "" when there is no login."""
    at: float


@dataclass(frozen=True)
class AtWork:
    """What runs for a session beyond Gradio's queue."""

    session_ended: Callable[[str], None] = lambda _: None
    """Called once with the key of a session that is over."""
    is_busy: Callable[[str], bool] = lambda _: False
    """Whether anything runs that has to end with the session of this key."""


class JoinedEvents:
    """Every event from its start until it was read, and the sessions that they end with."""

    def __init__(
        self,
        queue: EventQueue,
        at_work: AtWork = AtWork(),
        now: Callable[[], float] = monotonic,
    ) -> None:
        self._queue = queue
        self._at_work = at_work
        self._now = now
        self._events: dict[str, dict[str, Joined]] = {}
        """By user and event id."""
        self._joining: dict[str, list[str]] = {}
        """The Gradio sessions of the events that are joining, by user."""
        self._streams: dict[str, set[str]] = {}
        """The Gradio sessions that are being read, by user."""
        self._watchers: dict[str, asyncio.Task[None]] = {}

    @contextmanager
    def room(self, user_id: str, session_hash: str) -> Iterator[None]:
        """Room for one event more of a user, until the block ends; raises TooMuchAtOnce.

        Somebody's own results that wait for nobody make room first.
        """
        if self._taken(user_id) >= EVENTS_PER_USER:
            self._forget_unread(user_id, older_than=0)
        if self._taken(user_id) >= EVENTS_PER_USER:
            raise TooMuchAtOnce
        self._joining.setdefault(user_id, []).append(session_hash)
        try:
            yield
        finally:
            self._joining[user_id].remove(session_hash)
            if not self._joining[user_id]:
                del self._joining[user_id]
            self._give_back(user_id, session_hash)

    def add(self, joined: Joined) -> None:
        """Keep an account of an event."""
        self._events.setdefault(joined.user_id, {})[joined.event_id] = joined

    def watch(self, user_id: str, session_key: str, lasts: Callable[[], Awaitable[bool]]) -> None:
        """Look again and again whether a session goes on, as `lasts` says, while anything runs for it.

        When it does not, all that ends.
        """
        if session_key not in self._watchers and self._is_busy(user_id, session_key):
            watcher = asyncio.create_task(self._watch(user_id, session_key, SessionWatch(lasts)))
            self._watchers[session_key] = watcher  # the event loop itself keeps no task alive
            watcher.add_done_callback(lambda _: self._watchers.pop(session_key, None))

    def names(self, user_id: str, event: Event) -> bool:
        """Whether what a `cancel` says of an event is true, as far as that is known any more.

        Gradio would take the event's generator away and begin it again from the start.
        """
        known = self._events.get(user_id, {}).get(event.event_id)
        if known is None or not event.session_hash:
            return True
        return (known.session_hash, known.fn_index) == (event.session_hash, event.fn_index)

    @contextmanager
    def reading(self, user_id: str, session_hash: str) -> Iterator[None]:
        """Around a stream; when it ends with nothing left to say, Gradio's memory of it ends too.

        Raises TooMuchAtOnce, also for a second stream of a Gradio session: a page has one. Gradio would give
        each message to one of them, and fail at the end of the other, whose heartbeat then goes on for ever.
        """
        streams = self._streams.setdefault(user_id, set())
        if session_hash in streams or len(streams) >= STREAMS_PER_USER:
            raise TooMuchAtOnce
        streams.add(session_hash)
        try:
            yield
        finally:
            streams.remove(session_hash)
            if not streams:
                del self._streams[user_id]
            self._give_back(user_id, session_hash)

    async def _watch(self, user_id: str, session_key: str, session: SessionWatch) -> None:
        while self._is_busy(user_id, session_key):
            if await session.has_ended():
                await self._end(user_id, session_key)
                return
            self._forget_unread(user_id, UNREAD_SECONDS)
            await asyncio.sleep(streams.WATCH_SECONDS)

    async def _end(self, user_id: str, session_key: str) -> None:
        self._at_work.session_ended(session_key)
        while events := self._of_session(user_id, session_key):
            for each in events:
                await self._queue.stop(each.event_id)
            self._forget_unread(user_id, older_than=0)
            await asyncio.sleep(streams.WATCH_SECONDS)

    def _is_busy(self, user_id: str, session_key: str) -> bool:
        return bool(self._of_session(user_id, session_key)) or self._at_work.is_busy(session_key)

    def _of_session(self, user_id: str, session_key: str) -> list[Joined]:
        return [each for each in self._going_on(user_id) if each.session_key == session_key]

    def _taken(self, user_id: str) -> int:
        return len(self._joining.get(user_id, ())) + len(self._going_on(user_id))

    def _going_on(self, user_id: str) -> list[Joined]:
        """A user's events that are not over and read; the others are dropped from the account."""
        events = self._events.get(user_id, {})
        over = [each for each in events.values() if not self._is_going_on(each)]
        for each in over:
            del events[each.event_id]
            self._queue.clear(each.event_id)
        if not events:
            self._events.pop(user_id, None)
        for each in over:
            # A stream may end before the event does of which it told the end.
            self._give_back(user_id, each.session_hash)
        return list(events.values())

    def _give_back(self, user_id: str, session_hash: str) -> None:
        """End Gradio's memory of a Gradio session for which nothing is left."""
        events = self._events.get(user_id, {}).values()
        if not self._is_in_use(user_id, session_hash) and all(
            each.session_hash != session_hash or not self._is_going_on(each) for each in events
        ):
            self._queue.forget(session_hash)

    def _is_going_on(self, event: Joined) -> bool:
        is_unread = self._queue.is_unread(event.event_id, event.session_hash)
        return is_unread or self._queue.is_alive(event.event_id)

    def _is_in_use(self, user_id: str, session_hash: str) -> bool:
        """Whether a Gradio session is being read, or something is joining it."""
        in_use = self._streams.get(user_id, ()), self._joining.get(user_id, ())
        return any(session_hash in each for each in in_use)

    def _forget_unread(self, user_id: str, older_than: float) -> None:
        """Drop the results of a user's Gradio sessions that nobody reads and for which nothing runs."""
        tabs: dict[str, list[Joined]] = {}
        for each in self._going_on(user_id):
            tabs.setdefault(each.session_hash, []).append(each)
        for session_hash, events in tabs.items():
            is_new = any(self._now() - each.at < older_than for each in events)
            is_alive = any(self._queue.is_alive(each.event_id) for each in events)
            if not is_new and not is_alive and not self._is_in_use(user_id, session_hash):
                self._queue.forget(session_hash)
