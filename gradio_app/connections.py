"""What a connection may cost before anybody knows what it asks: bounds on top of uvicorn's.

uvicorn reads a request's head to its end, however long it gets and takes, and keeps a connection for as long
as bytes trickle in. The gate bounds what has arrived (`gate.limits`); here is what is still on its way.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from gradio_app.gate.limits import HEAD_BYTES

HEAD_SECONDS = 20
"""From a head's first byte to its last."""
LINGER_SECONDS = 5
"""For the rest of a body that nobody reads: who is still sending would see an end, and not why."""
CONNECTIONS = 4096
"""More than a task serves; each costs memory and a file."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. The methods are uvicorn's and httptools' callbacks."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._in_head = True
        self._head_has_begun = False
        self._head_bytes = 0
        """Of a head that is not complete."""
        self._trailer_bytes = 0
        self._deadline: asyncio.TimerHandle | None = None
        if len(self.connections) > CONNECTIONS:
            transport.abort()
        else:
            self._give(HEAD_SECONDS)

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            self._head_bytes += len(data)
            if self._deadline is None:
                self._give(HEAD_SECONDS)
        super().data_received(data)
        if self._in_head and self._head_bytes > HEAD_BYTES:
            self._end(b"431 Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_has_begun = True

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)
            return
        # After a body in chunks come more fields, which uvicorn would add to the head that was judged.
        self._trailer_bytes += len(name) + len(value)
        if self._trailer_bytes > HEAD_BYTES:
            self.transport.abort()

    def on_headers_complete(self) -> None:
        self._in_head = self._head_has_begun = False
        self._head_bytes = self._trailer_bytes = 0
        self._give(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head = True
        self._give(HEAD_SECONDS if self.cycle.response_complete else None)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head:
            self._give(LINGER_SECONDS)
        elif self._head_has_begun:
            self._give(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._give(None)
        super().connection_lost(exc)

    def _give(self, seconds: float | None) -> None:
        """So much time from now, instead of what there was before; None is without an end."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._too_late)

    def _too_late(self) -> None:
        if self._in_head:
            self._end(b"408 Request Timeout")
        else:
            self.transport.close()

    def _end(self, status: bytes) -> None:
        """Close, with a status unless a response is under way already."""
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete:
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            )
        self.transport.close()
