"""A process that ends while it writes answers: as a deployment ends it, or as a failure does."""

import asyncio
import os
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import accumulate
from statistics import median

from benchmarks.answers.crowd import Load, People
from benchmarks.answers.followed import Followed
from benchmarks.answers.person import Person
from benchmarks.answers.running import World, world
from benchmarks.answers.text import letters, pieces
from benchmarks.growth.balancer import balanced
from gradio_app.login.cookies import session_cookie
from gradio_app.store.conversations import Conversations

HALF = 0.5
"""Of an answer is written when the process is told to end."""


@dataclass(frozen=True)
class Replaced:
    """What a deployment lost: answers that did not come whole."""

    under_way: int
    afterwards: int
    sent_again: int
    """Questions that the ending process refused, and the next one took."""


@dataclass(frozen=True)
class Killed:
    """What a failure lost: seconds of each answer that a page had shown and the table has not; sessions."""

    seconds: list[float]
    sessions: int


async def replaced(load: Load) -> Replaced:
    """A process is asked to end, as ECS does it; the next one takes its people. Raises CannotMeasure."""
    with ExitStack() as stack:
        people, pid, _ = _people(stack, stack.enter_context(world()), load)
        crowd = People(people)
        first = await _ended_half_way(crowd, load, pid, signal.SIGTERM)
        second = await crowd.ask(load)
        await crowd.close()
        return Replaced(_lost(first, load), _lost(second, load), sum(each.refused for each in people))


async def killed(load: Load) -> Killed:
    """A process is killed, and the next one shows what there is. Raises CannotMeasure."""
    with ExitStack() as stack:
        people, pid, around = _people(stack, stack.enter_context(world()), load)
        crowd = People(people)
        await _ended_half_way(crowd, load, pid, signal.SIGKILL)
        store = Conversations(around.table)
        stored = [store.page(f"id-of-{number}", each.conversation) for number, each in enumerate(people)]
        seconds = [
            _seconds(len(person.letters), len(letters(_last(page))), load)
            for person, page in zip(people, stored, strict=True)
        ]
        await crowd.close()
        again = await asyncio.gather(*(each.open() for each in people), return_exceptions=True)
        await crowd.close()
        return Killed(seconds, sum(isinstance(each, BaseException) for each in again))


async def _ended_half_way(
    crowd: People, load: Load, pid: int, number: signal.Signals
) -> list[Followed | None]:
    """How everybody followed an answer while the process that writes it got this signal."""
    await crowd.open()
    answering = asyncio.create_task(crowd.ask(load))
    await asyncio.sleep(load.arrive + HALF * load.tokens / load.rate)
    os.kill(pid, number)
    return await answering


def told(load: Load) -> dict[str, object]:
    """Measure both, and tell it."""
    whole = asyncio.run(replaced(load))
    print(
        f"replaced under {load.streams} answers: {whole.under_way} of those under way were lost, and "
        f"{whole.afterwards} of the next ones; {whole.sent_again} questions had to be sent again",
        flush=True,
    )
    cut = asyncio.run(killed(load))
    print(
        f"killed under {load.streams} answers: {median(cut.seconds):.1f} s of an answer were lost (median), "
        f"{max(cut.seconds):.1f} s at most, and {cut.sessions} sessions"
    )
    return {"replaced": vars(whole), "killed": vars(cut)}


def _people(stack: ExitStack, around: World, load: Load) -> tuple[list[Person], int, World]:
    (first, pid), (other, _) = (stack.enter_context(around.application()) for _ in range(2))
    cookie = session_cookie(https=False).name
    address = stack.enter_context(balanced([first], cookie, next_one=other))
    return [Person(address, around.signed_in(f"{number}")) for number in range(load.streams)], pid, around


def _lost(followed: list[Followed | None], load: Load) -> int:
    wanted = letters("".join(pieces(load.tokens)))
    return sum(each is None or not each.letters.endswith(wanted) for each in followed)


def _last(page: object) -> str:
    turns = getattr(page, "turns", ())
    return turns[-1].answer.text if turns and turns[-1].answer else ""


def _seconds(shown: int, stored: int, load: Load) -> float:
    """How long the model took for what lies between so many letters of its answer."""
    ends = list(accumulate(len(letters(piece)) for piece in pieces(load.tokens)))
    tokens = [sum(end <= count for end in ends) for count in (shown, stored)]
    return max(0, tokens[0] - tokens[1]) / load.rate
