"""Reading parts of a request that may have any shape: each function raises ApiError for a wrong one."""

from __future__ import annotations

from typing import Any

from local.bedrock.errors import ApiError, malformed, validation


def structure(value: object, name: str) -> dict[str, Any]:
    """Return a JSON object; an absent one is empty."""
    return _typed(value, dict, name, "a structure") or {}


def items(value: object, name: str) -> list[Any]:
    """Return a JSON list; an absent one is empty."""
    return _typed(value, list, name, "a list") or []


def text(value: object, name: str) -> str:
    """Return a string that must be there."""
    if not isinstance(value, str):
        raise malformed(f"{name} must be a string")
    return value


def integer(value: object, name: str, lowest: int) -> int:
    """Return a whole number that must be at least `lowest`."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise malformed(f"{name} must be an integer")
    if value < lowest:
        raise constraint(name, value, f"Member must have value greater than or equal to {lowest}")
    return value


def fraction(value: object, name: str) -> float:
    """Return a number that must lie between 0 and 1."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise malformed(f"{name} must be a number")
    if value < 0:
        raise constraint(name, value, "Member must have value greater than or equal to 0")
    if value > 1:
        raise constraint(name, value, "Member must have value less than or equal to 1")
    return value


def constraint(name: str, value: object, rule: str) -> ApiError:
    """The error for a value of the right kind that the service model does not allow."""
    return validation(
        f"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {rule}"
    )


def _typed(value: object, kind: type, name: str, word: str) -> Any:
    if value is not None and not isinstance(value, kind):
        raise malformed(f"{name} must be {word}")
    return value
