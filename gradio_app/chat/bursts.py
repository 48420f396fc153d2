"""A model's answer, read in bursts: what has arrived since the page was last told is one piece of text.

A model writes a token every few milliseconds. Read one by one, each of them wakes the answer's thread, is
taken apart by botocore after a schema, made a message by langchain and in the end added to all the others.
Here the thread sleeps between two updates of the page, takes what is there by then, and hands on one event
with the text of all.

What is private to botocore and to urllib3 stands here alone, and tests/gradio_app/chat/test_bursts.py says
when it changes. An `EventStream` of botocore's that told what has arrived, without waiting for more, would
make this superfluous.
"""

import json
import ssl
import struct
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from botocore.eventstream import EventStreamBuffer, EventStreamHeaderParser

BURST_SECONDS = 0.1
"""Between two pieces of text: smooth to read."""
BURST_BYTES = 16_384
"""Read for one piece: an answer that is too long is cut at the end of one."""
PRELUDE = struct.Struct("!III")
"""Of a frame: its length, that of its headers, and the check sum of both. The frame's own is its end:
https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html"""
SUM_BYTES = 4
ENDS = {"contentBlockStop", "messageStop", "metadata"}
"""Events after which no text is under way."""


@dataclass
class _Text:
    """Text that goes on: an answer's, or the reasoning before it."""

    is_thought: bool
    block: int
    pieces: list[str]

    @property
    def event(self) -> dict[str, Any]:
        """As the model would have sent it at once."""
        told = {"text": "".join(self.pieces)}
        delta = {"reasoningContent": told} if self.is_thought else told
        return {"contentBlockDelta": {"delta": delta, "contentBlockIndex": self.block}}


class Bursts:
    """An event stream of botocore's for whoever only goes through it, as langchain does."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._response = stream._raw_stream
        self._rest = b""
        self._is_writing = False
        self.pieces = 0
        """Of how many the text was that was handed on."""

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The events, one for all text that arrived meanwhile; an error comes behind what came before it."""
        parts = self._response.stream()
        due = 0.0
        for part in parts:
            arrived, error = self._arrived(part, parts)
            yield from self._events(arrived)
            if error:
                raise error
            # The first words are shown at once, and nothing is waited for once there is no more text.
            if self._is_writing:
                due = max(due + BURST_SECONDS, time.monotonic())
                time.sleep(max(0.0, due - time.monotonic()))

    def _arrived(self, part: bytes, parts: Iterator[bytes]) -> tuple[bytes, Exception | None]:
        """This part and all that can be read after it without waiting, and what the reading ended with."""
        found, size = [part], len(part)
        try:
            while size < BURST_BYTES and self._has_more():
                found.append(next(parts, b""))
                size += len(found[-1])
        except Exception as error:  # noqa: BLE001 (raised again once what came before it was handed on)
            return b"".join(found), error
        return b"".join(found), None

    def _has_more(self) -> bool:
        file = self._response._fp.fp
        if file is None:  # all was read
            return False
        wire = file.raw._sock
        patience = wire.gettimeout()
        wire.settimeout(0)
        try:
            return bool(file.peek(1))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        finally:
            wire.settimeout(patience)

    def _events(self, arrived: bytes) -> Iterator[dict[str, Any]]:
        text: _Text | None = None
        for frame in self._frames(arrived):
            now = _text(frame)
            if now and text and (now.is_thought, now.block) == (text.is_thought, text.block):
                text.pieces += now.pieces
                continue
            if text:
                yield self._counted(text)
            text = now
            if now is None and (event := self._parsed(frame)):
                self._is_writing &= not event.keys() & ENDS
                yield event
        if text:
            yield self._counted(text)

    def _counted(self, text: _Text) -> dict[str, Any]:
        self.pieces += len(text.pieces)
        self._is_writing = True
        return text.event

    def _frames(self, arrived: bytes) -> Iterator[bytes]:
        """Whole frames; one whose length cannot be believed is all that there is, and botocore refuses it."""
        data, at = self._rest + arrived, 0
        while len(data) - at >= PRELUDE.size:
            size, _, told = PRELUDE.unpack_from(data, at)
            if zlib.crc32(data[at : at + PRELUDE.size - SUM_BYTES]) != told:
                size = len(data) - at
            if len(data) - at < size:
                break
            yield data[at : at + size]
            at += size
        self._rest = data[at:]

    def _parsed(self, frame: bytes) -> dict[str, Any] | None:
        """What botocore makes of a frame; raises what it does."""
        buffer = EventStreamBuffer()
        buffer.add_data(frame)
        return self._stream._parse_event(next(buffer))


def _text(frame: bytes) -> _Text | None:
    """The text of a frame that has nothing else; None leaves it to botocore."""
    _, head, told = PRELUDE.unpack_from(frame)
    if zlib.crc32(frame[: PRELUDE.size - SUM_BYTES]) != told:
        return None
    begin, end = PRELUDE.size + head, len(frame) - SUM_BYTES
    if not _is_delta(frame[PRELUDE.size : begin]) or zlib.crc32(frame[:end]) != int.from_bytes(frame[end:]):
        return None
    content = json.loads(frame[begin:end])
    delta, block = content["delta"], content["contentBlockIndex"]
    thought = delta.get("reasoningContent")
    said = delta if thought is None else thought
    if said.keys() != {"text"} or len(delta) != 1:
        return None
    return _Text(thought is not None, block, [said["text"]])


@lru_cache(maxsize=16)
def _is_delta(headers: bytes) -> bool:
    """Whether they are those of a piece of content; a stream's are the same each time."""
    told = EventStreamHeaderParser().parse(headers)
    return (told.get(":message-type"), told.get(":event-type")) == ("event", "contentBlockDelta")
