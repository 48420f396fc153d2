"""The rendered stacks that the tests look at, and small questions about them."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import generate
from deployer.cloudformation import intrinsics

TAG = "0123456789abcdef"
GOLDEN = Path(__file__).parents[2] / "golden"

Json = dict[str, Any]


@functools.cache
def rendered(keep_data: str = "yes") -> dict[str, str]:
    """File name and JSON text of every stack, for the image `TAG` and this KeepData."""
    return generate.render(TAG, keep_data)


def stack(name: str, keep_data: str = "yes") -> Json:
    """The stack `name`, parsed anew at each call, so that a test may change it."""
    return json.loads(rendered(keep_data)[f"{name}.json"])


def names() -> list[str]:
    """The names of all stacks."""
    return [Path(file).stem for file in rendered()]


def of_type(template: Json, cfn_type: str) -> dict[str, Json]:
    """The resources of a type by logical ID."""
    return {title: r for title, r in template["Resources"].items() if r["Type"] == cfn_type}


def properties(template: Json, title: str) -> Json:
    """The properties of one resource."""
    return template["Resources"][title]["Properties"]


def statements(template: Json) -> Iterator[Json]:
    """Every statement of every policy in the stack: roles' own, trust and bucket policies."""
    for value in walk(template):
        if isinstance(value, dict) and "Effect" in value and "Action" in value:
            yield value


def siblings(child: object) -> set[str]:
    """The stacks whose outputs a child takes."""
    return {v["Fn::GetAtt"][0] for v in walk(child) if isinstance(v, dict) and "Fn::GetAtt" in v}


def holds(template: Json, condition: str, parameters: dict[str, str]) -> bool:
    """Whether a condition of the template holds for these parameters (defaults for the others)."""
    given = intrinsics.defaults(template) | parameters
    return intrinsics.holds(template, {"Condition": condition}, given)


def walk(value: Any) -> Iterator[Any]:
    """`value` and everything inside it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from walk(item)
