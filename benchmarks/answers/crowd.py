"""People who ask at the same time. Standard library only: rivals' environments have nothing else of ours."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from benchmarks.answers.followed import Followed
from benchmarks.answers.text import question


@dataclass(frozen=True)
class Load:
    """How many people ask at the same time, for how many tokens each, written so many a second."""

    streams: int
    tokens: int
    rate: int
    arrive: int
    """Seconds over which they begin, evenly."""


class Asker(Protocol):
    """Somebody with a page, in the protocol of the product that serves it."""

    async def open(self) -> None:
        """Load the page."""
        ...

    async def ask(self, question: str) -> Followed:
        """Ask and follow the answer to its end."""
        ...

    def close(self) -> None:
        """Close the tab."""
        ...


class Crowd(Protocol):
    """Some of them, here or in a process of their own."""

    async def open(self) -> None:
        """Have all of them load their pages."""
        ...

    async def ask(self, load: Load) -> list[Followed | None]:
        """Have each ask once; None stands for an answer that did not come."""
        ...

    async def close(self) -> None:
        """Have them leave."""
        ...


class People:
    """A crowd in this process."""

    def __init__(self, people: Sequence[Asker]) -> None:
        self._people = people

    async def open(self) -> None:
        """One after the other."""
        for person in self._people:
            await person.open()

    async def ask(self, load: Load) -> list[Followed | None]:
        """Tells the first reason of those that failed."""

        async def one(number: int, person: Asker) -> Followed:
            await asyncio.sleep(number / load.streams * load.arrive)
            return await person.ask(question(load.tokens, load.rate))

        asking = (one(number, person) for number, person in enumerate(self._people))
        found = await asyncio.gather(*asking, return_exceptions=True)
        failed = [each for each in found if isinstance(each, Exception)]
        if failed:
            print(f"{len(failed)} failed, the first one: {failed[0]!r}", file=sys.stderr, flush=True)
        return [None if isinstance(each, BaseException) else each for each in found]

    async def close(self) -> None:
        """Close all tabs."""
        for person in self._people:
            person.close()
