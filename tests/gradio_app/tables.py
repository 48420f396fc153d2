"""A table in the emulator as the data stack makes it."""

from functools import cache
from typing import Any

from templates.stacks import data
from tests.templates.rendition import rendition


def create_table(dynamodb: Any, name: str) -> None:
    """Create it with the keys and indexes of the template."""
    dynamodb.create_table(TableName=name, BillingMode="PAY_PER_REQUEST", **_shape())


@cache
def _shape() -> dict[str, Any]:
    template = rendition(data.template("no").to_dict(), KeyArn="", KeepData="no", EmbeddingModelId="a.model")
    properties = template["Resources"]["Table"]["Properties"]
    names = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "VectorIndexes")
    return {name: properties[name] for name in names}
