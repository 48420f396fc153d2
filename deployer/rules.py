"""The template's Rules, which check parameters against each other, evaluated before anything is created."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "Fn::Equals": lambda left, right: left == right,
    "Fn::Not": lambda condition: not condition,
    "Fn::And": lambda *conditions: all(conditions),
    "Fn::Or": lambda *conditions: any(conditions),
    "Fn::Contains": lambda values, wanted: wanted in values,
}


def violations(rules: Mapping[str, Any], values: Mapping[str, str]) -> list[str]:
    """Return the descriptions of the assertions that the parameters' values break.

    What only CloudFormation can decide (`Fn::ValueOf`, a reference to the region) is left to it.
    """
    broken = []
    for rule in rules.values():
        try:
            if not _evaluate(rule.get("RuleCondition", True), values):
                continue
            broken += [
                assertion["AssertDescription"]
                for assertion in rule["Assertions"]
                if not _evaluate(assertion["Assert"], values)
            ]
        except KeyError:
            continue
    return broken


def _evaluate(expression: Any, values: Mapping[str, str]) -> Any:
    """The value of an expression; raises KeyError for what is not known here."""
    if isinstance(expression, list):
        return [_evaluate(item, values) for item in expression]
    if not isinstance(expression, dict):
        return expression
    [(name, argument)] = expression.items()
    if name == "Ref":
        return values[argument]
    return _FUNCTIONS[name](*_evaluate(argument, values))
