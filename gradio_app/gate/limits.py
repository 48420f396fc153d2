"""How much a client may send."""

from starlette.datastructures import Headers
from starlette.types import Message, Receive

FORM_BYTES = 16 * 1024
"""A login form; passwords have at most 256 characters."""
EVENT_BYTES = 512 * 1024
"""An event of the chat: the longest question has 128 kB, and an edit brings along what it was before."""
EVENT_PREFIX = "/gradio_api/"
DRAFT_BYTES = 1024 * 1024
"""A text that is being written; its route keeps less of it, and says so."""
DRAFT_PATH = "/draft"


class BodyTooLarge(Exception):
    """The client sends more than the address takes."""


def limit_for(path: str) -> int:
    """The most bytes that a request's body may have."""
    if path == DRAFT_PATH:
        return DRAFT_BYTES
    return EVENT_BYTES if path.startswith(EVENT_PREFIX) else FORM_BYTES


async def read_body(receive: Receive, headers: Headers, limit: int) -> bytes:
    """The whole body, whatever its framing; raises BodyTooLarge before more than the limit is held."""
    declared = headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise BodyTooLarge
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionResetError("the client went away while sending")
        body += message.get("body", b"")
        if len(body) > limit:
            raise BodyTooLarge
        if not message.get("more_body"):
            return bytes(body)


def replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out the body once more and then what the client does next."""
    pending: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again
