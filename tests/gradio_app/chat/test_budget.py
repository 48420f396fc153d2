"""The daily budget, against DynamoDB as the emulator plays it."""

from threading import Thread
from typing import Any

import pytest

from gradio_app.chat.budget import Budget, BudgetSpentError, Reservation
from gradio_app.store.table import Table


def count(dynamodb: Any, table: str) -> int:
    items = dynamodb.scan(TableName=table)["Items"]
    return sum(int(item["tokens"]["N"]) for item in items)


def test_tokens_are_set_aside_and_settled(dynamodb: Any, table: str) -> None:
    budget = Budget(Table(dynamodb, table), 100)
    reservation = budget.reserve("ana", 60)
    assert count(dynamodb, table) == 60
    with pytest.raises(BudgetSpentError):
        budget.reserve("ana", 41)
    assert count(dynamodb, table) == 60

    budget.settle(reservation, 10)
    assert count(dynamodb, table) == 10
    budget.reserve("ana", 90)
    with pytest.raises(BudgetSpentError):
        budget.reserve("ana", 1)


def test_each_user_has_a_budget_of_their_own(dynamodb: Any, table: str) -> None:
    budget = Budget(Table(dynamodb, table), 100)
    budget.reserve("ana", 100)
    budget.reserve("berta", 100)


def test_a_call_beyond_the_whole_budget_is_refused(dynamodb: Any, table: str) -> None:
    with pytest.raises(BudgetSpentError):
        Budget(Table(dynamodb, table), 100).reserve("ana", 101)
    assert count(dynamodb, table) == 0


def test_zero_is_no_limit_but_counts(dynamodb: Any, table: str) -> None:
    budget = Budget(Table(dynamodb, table), 0)
    budget.settle(budget.reserve("ana", 10**9), 7)
    assert count(dynamodb, table) == 7


def test_a_reservation_is_settled_on_its_own_day(dynamodb: Any, table: str) -> None:
    Budget(Table(dynamodb, table), 100).settle(Reservation("ana", "2020-02-29", 50), 20)
    item = dynamodb.scan(TableName=table)["Items"][0]
    assert item["sk"]["S"] == "USAGE#2020-02-29"
    assert item["tokens"]["N"] == "-30"
    assert int(item["expires_at"]["N"]) > 0


def test_many_at_once_get_no_more_than_there_is(dynamodb: Any, table: str) -> None:
    budget = Budget(Table(dynamodb, table), 100)
    granted: list[Reservation] = []

    def reserve() -> None:
        try:
            granted.append(budget.reserve("ana", 30))
        except BudgetSpentError:
            return

    threads = [Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 3
    assert count(dynamodb, table) == 90
