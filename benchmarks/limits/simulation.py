"""The line of one task, with the product's own places: who comes when, and who waits for how long."""

import heapq
import itertools
from dataclasses import dataclass
from random import Random
from typing import Any

from gradio_app.chat.places import Places


@dataclass
class Person:
    """Stands for the answer to one question, as far as `Places` looks at it."""

    user_id: str
    came: float
    in_line: int = 0

    def stand_in_line(self, number: int) -> None:
        """Which number it has."""
        self.in_line = number


@dataclass(frozen=True)
class Seen:
    """What became of all questions."""

    questions: int
    waited: int
    refused: int
    longest_seconds: float

    @property
    def waiting_share(self) -> float:
        """Of the questions, those that found no place when they came."""
        return (self.waited + self.refused) / self.questions


def simulate(load: float, places: int, answer_seconds: float, questions: int, seed: int = 1) -> Seen:
    """Let so many people ask once each, at random moments, so that `load` answers are written on average.

    Times between two questions and lengths of answers are exponential, as Erlang takes them to be.
    """
    random = Random(seed)  # noqa: S311 (nothing secret is drawn)
    line, order = Places(places), itertools.count()
    ends: list[tuple[float, int, Any]] = []
    waits: list[float] = []
    listed = refused = 0
    now = 0.0

    def begin(person: Person) -> None:
        if now > person.came:
            waits.append(now - person.came)
        heapq.heappush(ends, (now + random.expovariate(1 / answer_seconds), next(order), person))

    comes = 0.0
    for number in range(questions):
        comes += random.expovariate(load / answer_seconds)
        while ends and ends[0][0] <= comes:
            now, _, ended = heapq.heappop(ends)
            listed -= 1
            for work in line.give_back(ended):
                work()
        now = comes
        if not line.has_room(listed, 0):
            refused += 1
            continue
        listed += 1
        person: Any = Person(str(number), now)
        if work := line.ask(person, lambda person=person: begin(person)):
            work()
    return Seen(questions, len(waits), refused, max(waits, default=0.0))
