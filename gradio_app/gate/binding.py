"""Which user a Gradio session and an event belong to.

Gradio takes both names from the client and asks nobody whose they are: who knows another's reads the
stream or stops it. Both live in this process, as its queue does, and so does this memory of them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Message, Send

from gradio_app.gate import events
from gradio_app.gate.events import Event, Malformed, Offered

NAMES_PER_USER = 200
"""Gradio sessions of one user, and as many events: each open tab has one."""
NAME_SECONDS = 900
"""How long a name is remembered that nobody uses. Nothing is left in Gradio under it by then."""


class NotYours(Exception):
    """The request names a session or an event of another user, or none that is known (HTTP 403)."""


class Unknown(Exception):
    """The request names a session that nothing runs for (HTTP 404)."""


class Binding:
    """First use binds a session hash to its user; an event belongs to whom the queue gave its id.

    `is_running` tells whether Gradio has messages for a session; asked to stream any other, it fails.
    """

    def __init__(
        self,
        is_running: Callable[[str], bool],
        offered: Mapping[int, Offered],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._is_running = is_running
        self._offered = offered
        # What Gradio still holds for a session stays its owner's, however long that takes.
        self._sessions = _Owners(is_running, now)
        self._events = _Owners(lambda _: False, now)

    def check_stream(self, user_id: str, query: bytes) -> str:
        """For `queue/data`, whose query names the session; returns its name."""
        values = QueryParams(query).getlist("session_hash")
        if len(values) != 1:
            raise Malformed
        self._claim(user_id, events.checked_name(values[0]))
        if not self._is_running(values[0]):
            raise Unknown
        return values[0]

    def check_event(self, user_id: str, path: str, body: bytes) -> Event:
        """For a POST, whose JSON names the session, the event, or both."""
        said = events.parsed(body)
        if path.endswith("/reset"):
            self._check_owner(user_id, said.get("event_id"))
            return events.ended(said, named_by_session=False)
        self._claim(user_id, events.session_hash_in(said))
        if path.endswith("/cancel"):
            self._check_owner(user_id, said.get("event_id"))
            return events.ended(said, named_by_session=True)
        if said.get("event_id") is not None:
            self._check_owner(user_id, said["event_id"])
        return events.started(said, self._offered, queued=path.endswith("/join"))

    def event_started(self, user_id: str, reply: bytes) -> str:
        """Remember the event id in the queue's reply to `queue/join`; return it, "" when there is none."""
        try:
            event_id = orjson.loads(reply).get("event_id")
        except (orjson.JSONDecodeError, AttributeError):
            return ""
        if not isinstance(event_id, str):
            return ""
        self._events.claim(event_id, user_id)
        return event_id

    def _check_owner(self, user_id: str, event_id: object) -> None:
        if self._events.owner(event_id) != user_id:
            raise NotYours

    def _claim(self, user_id: str, session_hash: str) -> None:
        if self._sessions.claim(session_hash, user_id) != user_id:
            raise NotYours


class JoinReply:
    """An ASGI `send` that passes the queue's reply on and remembers the event id in it."""

    def __init__(self, send: Send, binding: Binding, user_id: str) -> None:
        self._send = send
        self._binding = binding
        self._user_id = user_id
        self._body = bytearray()
        self.event_id = ""
        """What was joined, once the reply is through."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self.event_id = self._binding.event_started(self._user_id, bytes(self._body))
        await self._send(message)


class _Owners:
    """Names and their owners: of each NAMES_PER_USER, the oldest giving way, and none unused for long."""

    def __init__(self, is_held: Callable[[str], bool], now: Callable[[], float]) -> None:
        self._is_held = is_held
        self._now = now
        self._owner: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """By last use, oldest first."""
        self._names: dict[str, OrderedDict[str, None]] = {}

    def owner(self, name: object) -> str | None:
        return self._owner[name][0] if isinstance(name, str) and name in self._owner else None

    def claim(self, name: str, user_id: str) -> str:
        """Bind the name unless it is bound; return whose it is."""
        self._forget_unused()
        owner = self._owner.get(name, (user_id, 0.0))[0]
        if owner == user_id:
            self._use(name, user_id)
            names = self._names[user_id]
            if len(names) > NAMES_PER_USER:
                self._forget(next((each for each in names if not self._is_held(each)), name))
        return owner

    def _use(self, name: str, user_id: str) -> None:
        self._owner[name] = (user_id, self._now())
        self._owner.move_to_end(name)
        names = self._names.setdefault(user_id, OrderedDict())
        names[name] = None
        names.move_to_end(name)

    def _forget_unused(self) -> None:
        while self._owner:
            name, (user_id, used) = next(iter(self._owner.items()))
            if self._now() - used < NAME_SECONDS:
                return
            if self._is_held(name):
                self._use(name, user_id)
            else:
                self._forget(name)

    def _forget(self, name: str) -> None:
        user_id, _ = self._owner.pop(name)
        names = self._names[user_id]
        del names[name]
        if not names:
            del self._names[user_id]
