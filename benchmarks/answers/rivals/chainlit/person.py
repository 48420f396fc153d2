"""Somebody at Chainlit's page: Socket.IO's events over one WebSocket."""

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from benchmarks.answers.followed import Followed
from benchmarks.answers.rivals.chainlit.page import Page
from benchmarks.answers.text import letters
from benchmarks.answers.websocket import WebSocket
from benchmarks.answers.wire import Counted

SOCKET = "/ws/socket.io/?EIO=4&transport=websocket"
PING, PONG, CONNECT, EVENT = "2", "3", "40", "42"
"""The heads of packets: one digit of Engine.IO, and one of Socket.IO in a message."""


class Person:
    """A browser with one tab."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._counted = Counted()
        self._socket = WebSocket(self._counted)

    async def open(self) -> None:
        """Connect, as the page does once it is there."""
        await self._socket.open(self._address, SOCKET)
        session = {"clientType": "webapp", "sessionId": str(uuid.uuid4()), "threadId": "", "userEnv": "{}"}
        await self._packet()
        self._socket.send(CONNECT + json.dumps(session | {"chatProfile": ""}, separators=(",", ":")))
        if not (answer := await self._packet()).startswith(CONNECT):
            raise ConnectionError(f"the connection was refused: {answer}")
        self._emit("connection_successful")
        self._emit("fetch_favorites")
        while (await self._event())[0] != "clear_call_fn":
            pass

    async def ask(self, question: str) -> Followed:
        """Ask and follow the answer to the end of what the question has begun."""
        followed, before = Followed(), self._counted.copy()
        followed.asked = time.monotonic()
        self._emit("client_message", {"message": self._message(question), "fileReferences": []})
        page, text = Page(), ""
        while not page.is_settled:
            page.show(await self._event())
            if page.answer != text:
                text = page.answer
                followed.pieces.append(time.monotonic())
        followed.done = time.monotonic()
        followed.letters = letters(text)
        followed.counted = self._counted.since(before)
        return followed

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()

    def _message(self, question: str) -> dict[str, Any]:
        return {
            "threadId": "",
            "id": str(uuid.uuid4()),
            "name": "User",
            "type": "user_message",
            "output": question,
            "createdAt": datetime.now(UTC).isoformat(),
            "metadata": {"location": f"{self._address}/"},
        }

    def _emit(self, *event: Any) -> None:
        self._socket.send(EVENT + json.dumps(event, separators=(",", ":")))

    async def _event(self) -> list[Any]:
        """The next one: its name, and what it says."""
        while not (packet := await self._packet()).startswith(EVENT):
            pass
        return json.loads(packet.removeprefix(EVENT))

    async def _packet(self) -> str:
        while (packet := (await self._socket.message()).decode()) == PING:
            self._socket.send(PONG)
        return packet
