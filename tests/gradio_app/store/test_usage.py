"""What people spend of a day's tokens: counted once, whatever becomes of a call, a write or a task."""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gradio_app.store import schema
from gradio_app.store.table import Table, TableUnreachable
from gradio_app.store.usage import LEASE_SECONDS, BudgetSpentError, Reservation, Usage
from tests.gradio_app.in_process import BUSY, LOST, TWICE, UNHEARD, InProcess

DAY = 20_000 * 86_400
LIMIT = 1_000


class World:
    """A table, a clock, and tasks that share both."""

    def __init__(self, limit: int = LIMIT) -> None:
        name = f"usage-{uuid4().hex}"
        self.client = InProcess(name)
        self.table = Table(self.client, name, sleep=lambda _: None)
        self.now = float(DAY)
        self.limit = limit

    def task(self) -> Usage:
        """Another task's view of it."""
        return Usage(self.table, self.limit, lambda: self.now)

    @property
    def counted(self) -> int:
        """Tokens of all days."""
        return sum(item["tokens"] for item in self.items("USAGE#"))

    @property
    def reservations(self) -> list[dict[str, Any]]:
        """What is set aside."""
        return self.items("RESERVATION#")

    def items(self, prefix: str) -> list[dict[str, Any]]:
        """Items of ana's."""
        return list(self.table.query(schema.person("ana"), prefix=prefix))


@pytest.fixture
def world() -> World:
    return World()


def reserve(usage: Usage, tokens: int, least: int = 0) -> Reservation:
    reservation = usage.reservation("ana", tokens, least)
    usage.reserve(reservation)
    return reservation


def test_tokens_are_set_aside_and_settled(world: World) -> None:
    usage = world.task()
    reservation = reserve(usage, 600)
    assert world.counted == 600
    with pytest.raises(BudgetSpentError):
        reserve(usage, 401)
    assert world.counted == 600

    assert usage.begin(reservation)
    usage.settle(reservation, 100)
    assert (world.counted, world.reservations) == (100, [])
    reserve(usage, 900)
    with pytest.raises(BudgetSpentError):
        reserve(usage, 1)


def test_each_user_has_a_budget_of_their_own(world: World) -> None:
    usage = world.task()
    for user in ("ana", "berta"):
        usage.reserve(usage.reservation(user, LIMIT))


def test_a_call_beyond_the_whole_budget_is_refused(world: World) -> None:
    with pytest.raises(BudgetSpentError):
        world.task().reservation("ana", LIMIT + 1)


def test_zero_is_no_limit_but_counts() -> None:
    world = World(0)
    usage = world.task()
    usage.settle(reserve(usage, 10**9), 7)
    assert world.counted == 7


def test_it_is_settled_once_by_whoever_and_however_often(world: World) -> None:
    usage = world.task()
    reservation = reserve(usage, 600)
    usage.settle(reservation, 100)
    world.now += 1
    usage.settle(reservation, 100)
    usage.settle(reservation, 600)
    world.task().settle(reservation, 0)
    assert world.counted == 100


def test_it_is_settled_on_its_own_day(world: World) -> None:
    usage = world.task()
    reservation = reserve(usage, 600)
    world.now += 86_400
    usage.settle(reservation, 100)
    assert [item["tokens"] for item in world.items("USAGE#")] == [100]
    assert reserve(usage, LIMIT).day != reservation.day


def test_a_new_day_has_new_tokens(world: World) -> None:
    usage = world.task()
    reserve(usage, LIMIT)
    world.now += 86_400
    reserve(usage, LIMIT)


@pytest.mark.parametrize(("begun", "charged"), [(False, 20), (True, 600)])
def test_what_a_dead_task_set_aside_is_settled_by_the_next(world: World, begun: bool, charged: int) -> None:
    dead, alive = world.task(), world.task()
    reservation = reserve(dead, 600, least=20)
    if begun:
        assert dead.begin(reservation)
    alive.clear("ana")
    assert world.counted == 600, "its lease is still good"

    world.now += LEASE_SECONDS + 1
    alive.clear("ana")
    assert (world.counted, world.reservations) == (charged, [])


def test_a_call_that_is_vouched_for_is_left_alone(world: World) -> None:
    usage = world.task()
    reservation = reserve(usage, 600)
    usage.begin(reservation)
    for _ in range(5):
        world.now += LEASE_SECONDS - 1
        assert usage.renew(reservation)
        world.task().clear("ana")
    usage.settle(reservation, 10)
    assert world.counted == 10


def test_a_call_that_was_given_up_for_dead_does_not_begin(world: World) -> None:
    usage = world.task()
    reservation = reserve(usage, 600)
    world.now += LEASE_SECONDS + 1
    world.task().clear("ana")
    assert not usage.begin(reservation)
    assert not usage.renew(reservation)
    assert world.reservations == [], "nothing comes back to life"


def test_the_release_before_adds_to_the_same_count(world: World) -> None:
    """It knows of no reservations: it adds what it sets aside, and later the difference."""
    usage = world.task()
    reserve(usage, 600)
    key = {"pk": {"S": "USER#ana"}, "sk": {"S": world.items("USAGE#")[0]["sk"]}}
    request: dict[str, Any] = {
        "TableName": world.client.calls[-1][1]["TableName"],
        "Key": key,
        "UpdateExpression": "ADD #tokens :tokens SET #expires = :expires",
        "ConditionExpression": "attribute_not_exists(#tokens) OR #tokens <= :most",
        "ExpressionAttributeNames": {"#tokens": "tokens", "#expires": "expires_at"},
        "ExpressionAttributeValues": {
            ":tokens": {"N": "300"},
            ":expires": {"N": "1"},
            ":most": {"N": str(LIMIT - 300)},
        },
    }
    world.client.update_item(**request)
    assert world.counted == 900
    with pytest.raises(BudgetSpentError):
        reserve(usage, 101)


@dataclass
class Call:
    """What a task knows of a call, and what the model did for it."""

    reservation: Reservation
    task: int
    worked: int = 0
    is_known: bool = True
    spent: int | None = None
    seen: list[str] = field(default_factory=list)


FAULTS = st.sampled_from(["", "", "", LOST, UNHEARD, TWICE, BUSY])


class Spending(RuleBasedStateMachine):
    """Two tasks, any order of turns, faults and deaths: the model never works for more than the budget."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.tasks = [self.world.task(), self.world.task()]
        self.calls: list[Call] = []
        self.cleared = False

    def of(self, task: int, number: int) -> Call | None:
        """One of the calls that a task still knows."""
        mine = [call for call in self.calls if call.task == task and call.is_known]
        return mine[number % len(mine)] if mine else None

    @rule(task=st.integers(0, 1), tokens=st.integers(1, 500), least=st.integers(0, 50), fault=FAULTS)
    def asks(self, task: int, tokens: int, least: int, fault: str) -> None:
        usage = self.tasks[task]
        reservation = usage.reservation("ana", max(tokens, least), least)
        self.world.client.next_fault = fault
        try:
            usage.reserve(reservation)
        except BudgetSpentError:
            return
        except TableUnreachable:
            pass  # it may have happened; the task will try to settle it
        self.calls.append(Call(reservation, task))

    @rule(task=st.integers(0, 1), number=st.integers(0, 9), part=st.floats(0, 1), fault=FAULTS)
    def works(self, task: int, number: int, part: float, fault: str) -> None:
        call = self.of(task, number)
        if call is None:
            return
        self.world.client.next_fault = fault
        try:
            begun = self.tasks[task].begin(call.reservation)
        except TableUnreachable:
            return
        if begun:
            call.worked = max(call.worked, int(call.reservation.tokens * part))

    @rule(task=st.integers(0, 1), number=st.integers(0, 9), fault=FAULTS)
    def settles(self, task: int, number: int, fault: str) -> None:
        call = self.of(task, number)
        if call is None:
            return
        self.world.client.next_fault = fault
        try:
            self.tasks[task].settle(call.reservation, max(call.worked, call.reservation.least))
        except TableUnreachable:
            return
        call.is_known = False

    @rule(task=st.integers(0, 1))
    def dies(self, task: int) -> None:
        for call in self.calls:
            call.is_known = call.is_known and call.task != task

    @rule(seconds=st.integers(1, 2 * LEASE_SECONDS))
    def time_passes(self, seconds: int) -> None:
        self.world.now += seconds

    @rule(task=st.integers(0, 1), fault=FAULTS)
    def clears(self, task: int, fault: str) -> None:
        self.world.client.next_fault = fault
        try:
            self.tasks[task].clear("ana")
        except TableUnreachable:
            return
        assert all(item["lease_until"] >= self.world.now for item in self.world.reservations)

    @invariant()
    def nothing_is_spent_beyond_the_budget(self) -> None:
        worked = sum(call.worked for call in self.calls)
        assert worked <= self.world.counted <= LIMIT

    def teardown(self) -> None:
        """In the end all is settled, and each call is charged what it took at least and reserved at most."""
        self.world.now += 2 * LEASE_SECONDS
        self.tasks[0].clear("ana")
        assert self.world.reservations == []
        assert sum(call.worked for call in self.calls) <= self.world.counted
        assert self.world.counted <= sum(call.reservation.tokens for call in self.calls)


Spending.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestSpending = Spending.TestCase
