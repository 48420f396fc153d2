"""The places of one task: so many answers are written at once, and who comes then waits in line for one.

More answers at once than the task's processor carries would slow all of them down, those first that are
nearly done. So whoever comes then is told at once which number in line is theirs, and only the order decides.
A person's second question stands behind the first ones of all others, until the first is done.
"""

import contextvars
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gradio_app.chat.streaming import RunningAnswer

PLACES = 32
"""Answers that half a virtual CPU writes at once: 48 at 20 tokens a second took 0.70 of a core
(docs/performance.md)."""

Work = Callable[[], None]


@dataclass(frozen=True)
class _Waiting:
    answer: RunningAnswer
    work: Work
    context: contextvars.Context
    """Of the request, whose id the lines in the log carry; not of the one whose end gave the place."""

    def begin(self) -> None:
        self.context.run(self.work)


class Places:
    """Who has a place and who waits for one. `Running` calls it with its lock held.

    As many may wait as there are places, so the last of them waits for about as long as an answer takes.
    """

    def __init__(self, places: int = PLACES) -> None:
        self.most = places
        self._taken: list[RunningAnswer] = []
        self._first: list[_Waiting] = []
        """Of each person one, in the order in which they came: nobody is ever put before any of them."""
        self._behind: list[_Waiting] = []
        """Of people who have a place already, or stand in line already."""

    def has_room(self, listed: int, of_person: int) -> bool:
        """Whether one more may be listed, when so many are, of which some are the same person's.

        A second one of a person may take the first half of the line only.
        """
        return listed < self.most + (self.most // 2 if of_person else self.most)

    @property
    def is_free(self) -> bool:
        """Whether who asks now need not wait."""
        return len(self._taken) < self.most

    def ask(self, answer: RunningAnswer, work: Work) -> Work | None:
        """A place for this answer: what to run for it now, or nothing when it waits in line."""
        waiting = _Waiting(answer, work, contextvars.copy_context())
        if self.is_free:
            self._taken.append(answer)
            return waiting.begin
        (self._behind if self._has_other(answer.user_id) else self._first).append(waiting)
        self._number()
        return None

    def give_up(self, answer: RunningAnswer) -> Work | None:
        """Take an answer out of the line: what to run for it without a place, for it was stopped."""
        waiting = next((each for each in self._line() if each.answer is answer), None)
        if waiting is None:
            return None
        (self._first if waiting in self._first else self._behind).remove(waiting)
        answer.stand_in_line(0)
        self._move_up(answer.user_id)
        self._number()
        return waiting.begin

    def give_back(self, answer: RunningAnswer) -> list[Work]:
        """An answer has ended: what to run now, for the next in line."""
        if answer not in self._taken:
            return []
        self._taken.remove(answer)
        self._move_up(answer.user_id)
        next_ones: list[Work] = []
        while self.is_free and (line := self._first or self._behind):
            waiting = line.pop(0)
            self._taken.append(waiting.answer)
            waiting.answer.stand_in_line(0)
            next_ones.append(waiting.begin)
        self._number()
        return next_ones

    def _has_other(self, user_id: str) -> bool:
        of_person = [*self._taken, *(each.answer for each in self._first)]
        return any(each.user_id == user_id for each in of_person)

    def _move_up(self, user_id: str) -> None:
        """Who has nothing else going on any more stands in line like everybody, as if they had come now."""
        theirs = next((each for each in self._behind if each.answer.user_id == user_id), None)
        if theirs and not self._has_other(user_id):
            self._behind.remove(theirs)
            self._first.append(theirs)

    def _line(self) -> Iterator[_Waiting]:
        yield from self._first
        yield from self._behind

    def _number(self) -> None:
        for number, waiting in enumerate(self._line(), 1):
            waiting.answer.stand_in_line(number)
