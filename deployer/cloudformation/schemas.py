"""What AWS's registry says of each resource type, as cfn-lint carries it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

REGION = "us-east-1"

Path = tuple[str, ...]


def schema(cfn_type: str) -> dict[str, Any]:
    """Return a type's schema; raises KeyError for one that the registry does not have."""
    return _read(_index()[cfn_type])


def create_only(cfn_type: str) -> tuple[set[Path], set[Path]]:
    """Return the properties whose change replaces a resource, and those whose change may.

    Each is a path, such as ("Budget", "BudgetName"). Of a type that is not known: every property may.
    """
    try:
        found = schema(cfn_type)
    except KeyError:
        return set(), {()}
    surely, perhaps = (
        {tuple(pointer.split("/")[2:]) for pointer in found.get(key) or ()}
        for key in ("createOnlyProperties", "conditionalCreateOnlyProperties")
    )
    return surely, perhaps


@cache
def _index() -> dict[str, str]:
    return json.loads(_folder().joinpath("providers", f"{REGION}.json").read_text("utf-8"))


@cache
def _read(name: str) -> dict[str, Any]:
    return json.loads(_folder().joinpath("resources", f"{name}.json").read_text("utf-8"))


def _folder() -> Any:
    return files("cfnlint").joinpath("data", "schemas")
