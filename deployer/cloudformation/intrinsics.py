"""CloudFormation's functions, evaluated as far as parameters alone decide them.

Conditions are decided, parameters filled in, what would not exist left out. Every function that only AWS can
evaluate stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_GONE = object()


class Undecidable(Exception):
    """A condition function that only CloudFormation can decide."""


def evaluated(template: Json, values: Mapping[str, Any]) -> Json:
    """`template` with these parameters (defaults for the others), without what would not exist.

    Raises KeyError for a parameter that is not declared, and Undecidable.
    """
    if unknown := values.keys() - template.get("Parameters", {}).keys():
        raise KeyError(f"no such parameters: {', '.join(sorted(unknown))}")
    values = {**defaults(template), **values}
    result = copy.deepcopy(template)
    for title, resource in list(result["Resources"].items()):
        if "Condition" in resource and not holds(template, {"Condition": resource.pop("Condition")}, values):
            del result["Resources"][title]
    for section in ("Resources", "Outputs"):
        result[section] = _fill_in(template, result.get(section, {}), values)
    return result


def defaults(template: Json) -> dict[str, Any]:
    """The default of each parameter that has one, as text."""
    declared = template.get("Parameters", {})
    return {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}


def holds(template: Mapping[str, Any], condition: Any, values: Mapping[str, Any]) -> bool:
    """Whether a condition function holds, be it of a template's Conditions or of its Rules.

    What only AWS can evaluate, such as a child's input that another stack gives, equals no text. Raises
    Undecidable for a condition function that is not known here.
    """
    ((function, argument),) = condition.items()
    match function:
        case "Condition":
            return holds(template, template["Conditions"][argument], values)
        case "Fn::Equals":
            left, right = (_fill_in(template, side, values) for side in argument)
            return str(left) == str(right)
        case "Fn::Not":
            return not holds(template, argument[0], values)
        case "Fn::And":
            return all(holds(template, part, values) for part in argument)
        case "Fn::Or":
            return any(holds(template, part, values) for part in argument)
        case "Fn::Contains":
            among, wanted = (_fill_in(template, side, values) for side in argument)
            return str(wanted) in map(str, among)
    raise Undecidable(function)


def violations(template: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the descriptions of the assertions of the template's Rules that the parameters break.

    Rules check parameters against each other. What only CloudFormation can decide is left to it.
    """
    for rule in template.get("Rules", {}).values():
        if not _refers_only_to(values, rule):
            continue
        try:
            if "RuleCondition" in rule and not holds(template, rule["RuleCondition"], values):
                continue
            broken = [
                assertion["AssertDescription"]
                for assertion in rule["Assertions"]
                if not holds(template, assertion["Assert"], values)
            ]
        except Undecidable:
            continue
        yield from broken


def _refers_only_to(known: Mapping[str, Any], expression: Any) -> bool:
    if isinstance(expression, list):
        return all(_refers_only_to(known, item) for item in expression)
    if not isinstance(expression, dict):
        return True
    return all(
        item in known if key == "Ref" else _refers_only_to(known, item) for key, item in expression.items()
    )


def _fill_in(template: Mapping[str, Any], value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        items = [_fill_in(template, item, values) for item in value]
        return [item for item in items if item is not _GONE]
    if not isinstance(value, dict):
        return value
    if value == {"Ref": "AWS::NoValue"}:
        return _GONE
    if value.keys() == {"Ref"}:
        return values.get(value["Ref"], value)
    if value.keys() == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        chosen = yes if holds(template, {"Condition": condition}, values) else no
        return _fill_in(template, chosen, values)
    filled = {key: _fill_in(template, item, values) for key, item in value.items()}
    filled = {key: item for key, item in filled.items() if item is not _GONE}
    return _looked_up(template, filled)


def _looked_up(template: Mapping[str, Any], value: Json) -> Any:
    """What a Fn::FindInMap with known keys finds; anything else as it is."""
    match value:
        case {"Fn::FindInMap": [str(name), str() | int() as first, str(second)]}:
            return template["Mappings"][name][str(first)][second]
    return value
