"""What the answers to people who ask at the same time have taken."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median, quantiles

from benchmarks.answers.crowd import Crowd, Load
from benchmarks.answers.followed import Followed
from benchmarks.answers.text import letters, pieces
from benchmarks.processes import processor_seconds, tree_seconds


@dataclass(frozen=True)
class Found:
    """What one run has taken; of milliseconds the median, the 95th percentile and the most."""

    ms_per_token: float
    """Of the processor, from the first question to the last page after an answer."""
    loop_ms_per_token: float
    """The part of it that the event loop's thread took."""
    streaming_ms_per_token: float
    """While all were being written: without the beginnings and the ends of turns."""
    bytes_per_token: float
    """On the wire, both ways, from the first question to the last page after an answer."""
    gap_ms: tuple[float, float, float]
    """Between two moments at which a page got more of the text."""
    first_ms: tuple[float, float, float]
    """From the question to the first of the text."""
    updates_per_answer: float
    tokens_per_second: float
    """Of all that came, from the first question to the end of the last answer."""
    lost: int
    """Answers that did not come, or not as they were written."""


async def measured(crowd: Crowd, pids: Sequence[int], load: Load) -> Found:
    """Have people ask what these processes serve, each once, who have asked once before."""
    try:
        await crowd.open()
        await crowd.ask(replace(load, tokens=1, arrive=0))
        before, loop_before = _seconds(pids), _loop_seconds(pids)
        watching = asyncio.create_task(_while_all_write(pids, load))
        followed = await crowd.ask(load)
        seconds, loop = _seconds(pids) - before, _loop_seconds(pids) - loop_before
        return _found(load, followed, seconds, loop, await watching)
    finally:
        await crowd.close()


def _seconds(pids: Sequence[int]) -> float:
    return sum(map(tree_seconds, pids))


def _loop_seconds(pids: Sequence[int]) -> float:
    """Those of event loops: in the thread that a process begins with, which has its number."""
    return sum(processor_seconds(f"{pid}/task/{pid}") for pid in pids)


async def _while_all_write(pids: Sequence[int], load: Load) -> float:
    """Processor seconds for each token of the time in which everybody is being written for."""
    await asyncio.sleep(load.arrive + 0.5)
    seconds = load.tokens / load.rate - load.arrive - 1.0
    before, begun = _seconds(pids), time.monotonic()
    await asyncio.sleep(seconds)
    taken = _seconds(pids) - before
    return taken / ((time.monotonic() - begun) * load.rate * load.streams)


def _found(
    load: Load, followed: list[Followed | None], seconds: float, loop: float, streaming: float
) -> Found:
    there = [each for each in followed if each]
    tokens = load.tokens * len(there) or 1
    wanted = letters("".join(pieces(load.tokens)))
    gaps = [later - earlier for each in there for earlier, later in pairwise(each.pieces)]
    firsts = [each.pieces[0] - each.asked for each in there if each.pieces]
    return Found(
        ms_per_token=1000 * seconds / tokens,
        loop_ms_per_token=1000 * loop / tokens,
        streaming_ms_per_token=1000 * streaming,
        bytes_per_token=sum(each.counted.sent + each.counted.received for each in there) / tokens,
        gap_ms=_spread(gaps),
        first_ms=_spread(firsts),
        updates_per_answer=sum(len(each.pieces) for each in there) / (len(there) or 1),
        tokens_per_second=tokens / (_length(there) or 1),
        lost=load.streams - sum(each.letters.endswith(wanted) or each.letters == wanted for each in there),
    )


def _length(followed: list[Followed]) -> float:
    """Seconds from the first question to the end of the last answer."""
    return max((each.done for each in followed), default=0) - min(
        (each.asked for each in followed), default=0
    )


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    in_ms = [1000 * each for each in seconds] or [0.0]
    high = quantiles(in_ms, n=20)[-1] if len(in_ms) > 1 else in_ms[0]
    return median(in_ms), high, max(in_ms)
