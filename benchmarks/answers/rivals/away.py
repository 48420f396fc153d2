"""A crowd in a process of its own, for a rival's protocol is in the rival's packages."""

import asyncio
import json
from asyncio.subprocess import PIPE, Process
from dataclasses import asdict
from typing import Any

from benchmarks.answers.crowd import Load
from benchmarks.answers.followed import Followed
from benchmarks.answers.rivals import REPOSITORY, Rival
from benchmarks.answers.wire import LIMIT, Counted
from benchmarks.errors import CannotMeasure


class Away:
    """So many people at the pages of a rival that runs at this address."""

    def __init__(self, rival: Rival, address: str, count: int) -> None:
        self._rival = rival
        self._arguments = rival.product, address, str(count)
        self._process: Process | None = None

    async def open(self) -> None:
        """Start the process. Raises CannotMeasure when they cannot load their pages."""
        self._process = await asyncio.create_subprocess_exec(
            *(self._rival.python, "-m", "benchmarks.answers.rivals.people", *self._arguments),
            cwd=REPOSITORY,
            stdin=PIPE,
            stdout=PIPE,
            limit=LIMIT,
        )
        await self._line()

    async def ask(self, load: Load) -> list[Followed | None]:
        """Tell them to, and what came of it."""
        if self._process and self._process.stdin:
            self._process.stdin.write(json.dumps(asdict(load)).encode() + b"\n")
        return [each and _followed(each) for each in json.loads(await self._line())]

    async def close(self) -> None:
        """There is nothing more to ask."""
        if self._process and self._process.stdin:
            self._process.stdin.close()
            await self._process.wait()

    async def _line(self) -> bytes:
        line = await self._process.stdout.readline() if self._process and self._process.stdout else b""
        if not line:
            raise CannotMeasure(f"Those who ask {self._rival.product} have failed; above is why.")
        return line


def _followed(told: dict[str, Any]) -> Followed:
    return Followed(**{**told, "counted": Counted(**told["counted"])})
