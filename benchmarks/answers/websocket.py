"""A WebSocket as a browser opens it, with every byte counted."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any

from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import DATA_OPCODES, Frame
from websockets.protocol import State
from websockets.uri import parse_uri

from benchmarks.answers.wire import LIMIT, Counted

READ_BYTES = 64 * 1024


class WebSocket:
    """One connection; `counted` grows by what goes over it, heads and frames and all."""

    def __init__(self, counted: Counted) -> None:
        self._counted = counted
        self._protocol: Any = None
        self._reader: Any = None
        self._writer: asyncio.StreamWriter | None = None
        self._parts: list[bytes] = []
        self._messages: deque[bytes] = deque()

    async def open(self, address: str, path: str, subprotocols: Sequence[Any] = ()) -> None:
        """Connect to a path of `http://HOST:PORT`. Raises ConnectionError when it is refused."""
        uri = parse_uri(address.replace("http://", "ws://") + path)
        self._protocol = ClientProtocol(
            uri,
            origin=address,  # type: ignore[arg-type]
            # Browsers offer it; the server decides whether messages are compressed.
            extensions=[ClientPerMessageDeflateFactory(client_max_window_bits=True)],
            subprotocols=subprotocols or None,
            max_size=LIMIT,
        )
        self._reader, self._writer = await asyncio.open_connection(uri.host, uri.port, limit=LIMIT)
        self._protocol.send_request(self._protocol.connect())
        self._flush()
        while self._protocol.state is State.CONNECTING and not self._protocol.handshake_exc:
            await self._receive()
        if self._protocol.handshake_exc:
            raise ConnectionError(f"{path} was refused: {self._protocol.handshake_exc}")

    def send(self, message: str | bytes) -> None:
        """As text or as bytes."""
        if isinstance(message, str):
            self._protocol.send_text(message.encode())
        else:
            self._protocol.send_binary(message)
        self._flush()

    async def message(self) -> bytes:
        """The next one, text as UTF-8. Raises ConnectionError when the connection has ended."""
        while not self._messages:
            await self._receive()
        return self._messages.popleft()

    def close(self) -> None:
        """Hang up."""
        if self._writer:
            self._writer.close()

    async def _receive(self) -> None:
        data = await self._reader.read(READ_BYTES)
        if not data:
            raise ConnectionError("the server has hung up")
        self._counted.received += len(data)
        self._protocol.receive_data(data)
        self._flush()
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self._parts.append(bytes(event.data))
                if event.fin:
                    self._messages.append(b"".join(self._parts))
                    self._parts = []

    def _flush(self) -> None:
        """What there is to be sent, also in answer to a ping."""
        for data in self._protocol.data_to_send():
            self._counted.sent += len(data)
            if self._writer:
                self._writer.write(data)
