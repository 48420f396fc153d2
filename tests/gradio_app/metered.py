"""A table that counts the capacity units of what is done to it, by the sizes of the items.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

import math
from typing import Any

from tests.gradio_app.in_process import InProcess, dynamodb

WRITE_UNIT, READ_UNIT = 1024, 4096
"""Bytes of an item for one unit."""


class Metered(InProcess):
    """`writes` and `reads` are units; a transaction takes two for each, a reading that may lag half of one.

    What is done to sessions does not count: how often one is looked at depends on the clock.
    """

    def __init__(self, table: str) -> None:
        self.writes = 0
        self.reads = 0.0
        super().__init__(table)

    def reset(self) -> None:
        """Count from nothing."""
        self.calls.clear()
        self.writes, self.reads = 0, 0.0

    def stored_bytes(self) -> int:
        """Of all items, as DynamoDB charges for them: each with a hundred bytes for itself."""
        partitions = dynamodb._tables[self.table_name]["items"].values()
        return sum(size(dict(item)) + 100 for items in partitions for item in items.values())

    def _answer(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if "SESSION#" in str(arguments.get("Key")):
            return super()._answer(operation, arguments)
        members = _writing(operation, arguments)
        before = [self._item(member) for member in members]
        answer = super()._answer(operation, arguments)
        for member, old in zip(members, before, strict=True):
            self._count_write(operation, member, old)
        if operation == "query":
            self._count_read(sum(map(size, answer["Items"])), lags=not arguments.get("ConsistentRead"))
        elif operation == "get_item":
            self._count_read(size(answer.get("Item", {})), lags=not arguments.get("ConsistentRead"))
        elif operation == "batch_get_item":
            found = answer["Responses"].get(self.table_name, [])
            asked = arguments["RequestItems"][self.table_name]["Keys"]
            for item in [*found, *[{}] * (len(asked) - len(found))]:
                self._count_read(size(item), lags=False)
        return answer

    def _count_write(self, operation: str, member: dict[str, Any], old: dict[str, Any]) -> None:
        new = self._item(member)
        units = max(1, math.ceil(max(size(old), size(new)) / WRITE_UNIT))
        self.writes += 2 * units if operation == "transact_write_items" else units
        if "updated_at" in str(member):
            # The index has keys only; an entry that moves is deleted and written anew. Two changes within one
            # second leave it in its place, which happens in tests only.
            self.writes += ("updated_at" in old) + ("updated_at" in new)

    def _count_read(self, size: int, *, lags: bool) -> None:
        units = max(1, math.ceil(size / READ_UNIT))
        self.reads += units / 2 if lags else units

    def _item(self, member: dict[str, Any]) -> dict[str, Any]:
        key = member.get("Key") or member["Item"]
        stored = dynamodb._tables[self.table_name]["items"]
        return dict(stored.get(key["pk"]["S"], {}).get(key["sk"]["S"], {}))


def _writing(operation: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    """What an operation writes, and looks at in a transaction of writes."""
    if operation == "transact_write_items":
        return [next(iter(member.values())) for member in arguments["TransactItems"]]
    if operation == "batch_write_item":
        requests = [each for batch in arguments["RequestItems"].values() for each in batch]
        return [next(iter(request.values())) for request in requests]
    return [arguments] if operation in ("put_item", "update_item", "delete_item") else []


def size(item: dict[str, Any]) -> int:
    return sum(len(name) + _value_size(value) for name, value in item.items())


def _value_size(value: dict[str, Any]) -> int:
    [(kind, held)] = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        return len(held) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + _value_size(each) for each in held)
    return 1
