"""Templates as CloudFormation would see them for given parameters, and all of them flattened into one.

Conditions are decided, parameters filled in, what would not exist left out. Every function that only AWS can
evaluate stays as it is.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

STACK_TYPE = "AWS::CloudFormation::Stack"
_GONE = object()


def rendition(template: Json, values: Mapping[str, Any]) -> Json:
    """`template` with these parameters (defaults for the others), without what would not exist.

    Raises KeyError for a parameter that is not declared.
    """
    if unknown := values.keys() - template.get("Parameters", {}).keys():
        raise KeyError(f"no such parameters: {', '.join(sorted(unknown))}")
    values = {**defaults(template), **values}
    result = copy.deepcopy(template)
    for title, resource in list(result["Resources"].items()):
        if "Condition" in resource and not decide(template, {"Condition": resource.pop("Condition")}, values):
            del result["Resources"][title]
    for section in ("Resources", "Outputs"):
        result[section] = _fill_in(template, result.get(section, {}), values)
    return result


def defaults(template: Json) -> dict[str, Any]:
    """The default of each parameter that has one, as text."""
    declared = template.get("Parameters", {})
    return {name: str(entry["Default"]) for name, entry in declared.items() if "Default" in entry}


def decide(template: Json, condition: Any, values: Mapping[str, Any]) -> bool:
    """Whether a condition function holds. Raises KeyError for a function that it does not know."""
    ((function, argument),) = condition.items()
    match function:
        case "Condition":
            return decide(template, template["Conditions"][argument], values)
        case "Fn::Equals":
            left, right = (_fill_in(template, side, values) for side in argument)
            return str(left) == str(right)
        case "Fn::Not":
            return not decide(template, argument[0], values)
        case "Fn::And":
            return all(decide(template, part, values) for part in argument)
        case "Fn::Or":
            return any(decide(template, part, values) for part in argument)
        case "Fn::Contains":
            return _fill_in(template, argument[1], values) in argument[0]
    raise KeyError(function)


def flattened(stacks: Mapping[str, Json], values: Mapping[str, Any]) -> Json:
    """The root and its children as one template; a child's logical IDs begin with the child's name.

    Args:
        stacks: each stack by its file's stem, `root` among them.
        values: the root's parameters; defaults for the others.
    """
    root = rendition(stacks["root"], values)
    children = {
        title: Path(resource["Properties"]["TemplateURL"]).stem
        for title, resource in root["Resources"].items()
        if resource["Type"] == STACK_TYPE
    }

    def with_outputs(value: Any) -> Any:
        """`value` of the root with children's outputs replaced by what they stand for."""
        if isinstance(value, list):
            return [with_outputs(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.keys() == {"Fn::GetAtt"} and value["Fn::GetAtt"][0] in children:
            title, attribute = value["Fn::GetAtt"]
            return child(title)["Outputs"][attribute.removeprefix("Outputs.")]["Value"]
        return {key: with_outputs(item) for key, item in value.items()}

    @cache
    def child(title: str) -> Json:
        template = stacks[children[title]]
        given = with_outputs(root["Resources"][title]["Properties"]["Parameters"])
        typed = {name: _typed(template["Parameters"][name]["Type"], value) for name, value in given.items()}
        rendered = rendition(template, typed)
        return {
            "Outputs": _renamed(rendered["Outputs"], title, template),
            "Resources": {
                f"{title}{name}": _renamed(resource, title, template)
                for name, resource in rendered["Resources"].items()
            },
        }

    resources = {name: each for title in children for name, each in child(title)["Resources"].items()}
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def _typed(cfn_type: str, value: Any) -> Any:
    """A number or a list, as CloudFormation makes one of a parameter's text."""
    if cfn_type == "Number":
        return int(value)
    if not cfn_type.startswith(("List<", "CommaDelimitedList")):
        return value
    if isinstance(value, dict) and value.get("Fn::Join", [""])[0] == ",":
        return value["Fn::Join"][1]
    return value.split(",") if isinstance(value, str) else value


def _renamed(value: Any, prefix: str, template: Json) -> Any:
    """`value` of a child with the child's own resources called by their names in the one template."""
    own = template["Resources"]
    if isinstance(value, list):
        return [_renamed(item, prefix, template) for item in value]
    if not isinstance(value, dict):
        return value
    renamed: Json = {}
    for key, item in value.items():
        match key, item:
            case (("Ref" | "DependsOn"), str(name)) if name in own:
                renamed[key] = prefix + name
            case "Fn::GetAtt", [str(name), attribute] if name in own:
                renamed[key] = [prefix + name, attribute]
            case _:
                renamed[key] = _renamed(item, prefix, template)
    return renamed


def _fill_in(template: Json, value: Any, values: Mapping[str, Any]) -> Any:
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
    filled = {key: item for key, item in filled.items() if item is not _GONE}
    return _looked_up(template, filled)


def _looked_up(template: Json, value: Json) -> Any:
    """What a Fn::FindInMap with known keys finds; anything else as it is."""
    match value:
        case {"Fn::FindInMap": [str(name), str() | int() as first, str(second)]}:
            return template["Mappings"][name][str(first)][second]
    return value
