"""The templates that a running stack was made of, as CloudFormation keeps them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.cloudformation.intrinsics import Json
from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE


@dataclass(frozen=True)
class Templates:
    """A root and its nested stacks by name, `root` and logical IDs, with the root's parameters.

    Each nested stack's TemplateURL in the root is its name.
    """

    stacks: Mapping[str, Json]
    values: Mapping[str, str]


def read(cloudformation: Any, current: Mapping[str, Any]) -> Templates:
    """Return what a stack, as DescribeStacks gives it, was made of."""
    root = copy.deepcopy(_template(cloudformation, current["StackId"]))
    stacks: dict[str, Json] = {"root": root}
    for summary in resources(cloudformation, current["StackId"]):
        title = summary["LogicalResourceId"]
        if summary["ResourceType"] == STACK_TYPE and summary.get("PhysicalResourceId"):
            stacks[title] = _template(cloudformation, summary["PhysicalResourceId"])
            if title in root.get("Resources", {}):
                root["Resources"][title]["Properties"]["TemplateURL"] = title
    values = {item["ParameterKey"]: item["ParameterValue"] for item in current.get("Parameters", [])}
    return Templates(stacks, values)


def _template(cloudformation: Any, stack_id: str) -> Json:
    body = cloudformation.get_template(StackName=stack_id, TemplateStage="Original")["TemplateBody"]
    # What is no JSON comes as text: it was deployed by other means, and cannot be compared.
    return dict(body) if isinstance(body, dict) else {}
