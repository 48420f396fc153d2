"""A stack as CloudFormation would see it for given parameters: conditions decided, parameters filled in.

Only what conditions, rules and the tests need: Ref to a parameter, If and the logical functions. Every other
function stays as it is.
"""

from __future__ import annotations

import copy
from typing import Any

from tests.templates.stacks import Json

_GONE = object()


def rendition(template: Json, **parameters: str) -> Json:
    """`template` with these parameters (defaults for the others), without what would not exist."""
    result = copy.deepcopy(template)
    values = _values(template, parameters)
    for title, resource in list(result["Resources"].items()):
        if "Condition" in resource and not decide(template, {"Condition": resource.pop("Condition")}, values):
            del result["Resources"][title]
    for section in ("Resources", "Outputs"):
        result[section] = _fill_in(template, result.get(section, {}), values)
    return result


def refusals(template: Json, **parameters: str) -> list[str]:
    """The descriptions of the rules' assertions that these parameters (defaults for the others) break."""
    values = _values(template, parameters)
    return [
        assertion["AssertDescription"]
        for rule in template["Rules"].values()
        if "RuleCondition" not in rule or decide(template, rule["RuleCondition"], values)
        for assertion in rule["Assertions"]
        if not decide(template, assertion["Assert"], values)
    ]


def decide(template: Json, condition: Any, values: dict[str, str]) -> bool:
    """Whether a condition function holds. Raises KeyError for a function that it does not know."""
    ((function, argument),) = condition.items()
    match function:
        case "Condition":
            return decide(template, template["Conditions"][argument], values)
        case "Fn::Equals":
            left, right = (_fill_in(template, side, values) for side in argument)
            return left == right
        case "Fn::Not":
            return not decide(template, argument[0], values)
        case "Fn::And":
            return all(decide(template, part, values) for part in argument)
        case "Fn::Or":
            return any(decide(template, part, values) for part in argument)
        case "Fn::Contains":
            return _fill_in(template, argument[1], values) in argument[0]
    raise KeyError(function)


def _values(template: Json, parameters: dict[str, str]) -> dict[str, str]:
    declared = template.get("Parameters", {})
    unknown = parameters.keys() - declared.keys()
    assert not unknown, f"no such parameters: {unknown}"
    defaults = {name: str(p["Default"]) for name, p in declared.items() if "Default" in p}
    return defaults | parameters


def _fill_in(template: Json, value: Any, values: dict[str, str]) -> Any:
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
        chosen = yes if decide(template, {"Condition": condition}, values) else no
        return _fill_in(template, chosen, values)
    filled = {key: _fill_in(template, item, values) for key, item in value.items()}
    return {key: item for key, item in filled.items() if item is not _GONE}
