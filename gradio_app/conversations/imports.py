"""Files of conversations on their way in: one of a person at a time, those of several people by turns.

A long one is stored step by step, and between two steps whoever waits goes first: no file keeps others out
for as long as it takes.
"""

from gradio_app.conversations.bringing_in import BringingIn
from gradio_app.threads import Threads

AT_WORK = 2
"""Steps that are made at the same time; the others wait, whoever came first goes first."""
OF_ALL = 4
"""Files on their way at once: each is held with all that was read out of it, some 35 MB for the largest."""


class UnderWayError(Exception):
    """A file of this person is on its way already."""


class TooManyImportsError(Exception):
    """As many files are on their way as there may be."""


class Imports:
    """Counts from the request on, and gives back however one ends."""

    def __init__(self, bringing_in: BringingIn) -> None:
        self._bringing_in = bringing_in
        self._run = Threads(AT_WORK).run
        self._under_way: set[str] = set()

    async def bring_in(self, user_id: str, content: bytes, untitled: str) -> list[str]:
        """What stays behind of a file, once the rest is stored.

        Raises UnderWayError, TooManyImportsError, and what `BringingIn` does.
        """
        if user_id in self._under_way:
            raise UnderWayError
        if len(self._under_way) >= OF_ALL:
            raise TooManyImportsError
        self._under_way.add(user_id)
        try:
            steps = self._bringing_in.steps(user_id, content, untitled)
            while (left := await self._run(next, steps)) is None:
                pass
            return left
        finally:
            self._under_way.remove(user_id)
