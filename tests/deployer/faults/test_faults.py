"""Each operation that changes something fails once, and some that read, in one of the ways in turn.

All ways at all calls take hours, by `python -m tests.deployer.faults`.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deployer.faults import cases
from tests.deployer.faults.cases import CASES, FirstThatFails, World
from tests.deployer.faults.sweep import points, sample, strike
from tests.deployer.faults.wire import Fault, Kind, Point
from tests.emulator_fixture import RunningEmulator

pytestmark = [pytest.mark.long, pytest.mark.slow]

KINDS = list(Kind)
TRIED = (
    "deploy first",
    "deploy update",
    "destroy data",
    "rollback",
    "continue-rollback",
    "user-forget",
    "github",
)


@pytest.fixture(scope="module")
def world(emulator: RunningEmulator) -> Iterator[World]:
    """Commands against the emulator."""
    with cases.world(emulator) as here:
        yield here


@pytest.mark.parametrize("name", TRIED)
def test_whatever_fails_is_one_sentence_and_the_same_command_goes_on(world: World, name: str) -> None:
    case = CASES[name](world)
    wrong: list[str] = []
    turn = TRIED.index(name)
    for number, point in enumerate(sample(points(case), turn), turn):
        fault = Fault(KINDS[number % len(KINDS)], point)
        wrong += [f"{fault.kind} at {point}: {each}" for each in strike(case, fault)]
    case.clear()
    assert not wrong, "\n".join(wrong)


FAILED = (
    (Fault(Kind.DENIED, Point("kms:ScheduleKeyDeletion")), True),
    (Fault(Kind.CUT, Point("cognito-idp:DeleteUserPool")), False),
    (Fault(Kind.KILLED, Point("dynamodb:DeleteTable")), True),
)


@pytest.mark.parametrize(("fault", "destroyed"), FAILED)
def test_what_a_failed_first_try_cannot_clear_is_named_and_taken_up(
    world: World, fault: Fault, destroyed: bool
) -> None:
    """By the same command or by `destroy`, without a word about data."""
    case = FirstThatFails(world)
    wrong = list(strike(case, fault, destroyed=destroyed))
    if not destroyed:
        case.clear()
    assert not wrong, "\n".join(wrong)
