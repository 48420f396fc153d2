"""The core that speaks to DynamoDB: what it tries again, and what it says when that was not enough."""

import json
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import Stubber

from gradio_app.store.table import (
    ATTEMPTS,
    FIRST_WAIT,
    WRITES_AT_ONCE,
    Attr,
    Check,
    ConflictError,
    Delete,
    Put,
    Table,
    TableUnreachable,
    Update,
)

KEY = {"pk": "a", "sk": "b"}


class Flaky:
    """A client whose next calls of an operation go as told: None is the real thing, an error is raised."""

    def __init__(self, client: Any, **plans: list[Any]) -> None:
        self._client, self.plans = client, plans
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self.calls.append((name, request))
            planned = self.plans[name].pop(0) if self.plans.get(name) else None
            if isinstance(planned, Exception):
                raise planned
            return getattr(self._client, name)(**request) if planned is None else planned

        return call


def refused(code: str, *reasons: str) -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": ""}}
    if reasons:
        answer["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(answer, "Operation")


@pytest.mark.parametrize(
    "passing",
    [
        refused("ThrottlingException"),
        refused("ProvisionedThroughputExceededException"),
        refused("RequestLimitExceeded"),
        refused("TransactionInProgressException"),
        refused("TransactionCanceledException", "None", "TransactionConflict"),
        refused("TransactionCanceledException", "ThrottlingError", "None"),
        refused("TransactionCanceledException", "ProvisionedThroughputExceeded"),
    ],
)
def test_what_passes_is_tried_again_and_happens_once(dynamodb: Any, table: str, passing: Exception) -> None:
    waits: list[float] = []
    flaky = Flaky(dynamodb, transact_write_items=[passing] * (ATTEMPTS - 1))
    Table(flaky, table, waits.append).transact([Update("a", "b", add={"n": 1})])

    assert Table(dynamodb, table).get("a", "b") == {**KEY, "n": 1}
    assert len({request["ClientRequestToken"] for _, request in flaky.calls}) == 1
    assert len(waits) == ATTEMPTS - 1
    assert all(0 <= wait <= FIRST_WAIT * 2**number for number, wait in enumerate(waits))


def test_a_transaction_whose_answer_got_lost_happens_once(dynamodb: Any, table: str) -> None:
    table_of_ours = Table(dynamodb, table)
    for _ in range(3):
        table_of_ours.transact([Update("a", "b", add={"n": 1})], token="the-same")
    assert table_of_ours.get("a", "b") == {**KEY, "n": 1}


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (refused("ThrottlingException"), "ThrottlingException"),
        (refused("TransactionCanceledException", "TransactionConflict"), "TransactionCanceledException"),
        (refused("AccessDeniedException"), "AccessDeniedException"),
        (ReadTimeoutError(endpoint_url="https://table"), "ReadTimeoutError"),
    ],
)
def test_what_stays_is_said_in_the_stores_own_words(
    dynamodb: Any, table: str, error: Exception, name: str
) -> None:
    flaky = Flaky(dynamodb, transact_write_items=[error] * ATTEMPTS)
    with pytest.raises(TableUnreachable, match=name) as raised:
        Table(flaky, table, lambda _: None).transact([Put(KEY)])
    assert raised.value.__cause__ is error


def test_a_conflict_says_which_actions_forbid_it(dynamodb: Any, table: str) -> None:
    ours = Table(dynamodb, table)
    ours.put({**KEY, "n": 1})
    with pytest.raises(ConflictError) as raised:
        ours.transact(
            [
                Put({"pk": "a", "sk": "new"}, Attr("pk").not_exists()),
                Check("a", "b", Attr("n").eq(2)),
                Delete("a", "missing", Attr("pk").exists()),
            ]
        )
    assert raised.value.failed == (1, 2)
    assert ours.get("a", "new") is None
    with pytest.raises(ConflictError) as raised:
        ours.write(Delete("a", "b", Attr("n").eq(2)))
    assert raised.value.failed == (0,)


def test_a_conflict_is_no_reason_to_try_again(dynamodb: Any, table: str) -> None:
    flaky = Flaky(dynamodb)
    with pytest.raises(ConflictError):
        Table(flaky, table).transact([Delete("a", "b", Attr("pk").exists())])
    assert len(flaky.calls) == 1


@pytest.mark.parametrize("size", [0, 1, WRITES_AT_ONCE, WRITES_AT_ONCE + 1, 3 * WRITES_AT_ONCE])
def test_deleting_many_goes_on_until_nothing_is_left(dynamodb: Any, table: str, size: int) -> None:
    ours, keys = Table(dynamodb, table), [f"{number:03d}" for number in range(size)]
    for sk in [*keys, "stays"]:
        ours.put({"pk": "a", "sk": sk})
    unprocessed = [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": sk}}}} for sk in keys[:3]]
    plan = [{"UnprocessedItems": {table: unprocessed}}] if size > WRITES_AT_ONCE else []
    waits: list[float] = []
    flaky = Flaky(dynamodb, batch_write_item=[*plan])
    kept = keys[3:WRITES_AT_ONCE] if plan else []  # of the batch whose answer is made up
    Table(flaky, table, waits.append).delete_all("a", keys)
    assert ours.sort_keys("a", "") == [*kept, "stays"]
    assert len(waits) == len(plan)


def test_what_is_never_processed_is_an_error(dynamodb: Any, table: str) -> None:
    never = {"UnprocessedItems": {table: [{"DeleteRequest": {"Key": {"pk": {"S": "a"}, "sk": {"S": "b"}}}}]}}
    left = {"Responses": {}, "UnprocessedKeys": {table: {"Keys": [{"pk": {"S": "a"}, "sk": {"S": "b"}}]}}}
    flaky = Flaky(dynamodb, batch_write_item=[never] * ATTEMPTS, batch_get_item=[left] * ATTEMPTS)
    ours = Table(flaky, table, lambda _: None)
    with pytest.raises(TableUnreachable, match="UnprocessedItems"):
        ours.delete_all("a", ["b"])
    with pytest.raises(TableUnreachable, match="UnprocessedKeys"):
        ours.get_many("a", ["b"])


def test_values_come_back_as_they_were(dynamodb: Any, table: str) -> None:
    item = {
        **KEY,
        "whole": 7,
        "fraction": 0.1,
        "one": 1.0,
        "big": 2**60,
        "text": "á\n\u200b😀",
        "none": None,
        "flag": True,
        "list": ["x"],
    }
    ours = Table(dynamodb, table)
    ours.put(item)
    assert ours.get("a", "b") == item
    assert ours.get_many("a", ["b", "c"]) == {"b": item}
    assert ours.write(Delete("a", "b")) == item


def test_more_than_one_page_is_read_as_it_is_taken(dynamodb: Any, table: str) -> None:
    ours = Table(dynamodb, table)
    for number in range(7):
        ours.put({"pk": "a", "sk": f"x{number}", "n": number})
    flaky = Flaky(dynamodb)
    reading = Table(flaky, table).query("a", ("x1", "x5"), newest_first=True, at_once=2)
    assert [item["n"] for item in islice(reading, 3)] == [5, 4, 3]
    assert len(flaky.calls) == 2
    assert [item["n"] for item in reading] == [2, 1]


def test_reserved_words_and_one_attribute_on_both_sides_are_fine(dynamodb: Any, table: str) -> None:
    ours = Table(dynamodb, table)
    ours.put({**KEY, "status": "old", "count": 1})
    condition = Attr("status").eq("old") & Attr("count").lte(1)
    left = ours.write(Update("a", "b", set={"status": "new"}, add={"count": 2}, condition=condition))
    assert left == {**KEY, "status": "new", "count": 3}


def test_no_error_and_no_value_shows_what_is_stored(dynamodb: Any, table: str) -> None:
    secret = "a very private matter"
    actions = [Put({**KEY, "text": secret}), Update("a", "b", set={"text": secret})]
    assert secret not in repr(actions)
    client = Stubber(dynamodb)
    client.add_client_error("put_item", "ValidationException", f"{secret} is too long")
    with client, pytest.raises(TableUnreachable) as raised:
        Table(dynamodb, table).write(actions[0])
    assert secret not in str(raised.value)
    assert secret not in json.dumps(raised.value.args)
