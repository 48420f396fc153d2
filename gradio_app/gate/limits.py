"""How much a client may send, and for how long."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import anyio
from starlette.datastructures import Headers
from starlette.types import Message, Receive

from gradio_app.chat.attachments import FILE_BYTES

HEAD_BYTES = 32 * 1024
"""A request's line and headers; CloudFront passes on 20 KiB, the load balancer 64."""
HEAD_FIELDS = 100
FORM_BYTES = 16 * 1024
"""A login form; passwords have at most 256 characters."""
EVENT_BYTES = 512 * 1024
"""An event of the chat: the longest question has 128 kB, and an edit brings along what it was before."""
EVENT_PREFIX = "/gradio_api/"
DRAFT_BYTES = 1024 * 1024
"""A text that is being written; its route keeps less of it, and says so."""
DRAFT_PATH = "/draft"
ASSISTANT_FORM_BYTES = 128 * 1024
"""An assistant: 8,000 characters, each of them twelve bytes of a form at most."""
ASSISTANTS_PREFIX = "/assistants"
FILES_PATH = "/files"
"""Where a file for a message is uploaded."""
DOCUMENTS_PATH = "/documents/add"
"""Where documents to ask are."""
DOCUMENT_FORM_BYTES = 25_000_000 + 64 * 1024
"""The largest document, with the form around it."""
IMPORT_PATH = "/conversations/import"
IMPORT_FORM_BYTES = 5_000_000 + 64 * 1024
"""The largest file of conversations, with the form around it."""
LENGTH = re.compile(r"0*([0-9]{1,15})", re.ASCII)


@dataclass(frozen=True)
class Bounds:
    """What may be on its way at the same time.

    Attributes:
        each: bodies of one address of strangers, which a company or a class may share, or of one person.
        places: bodies of all of them.
        held_bytes: of all bodies that have arrived in part.
        seconds: for a whole body.
    """

    each: int
    places: int
    held_bytes: int
    seconds: float


BODIES = Bounds(each=32, places=256, held_bytes=64 * 1024 * 1024, seconds=30)
"""Of what is typed or pressed: an event of the largest size comes in time at half a megabit a second."""
UPLOADS = Bounds(each=2, places=32, held_bytes=64 * 1024 * 1024, seconds=100)
"""Of files: the largest comes in time at a megabit a second. They count until they are read and stored."""


class BodyTooLarge(Exception):
    """The client sends more than the address takes."""


class MalformedLength(Exception):
    """What the client says about its body's length is no number, or two."""


class BodyTooSlow(Exception):
    """The body has not arrived in its time."""


class TooManyBodies(Exception):
    """As many bodies are on their way as there may be, here or from this client's address."""


def head_is_too_large(path: bytes, query: bytes, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether a request's line and headers are more than any page of ours causes."""
    size = len(path) + len(query) + sum(len(name) + len(value) for name, value in headers)
    return len(headers) > HEAD_FIELDS or size > HEAD_BYTES


def limit_for(path: str) -> int:
    """The most bytes that a request's body may have."""
    if path == DRAFT_PATH:
        return DRAFT_BYTES
    if path.startswith(ASSISTANTS_PREFIX):
        return ASSISTANT_FORM_BYTES
    return EVENT_BYTES if path.startswith(EVENT_PREFIX) else FORM_BYTES


def upload_limit(method: str, path: str) -> int:
    """The most bytes of an upload at this address; 0 where none is taken."""
    uploads = {
        FILES_PATH: FILE_BYTES,
        DOCUMENTS_PATH: DOCUMENT_FORM_BYTES,
        IMPORT_PATH: IMPORT_FORM_BYTES,
    }
    return uploads.get(path, 0) if method == "POST" else 0


class Bodies:
    """The bodies that are on their way from one kind of clients: strangers, or people who are signed in."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._own_bounds = bounds
        self._reading: Counter[str] = Counter()
        self._held = 0

    @property
    def _bounds(self) -> Bounds:
        return self._own_bounds or BODIES

    async def read(self, receive: Receive, headers: Headers, limit: int, client: str) -> bytes:
        """The whole body, whatever its framing, before more than the limit is held; raises what is above."""
        async with self.held(receive, headers, limit, client) as body:
            return body

    @asynccontextmanager
    async def held(self, receive: Receive, headers: Headers, limit: int, client: str) -> AsyncIterator[bytes]:
        """The same; until the block ends it counts as on its way."""
        _check_length(headers.getlist("content-length"), limit)
        body = bytearray()
        with self._place(client):
            try:
                await self._read(receive, body, limit)
                yield bytes(body)
            finally:
                self._held -= len(body)

    async def _read(self, receive: Receive, body: bytearray, limit: int) -> None:
        try:
            with anyio.fail_after(self._bounds.seconds):
                while await self._more(receive, body, limit):
                    pass
        except TimeoutError:
            raise BodyTooSlow from None

    async def _more(self, receive: Receive, body: bytearray, limit: int) -> bool:
        """Take what has arrived; whether more is to come."""
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away while sending")
        arrived = message.get("body", b"")
        if len(body) + len(arrived) > limit:
            raise BodyTooLarge
        if self._held + len(arrived) > self._bounds.held_bytes:
            raise TooManyBodies
        body += arrived
        self._held += len(arrived)
        return message.get("more_body", False)

    @contextmanager
    def _place(self, client: str) -> Iterator[None]:
        if self._reading[client] >= self._bounds.each or self._reading.total() >= self._bounds.places:
            raise TooManyBodies
        self._reading[client] += 1
        try:
            yield
        finally:
            self._reading[client] -= 1
            if not self._reading[client]:
                del self._reading[client]


def _check_length(declared: list[str], limit: int) -> None:
    lengths = [LENGTH.fullmatch(text) for text in declared]
    if len(declared) > 1 or not all(lengths):
        raise MalformedLength
    if any(int(length[1]) > limit for length in lengths if length):
        raise BodyTooLarge


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out the body once more and then what the client does next."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
