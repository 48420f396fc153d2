"""A command with a fault at each of its calls in turn: how it has to end, and what comes after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from tests.deployer.faults.cases import Case, Destroy, First, FirstThatFails, Plan
from tests.deployer.faults.process import Ended
from tests.deployer.faults.wire import ONCE, Fault, Kind, Point

POLLS = {"cloudformation:DescribeStackEvents", "cloudformation:DescribeChangeSet"}
"""What is asked again and again: how often depends on the machine's speed."""
POLLS_LOOKED_AT = 4
REMEDY = re.compile(
    r"try again|ask for|sign in again|wait a minute|wait until|same command|look again|run this again|`[^`]+`"
)
KILLED = -9


class Wrong(AssertionError):
    """What a fault led to, and should not."""


def points(case: Case) -> Sequence[Point]:
    """Every call of the command where nothing is wrong, polls up to a number."""
    case.prepare()
    ended = case.world.run(*case.arguments())
    calls = list(case.world.wire.calls)
    assert ended.code == case.code, f"without a fault: {ended}"
    case.require_done()
    return [each for each in calls if each.operation not in POLLS or each.number <= POLLS_LOOKED_AT]


def last_of_each(every: Sequence[Point]) -> list[Point]:
    """Each operation once: the last of its calls, which comes when most has been done."""
    numbers = Counter[str]()
    for each in every:
        numbers[each.operation] = max(numbers[each.operation], each.number)
    return [each for each in every if each.number == numbers[each.operation]]


def sample(every: Sequence[Point], turn: int) -> list[Point]:
    """Each operation that changes something, and one of those that read, another with each turn: read they
    all are by the same client, and what fails among them ends in the same place.
    """
    once = last_of_each(every)
    reading = [each for each in once if each.reads]
    kept = reading[turn % len(reading)] if reading else None
    return [each for each in once if not each.reads or each is kept]


def strike(case: Case, fault: Fault, *, destroyed: bool = False) -> Iterator[str]:
    """Have one call fail; yield what is wrong with what follows from it.

    The same command comes after it, or with `destroyed` the one that takes everything away.
    """
    world = case.world
    case.prepare()
    before = world.everything()
    ended = world.run(*case.arguments(), fault=fault)
    struck, changed = world.wire.struck, world.wire.changed
    if not struck:
        if fault.point.operation not in POLLS:
            yield "there was no such call this time"
        return
    left: list[str] = []
    if isinstance(case, Plan):
        left = list(_unnamed(world.everything() - before, ended))
    elif isinstance(case, FirstThatFails):
        left = list(_unnamed(case.kept(before), ended))
    untouched = not left if isinstance(case, Plan) else world.everything() == before
    yield from _ending(case, fault, ended, changed=changed, untouched=untouched)
    if fault.kind is not Kind.KILLED:
        yield from left
    again = None
    try:
        if destroyed:
            case.clear()
            return
        if changed and not (ended.code == case.code == 0):
            again = world.run(*case.arguments())
            # What was carried out already, and not heard of, cannot be done once more.
            if again.code != case.code and not (case.done_twice and case.done_twice in again.err):
                yield f"the same command again: {again.code} {again.err.strip()!r}"
        if changed:
            case.require_done()
    except AssertionError as error:
        yield f"afterwards: {error}"
    if isinstance(case, Destroy) and changed:
        yield from _unnamed(world.everything() - case.before, ended, *([again] if again else []))


def _unnamed(left: Iterable[str], *runs: Ended) -> Iterator[str]:
    """What is wrong when the commands have not said that this is left, by its id or its name."""
    said = " ".join((run.out + run.err).replace("\n", "") for run in runs)
    for each in sorted(left):
        names = each.rpartition(" ")[2].split("/")[-2:]
        if not any(name in said for name in names):
            yield f"left unnamed: {each}"


def _ending(case: Case, fault: Fault, ended: Ended, *, changed: bool, untouched: bool) -> Iterator[str]:
    """What is wrong with how the command ended that a fault struck."""
    if fault.kind is Kind.KILLED:
        if ended.code != KILLED:
            yield f"was not killed: {ended.code}"
        return
    if fault.kind in ONCE:
        if ended.code != case.code:
            yield f"an answer lost ends it: {ended.code} {ended.err.strip()!r}"
        return
    if ended.code == 0:
        return
    if ended.code not in (1, 2) or not ended.is_explained:
        yield f"ends with {ended.code} {ended.err.strip()!r}"
    elif not REMEDY.search(ended.err) and not _failed_by_itself(case, ended):
        yield f"says no remedy: {ended.err.strip()!r}"
    if ended.code == 2 and changed and not untouched:
        yield f"says that nothing was changed (2), and something was: {ended.err.strip()!r}"


def _failed_by_itself(case: Case, ended: Ended) -> bool:
    """Whether it ended as without a fault, and all is as before or it says what to do."""
    own = case.code == ended.code and case.own_end and case.own_end in ended.err
    return bool(own) and ("as it was before" in ended.err or bool(REMEDY.search(ended.out)))


def whole(case: Case, kinds: Sequence[Kind], *, once: bool) -> Iterator[tuple[Fault, str]]:
    """Every fault at every call, or at each operation `once`; yield what is wrong."""
    every = points(case)
    every = last_of_each(every) if once else every
    for destroyed in (False, True) if isinstance(case, First) else (False,):
        for kind in kinds:
            for point in every:
                fault = Fault(kind, point)
                for wrong in strike(case, fault, destroyed=destroyed):
                    yield fault, wrong + (" (then destroy)" if destroyed else "")
    case.clear()
