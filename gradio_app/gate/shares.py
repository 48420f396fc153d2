"""A fair share: what one person sends at the same time is bounded, so that it makes nobody else wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

AT_ONCE = 8
"""Requests of one person that run at the same time; the others wait for them. A page makes two or three."""
IN_LINE = 56
"""Requests of one person that wait: some twenty tabs that a browser opens again at once."""


class TooMuchAtOnce(Exception):
    """The person has as much going on as one person may (HTTP 429)."""


@dataclass
class _Line:
    running: asyncio.Semaphore
    length: int = 0


class Shares:
    """One line of requests for each person who has any, of which `at_once` run."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def turn(self, user_id: str) -> AsyncIterator[None]:
        """Wait for a turn and keep it until the block ends; raises TooMuchAtOnce when the line is full."""
        line = self._lines.setdefault(user_id, _Line(asyncio.Semaphore(self._at_once)))
        if line.length >= self._at_once + IN_LINE:
            raise TooMuchAtOnce
        line.length += 1
        try:
            async with line.running:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[user_id]
