"""The deployment's one DynamoDB table, as the login and the sessions use it."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import BotoCoreError, ClientError

T = TypeVar("T")
Item = dict[str, Any]

THREADS = 32
"""At once; their own, so that chat work in the default pool cannot starve the gate."""

_to_wire = TypeSerializer().serialize
_from_wire = TypeDeserializer().deserialize


class TableUnreachable(Exception):
    """The table did not answer; the caller cannot know and must refuse (HTTP 503)."""


class Table:
    """Items as plain dicts of str, int, list and None, addressed by `pk` and `sk`.

    Every method raises TableUnreachable when DynamoDB cannot be asked.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._threads = CapacityLimiter(THREADS)

    async def get(self, pk: str, sk: str) -> Item | None:
        """The item as of now (strongly consistent), or None."""
        answer = await self._call(self._client.get_item, Key=_key(pk, sk), ConsistentRead=True)
        return _item(answer.get("Item"))

    async def put(self, item: Mapping[str, Any]) -> None:
        """Write the whole item; `pk` and `sk` are among its attributes."""
        await self._call(self._client.put_item, Item={name: _to_wire(value) for name, value in item.items()})

    async def update(self, pk: str, sk: str, changes: Mapping[str, Any], **expected: Any) -> bool:
        """Set attributes of an item that exists and still has the expected values; False if it does not."""
        condition = ["attribute_exists(pk)", *(f"#{name} = :old_{name}" for name in expected)]
        try:
            await self._call(
                self._client.update_item,
                Key=_key(pk, sk),
                UpdateExpression="SET " + ", ".join(f"#{name} = :new_{name}" for name in changes),
                ConditionExpression=" AND ".join(condition),
                ExpressionAttributeNames={f"#{name}": name for name in {*changes, *expected}},
                ExpressionAttributeValues={
                    **{f":new_{name}": _to_wire(value) for name, value in changes.items()},
                    **{f":old_{name}": _to_wire(value) for name, value in expected.items()},
                },
            )
        except _ConditionFailed:
            return False
        return True

    async def count(self, pk: str, sk: str, by: int, expires_at: int) -> int:
        """Add to an item's counter, made at need with the given end, and return its new value."""
        answer = await self._call(
            self._client.update_item,
            Key=_key(pk, sk),
            UpdateExpression="ADD #count :by SET #expires_at = :expires_at",
            ExpressionAttributeNames={"#count": "count", "#expires_at": "expires_at"},
            ExpressionAttributeValues={":by": _to_wire(by), ":expires_at": _to_wire(expires_at)},
            ReturnValues="UPDATED_NEW",
        )
        return int(_from_wire(answer["Attributes"]["count"]))

    async def take(self, pk: str, sk: str) -> Item | None:
        """Delete the item and return what it was: of several who ask, one gets it."""
        answer = await self._call(self._client.delete_item, Key=_key(pk, sk), ReturnValues="ALL_OLD")
        return _item(answer.get("Attributes"))

    async def sort_keys(self, pk: str, prefix: str) -> list[str]:
        """The `sk` of every item under `pk` that begins with the prefix."""
        keys: list[str] = []
        page: dict[str, Any] = {}
        while True:
            answer = await self._call(
                self._client.query,
                KeyConditionExpression="pk = :pk AND begins_with(sk, :prefix)",
                ExpressionAttributeValues={":pk": _to_wire(pk), ":prefix": _to_wire(prefix)},
                ProjectionExpression="sk",
                ConsistentRead=True,
                **page,
            )
            keys += [str(_from_wire(item["sk"])) for item in answer["Items"]]
            if "LastEvaluatedKey" not in answer:
                return keys
            page = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    async def _call(self, operation: Callable[..., T], **arguments: Any) -> T:
        def call() -> T:
            return operation(TableName=self._name, **arguments)

        try:
            return await to_thread.run_sync(call, limiter=self._threads)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "ConditionalCheckFailedException":
                raise _ConditionFailed from None
            raise TableUnreachable(code) from error
        except BotoCoreError as error:
            raise TableUnreachable(type(error).__name__) from error


class _ConditionFailed(Exception):
    """A write's condition did not hold."""


def _key(pk: str, sk: str) -> dict[str, Any]:
    return {"pk": _to_wire(pk), "sk": _to_wire(sk)}


def _item(wire: Mapping[str, Any] | None) -> Item | None:
    if wire is None:
        return None
    return {name: _plain(_from_wire(value)) for name, value in wire.items()}


def _plain(value: Any) -> Any:
    """Every number that is stored here is a whole one; boto3 hands out Decimal."""
    return int(value) if not isinstance(value, str | list | bool | None) else value
