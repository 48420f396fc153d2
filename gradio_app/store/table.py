"""The deployment's one DynamoDB table: the only module that knows how DynamoDB is spoken to.

Items are plain dicts of str, int, float, bool, list and None, `pk` and `sk` among their attributes. A write
is a value (`Put`, `Update`, `Delete`, `Check`) that is carried out alone or with others in one transaction.
"""

import random
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from anyio import CapacityLimiter, to_thread
from boto3.dynamodb.conditions import Attr, ConditionBase, ConditionExpressionBuilder, Key
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

P = ParamSpec("P")
T = TypeVar("T")
Item = dict[str, Any]
Condition = ConditionBase
"""What a write demands of the item as it is, made of `Attr`."""

__all__ = [
    "AsyncTable",
    "Attr",
    "Check",
    "ConflictError",
    "Delete",
    "Item",
    "Put",
    "Table",
    "TableUnreachable",
    "Update",
]

THREADS = 32
"""Of the gate at once; their own, so that chat work in the default pool cannot starve the gate."""
ATTEMPTS = 6
FIRST_WAIT = 0.05
"""Seconds, at most, before the second attempt; twice as many before each later one, 1.55 in all."""
WRITES_AT_ONCE, READS_AT_ONCE = 25, 100
"""Items of one BatchWriteItem and one BatchGetItem.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""

BUSY = {
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
}
"""Codes of what passes: another transaction is at the same item just now, or there was too much at once."""

_to_wire = TypeSerializer().serialize
_from_wire = TypeDeserializer().deserialize


class TableUnreachable(Exception):
    """The table did not answer, or not with an answer; the caller cannot know. AWS's error is the cause."""


class ConflictError(Exception):
    """What a write demands does not hold; `failed` are the positions of such, `(0,)` for a single one."""

    def __init__(self, *failed: int) -> None:
        super().__init__(*failed)
        self.failed = failed


@dataclass(frozen=True)
class Put:
    """Write the whole item, in place of the one that was there."""

    item: Mapping[str, Any] = field(repr=False)
    condition: Condition | None = None


@dataclass(frozen=True)
class Update:
    """Change attributes of an item, made at need; `add` counts up from nothing."""

    pk: str
    sk: str
    set: Mapping[str, Any] = field(default_factory=dict, repr=False)
    add: Mapping[str, int] = field(default_factory=dict)
    condition: Condition | None = None


@dataclass(frozen=True)
class Delete:
    """Delete an item, whether it is there or not."""

    pk: str
    sk: str
    condition: Condition | None = None


@dataclass(frozen=True)
class Check:
    """Only demand something of an item: part of a transaction."""

    pk: str
    sk: str
    condition: Condition


Action = Put | Update | Delete | Check


class Table:
    """The table. Every method blocks, and raises TableUnreachable when DynamoDB cannot be asked.

    `client` is a low-level DynamoDB client; `sleep` is how the waits between attempts are spent.
    """

    def __init__(self, client: Any, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._client = client
        self._name = name
        self._sleep = sleep

    def get(self, pk: str, sk: str) -> Item | None:
        """The item as of now (strongly consistent), or None."""
        answer = self._call("get_item", TableName=self._name, Key=_key(pk, sk), ConsistentRead=True)
        return _item(answer["Item"]) if "Item" in answer else None

    def get_many(self, pk: str, sort_keys: Sequence[str], names: Sequence[str] = ()) -> dict[str, Item]:
        """Those of the items that are there, by their `sk`; with `names`, these attributes only."""
        found: dict[str, Item] = {}
        for start in range(0, len(sort_keys), READS_AT_ONCE):
            keys = [_key(pk, sk) for sk in sort_keys[start : start + READS_AT_ONCE]]
            for wire in self._batch_get({"Keys": keys, "ConsistentRead": True, **_projection(names)}):
                item = _item(wire)
                found[item["sk"]] = item
        return found

    def query(
        self,
        pk: str,
        between: tuple[str, str] | None = None,
        *,
        prefix: str = "",
        newest_first: bool = False,
        at_once: int | None = None,
        names: Sequence[str] = (),
        index: str = "",
        after: Mapping[str, Any] | None = None,
        consistent: bool = True,
    ) -> Iterator[Item]:
        """Items under `pk` in the order of their `sk`, or of the index: read page by page, as they are taken.

        Args:
            between: the first and the last sort key that count.
            prefix: what the sort key begins with.
            at_once: most items of one page; as many as fit into 1 MB without.
            names: the attributes to send; `sk` is one of them.
            index: read this index, which lags behind by a moment.
            after: go on behind the item with these keys, the index's among them.
            consistent: with what was written until now; without, for half the price, a moment ago will do.
        """
        condition: Condition = Key("pk").eq(pk)
        if between:
            condition &= Key("sk").between(*between)
        elif prefix:
            condition &= Key("sk").begins_with(prefix)
        arguments: dict[str, Any] = {
            "TableName": self._name,
            "ScanIndexForward": not newest_first,
            **({"IndexName": index} if index else {"ConsistentRead": consistent}),
            **({"Limit": at_once} if at_once else {}),
            **({"ExclusiveStartKey": _wire(after)} if after else {}),
            **_merged(_expression("KeyConditionExpression", condition, is_key=True), _projection(names)),
        }
        while True:
            page = self._call("query", **arguments)
            yield from (_item(wire) for wire in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def scan_index(self, index: str, condition: Condition) -> Iterator[Item]:
        """What is in an index and meets a condition, of everybody: all of the index is read, page by page."""
        arguments: dict[str, Any] = {
            "TableName": self._name,
            "IndexName": index,
            **_expression("FilterExpression", condition),
        }
        while True:
            page = self._call("scan", **arguments)
            yield from (_item(wire) for wire in page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    def sort_keys(self, pk: str, prefix: str) -> list[str]:
        """The `sk` of every item under `pk` that begins with the prefix."""
        return [item["sk"] for item in self.query(pk, prefix=prefix, names=["sk"])]

    def put(self, item: Mapping[str, Any]) -> None:
        """Write the whole item."""
        self.write(Put(item))

    def update(self, pk: str, sk: str, changes: Mapping[str, Any], **expected: Any) -> bool:
        """Set attributes of an item that exists and still has the expected values; False if it does not."""
        condition: Condition = Attr("pk").exists()
        for name, value in expected.items():
            condition &= Attr(name).eq(value)
        try:
            self.write(Update(pk, sk, set=changes, condition=condition))
        except ConflictError:
            return False
        return True

    def count(self, pk: str, sk: str, by: int, expires_at: int) -> int:
        """Add to an item's counter, made at need with the given end, and return its new value."""
        item = self.write(Update(pk, sk, set={"expires_at": expires_at}, add={"count": by}))
        return item["count"] if item else 0

    def take(self, pk: str, sk: str) -> Item | None:
        """Delete the item and return what it was: of several who ask, one gets it."""
        return self.write(Delete(pk, sk))

    def write(self, action: Put | Update | Delete, *, returns: bool = True) -> Item | None:
        """Carry out one write; the item as an update left it, or as it was before it was replaced or deleted.

        Without `returns`, None. Raises ConflictError when its condition does not hold.
        """
        operation, request = self._request(action)
        returned = "ALL_NEW" if isinstance(action, Update) else "ALL_OLD"
        answer = self._call(operation, **request, ReturnValues=returned if returns else "NONE")
        return _item(answer["Attributes"]) if answer.get("Attributes") else None

    def transact(self, actions: Sequence[Action], token: str = "") -> None:
        """Carry out all of the writes or none; raises ConflictError with the positions of what forbids it.

        However often it is tried it happens once: the same `token`, of at most 36 characters, stands for the
        same transaction for ten minutes, also in another call.
        """
        members = [{type(action).__name__: self._request(action)[1]} for action in actions]
        for member in members:
            if "Check" in member:
                member["ConditionCheck"] = member.pop("Check")
        self._call("transact_write_items", TransactItems=members, ClientRequestToken=token or uuid4().hex)

    def put_all(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Write many whole items, in batches and with patience; some may be there when it raises."""
        self._write_all([{"PutRequest": {"Item": _wire(item)}} for item in items])

    def delete_all(self, pk: str, sort_keys: Iterable[str]) -> None:
        """Delete many items, in batches and with patience; some may be gone when it raises."""
        self._write_all([{"DeleteRequest": {"Key": _key(pk, sk)}} for sk in sort_keys])

    def search_vectors(self, **request: Any) -> list[tuple[Item, float]]:
        """What a vector index finds, nearest first, with its distance.

        For `store/passages` alone: the request says whose items are searched, and no policy of AWS's can.
        """
        found = self._call("search_vectors", TableName=self._name, **request)["SearchResults"]
        return [(_item(each["Item"]), each["Score"]) for each in found]

    def vector_indexes(self) -> dict[str, dict[str, Any]]:
        """What DynamoDB says of the table's vector indexes, by their names."""
        described = self._call("describe_table", TableName=self._name)["Table"]
        return {index["IndexName"]: index for index in described.get("VectorIndexes", ())}

    def _write_all(self, requests: list[dict[str, Any]]) -> None:
        for start in range(0, len(requests), WRITES_AT_ONCE):
            self._batch_write(requests[start : start + WRITES_AT_ONCE])

    def _batch_get(self, request: dict[str, Any]) -> Iterator[dict[str, Any]]:
        left: dict[str, Any] = {self._name: request}
        for attempt in range(ATTEMPTS):
            answer = self._call("batch_get_item", RequestItems=left)
            yield from answer["Responses"].get(self._name, [])
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return
            self._wait(attempt)
        raise TableUnreachable("UnprocessedKeys")

    def _batch_write(self, requests: list[dict[str, Any]]) -> None:
        left: dict[str, Any] = {self._name: requests}
        for attempt in range(ATTEMPTS):
            left = self._call("batch_write_item", RequestItems=left).get("UnprocessedItems") or {}
            if not left:
                return
            self._wait(attempt)
        raise TableUnreachable("UnprocessedItems")

    def _call(self, operation: str, **arguments: Any) -> dict[str, Any]:
        """One call, tried again with growing waits while the table is busy."""
        for attempt in range(ATTEMPTS):
            try:
                return getattr(self._client, operation)(**arguments)
            except ClientError as error:
                codes = _codes(error)
                failed = [n for n, code in enumerate(codes) if code.startswith("ConditionalCheckFailed")]
                if failed:
                    raise ConflictError(*failed) from None
                if not BUSY.intersection(codes) or attempt == ATTEMPTS - 1:
                    raise TableUnreachable(error.response["Error"]["Code"]) from error
            except BotoCoreError as error:
                raise TableUnreachable(type(error).__name__) from error
            self._wait(attempt)
        raise AssertionError("unreachable")

    def _wait(self, attempt: int) -> None:
        # Anything between nothing and the most, so that those who met do not meet again.
        self._sleep(random.uniform(0, FIRST_WAIT * 2**attempt))  # noqa: S311 (nothing to guess here)

    def _request(self, action: Action) -> tuple[str, dict[str, Any]]:
        """The operation's name, and what it and a transaction's member take."""
        demanded = _expression("ConditionExpression", action.condition)
        if isinstance(action, Put):
            return "put_item", {"TableName": self._name, "Item": _wire(action.item), **demanded}
        request = {"TableName": self._name, "Key": _key(action.pk, action.sk)}
        if isinstance(action, Update):
            return "update_item", request | _merged(demanded, _changes(action))
        return "delete_item", request | demanded


class AsyncTable:
    """The table for code on the event loop: the same methods, awaited, in threads of their own."""

    def __init__(self, table: Table) -> None:
        threads = CapacityLimiter(THREADS)

        def awaited(method: Callable[P, T]) -> Callable[P, Awaitable[T]]:
            async def call(*args: P.args, **kwargs: P.kwargs) -> T:
                return await to_thread.run_sync(lambda: method(*args, **kwargs), limiter=threads)

            return call

        self.get = awaited(table.get)
        self.put = awaited(table.put)
        self.update = awaited(table.update)
        self.count = awaited(table.count)
        self.take = awaited(table.take)
        self.sort_keys = awaited(table.sort_keys)


def _codes(error: ClientError) -> list[str]:
    """What failed: of a transaction each action's code, of anything else the one code."""
    reasons = error.response.get("CancellationReasons")
    return [reason.get("Code", "") for reason in reasons] if reasons else [error.response["Error"]["Code"]]


def _changes(update: Update) -> dict[str, Any]:
    """The change of an update; names stand apart because DynamoDB reserves hundreds of words."""
    clauses = [("SET", " = ", update.set), ("ADD", " ", update.add)]
    return {
        "UpdateExpression": " ".join(
            f"{word} " + ", ".join(f"#{name}{sign}:{name}" for name in changes)
            for word, sign, changes in clauses
            if changes
        ),
        "ExpressionAttributeNames": {f"#{name}": name for name in {**update.set, **update.add}},
        "ExpressionAttributeValues": {
            f":{name}": _wired(value) for name, value in {**update.set, **update.add}.items()
        },
    }


def _expression(parameter: str, condition: Condition | None, *, is_key: bool = False) -> dict[str, Any]:
    if condition is None:
        return {}
    built = ConditionExpressionBuilder().build_expression(condition, is_key_condition=is_key)
    values = {name: _wired(value) for name, value in built.attribute_value_placeholders.items()}
    return {
        parameter: built.condition_expression,
        "ExpressionAttributeNames": built.attribute_name_placeholders,
        **({"ExpressionAttributeValues": values} if values else {}),
    }


def _projection(names: Sequence[str]) -> dict[str, Any]:
    if not names:
        return {}
    return {
        "ProjectionExpression": ", ".join(f"#{name}" for name in names),
        "ExpressionAttributeNames": {f"#{name}": name for name in names},
    }


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two parts of a request as one, the names and values of both among it."""
    both = {name: one[name] | other[name] for name in one.keys() & other.keys()}
    return {**one, **other, **both}


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": _to_wire(pk), "sk": _to_wire(sk)}


def _wire(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _wired(value) for name, value in item.items()}


def _wired(value: Any) -> Any:
    """boto3 takes a fraction as Decimal only."""
    return _to_wire(Decimal(repr(value)) if isinstance(value, float) else value)


def _item(wire: Mapping[str, Any]) -> Item:
    return {name: _plain(_from_wire(value)) for name, value in wire.items()}


def _plain(value: Any) -> Any:
    if not isinstance(value, Decimal):
        return value
    return int(value) if value == value.to_integral_value() else float(value)
