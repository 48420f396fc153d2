"""HTTP as a browser speaks it to one address, with every byte counted; no more than is needed here."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

LIMIT = 64 * 1024 * 1024


@dataclass
class Counted:
    """Bytes on all connections of somebody, requests and responses with their heads."""

    sent: int = 0
    received: int = 0

    def copy(self) -> "Counted":
        """As much, for later."""
        return Counted(self.sent, self.received)

    def since(self, before: "Counted") -> "Counted":
        """What has been added."""
        return Counted(self.sent - before.sent, self.received - before.received)


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Wire:
    """One connection that stays open."""

    def __init__(self, host: str, port: int, headers: dict[str, str], counted: Counted) -> None:
        self._place = host, port
        self._headers = {"host": f"{host}:{port}", "accept-encoding": "gzip", **headers}
        self._counted = counted
        self._reader = asyncio.StreamReader()
        self._writer: asyncio.StreamWriter | None = None

    async def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> Response:
        """The whole response; a closed connection is opened again once."""
        status, told = await self._begin(method, path, body, headers)
        content = b"".join([part async for part in self._body(told)])
        return Response(status, told, content)

    async def lines(self, path: str) -> AsyncIterator[str]:
        """The lines of a response that does not end yet."""
        status, told = await self._begin("GET", path, b"", {"accept": "text/event-stream"})
        if status != 200:
            raise ConnectionError(f"{path} was answered with {status}")
        rest = b""
        async for part in self._body(told):
            *whole, rest = (rest + part).split(b"\n")
            for line in whole:
                yield line.decode()

    def close(self) -> None:
        """Hang up."""
        if self._writer:
            self._writer.close()

    async def _begin(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, dict[str, str]]:
        if self._writer is None or self._writer.is_closing() or self._reader.at_eof():
            self._reader, self._writer = await asyncio.open_connection(*self._place, limit=LIMIT)
        told = self._headers | headers | ({"content-length": str(len(body))} if method == "POST" else {})
        head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in told.items()) + "\r\n"
        self._counted.sent += len(head) + len(body)
        self._writer.write(head.encode() + body)
        first, *lines = (await self._until(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(":") for line in lines if line)
        return int(first.split()[1]), {name.lower(): value.strip() for name, _, value in pairs}

    async def _body(self, headers: dict[str, str]) -> AsyncIterator[bytes]:
        zipped = zlib.decompressobj(31) if headers.get("content-encoding") == "gzip" else None
        async for part in self._parts(headers):
            if content := zipped.decompress(part) if zipped else part:
                yield content

    async def _parts(self, headers: dict[str, str]) -> AsyncIterator[bytes]:
        if headers.get("transfer-encoding") != "chunked":
            if size := int(headers.get("content-length", 0)):
                yield await self._exactly(size)
            return
        while size := int(await self._until(b"\r\n"), 16):
            yield (await self._exactly(size + 2))[:-2]
        await self._exactly(2)

    async def _until(self, end: bytes) -> bytes:
        data = await self._reader.readuntil(end)
        self._counted.received += len(data)
        return data

    async def _exactly(self, size: int) -> bytes:
        data = await self._reader.readexactly(size)
        self._counted.received += len(data)
        return data
