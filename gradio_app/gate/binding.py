"""Which user a Gradio session and a running event belong to.

Gradio takes both names from the client and asks nobody whose they are: who knows another's reads the
stream or stops it. Both live in this process, as its queue does, and so does this memory of them.
"""

from collections import OrderedDict
from collections.abc import Callable

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Message, Send

SESSIONS_PER_USER = 500
EVENTS_PER_USER = 2000
NAME_LENGTH = 128


class NotYours(Exception):
    """The request names a session or an event of another user, or none that is known (HTTP 403)."""


class Unknown(Exception):
    """The request names a session that nothing runs for (HTTP 404)."""


class Malformed(Exception):
    """The request does not name its session as the chat's page does (HTTP 400)."""


class Binding:
    """First use binds a session hash to its user; an event belongs to whom the queue gave its id.

    `is_running` tells whether Gradio has messages for a session; asked to stream any other, it fails.
    """

    def __init__(self, is_running: Callable[[str], bool]) -> None:
        self._is_running = is_running
        self._sessions = _Owners(SESSIONS_PER_USER)
        self._events = _Owners(EVENTS_PER_USER)

    def check_stream(self, user_id: str, query: bytes) -> None:
        """For `queue/data`, whose query names the session."""
        values = QueryParams(query).getlist("session_hash")
        if len(values) != 1:
            raise Malformed
        self._claim(user_id, values[0])
        if not self._is_running(values[0]):
            raise Unknown

    def check_event(self, user_id: str, path: str, body: bytes) -> None:
        """For a POST, whose JSON names the session, the event, or both."""
        try:
            event = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Malformed from None
        if not isinstance(event, dict):
            raise Malformed
        if not path.endswith("/reset"):
            self._claim(user_id, event.get("session_hash"))
        event_id = event.get("event_id")
        names_event = path.endswith(("/reset", "/cancel")) or event_id is not None
        if names_event and self._events.owner(event_id) != user_id:
            raise NotYours

    def event_started(self, user_id: str, answer: bytes) -> str:
        """Remember the event id in the queue's answer to `queue/join`; return it, "" when there is none."""
        try:
            event_id = orjson.loads(answer).get("event_id")
        except (orjson.JSONDecodeError, AttributeError):
            return ""
        if not isinstance(event_id, str):
            return ""
        self._events.claim(event_id, user_id)
        return event_id

    def _claim(self, user_id: str, session_hash: object) -> None:
        if not isinstance(session_hash, str) or not 0 < len(session_hash) <= NAME_LENGTH:
            raise Malformed
        if self._sessions.claim(session_hash, user_id) != user_id:
            raise NotYours


class JoinAnswer:
    """An ASGI `send` that passes the queue's answer on and remembers the event id in it."""

    def __init__(self, send: Send, binding: Binding, user_id: str) -> None:
        self._send = send
        self._binding = binding
        self._user_id = user_id
        self._body = bytearray()
        self.event_id = ""
        """What was joined, once the answer is through."""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                self.event_id = self._binding.event_started(self._user_id, bytes(self._body))
        await self._send(message)


class _Owners:
    """Names and their owners; a user beyond the limit forgets only names of their own, oldest use first."""

    def __init__(self, per_user: int) -> None:
        self._per_user = per_user
        self._owner: dict[str, str] = {}
        self._names: dict[str, OrderedDict[str, None]] = {}

    def owner(self, name: object) -> str | None:
        return self._owner.get(name) if isinstance(name, str) else None

    def claim(self, name: str, user_id: str) -> str:
        """Bind the name unless it is bound; return whose it is."""
        owner = self._owner.setdefault(name, user_id)
        if owner == user_id:
            names = self._names.setdefault(user_id, OrderedDict())
            names[name] = None
            names.move_to_end(name)
            if len(names) > self._per_user:
                forgotten, _ = names.popitem(last=False)
                del self._owner[forgotten]
        return owner
