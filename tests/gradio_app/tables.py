"""A table in the emulator as the data stack makes it."""

from functools import cache
from typing import Any

from templates.stacks import data


def create_table(dynamodb: Any, name: str) -> None:
    """Create it with the keys and indexes of the template."""
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **_shape())


@cache
def _shape() -> dict[str, Any]:
    properties = data.template("no").to_dict()["Resources"]["Table"]["Properties"]
    return {
        name: properties[name] for name in ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    }
