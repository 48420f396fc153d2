"""All stacks of given parameters as one template, for who looks at the system as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from deployer.cloudformation.intrinsics import Json, evaluated
from deployer.cloudformation.package import STACK_TYPE


def flattened(stacks: Mapping[str, Json], values: Mapping[str, Any], separator: str = "") -> Json:
    """The root and its children as one template; a child's logical IDs begin with the child's name.

    Args:
        stacks: each stack by its file's stem, `root` among them.
        values: the root's parameters; defaults for the others.
        separator: stands between a child's name and what is in it; with `/`, names are paths.
    """
    root = evaluated(stacks["root"], values)
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
        child_itself = evaluated(template, typed)
        return {
            "Outputs": _renamed(child_itself["Outputs"], title + separator, template),
            "Resources": {
                f"{title}{separator}{name}": _renamed(resource, title + separator, template)
                for name, resource in child_itself["Resources"].items()
            },
        }

    own = {name: each for name, each in root["Resources"].items() if name not in children}
    resources = with_outputs(own)
    for title in children:
        resources |= child(title)["Resources"]
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
