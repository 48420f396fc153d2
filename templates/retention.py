"""Whether a stack's data outlives it: deletion policies that follow the KeepData parameter.

CloudFormation takes only a literal as DeletionPolicy, unless the template asks for the transform
AWS::LanguageExtensions. The other way, two conditional resources of which one exists, would swap a full table
for an empty one when someone changes the parameter; so the same resource changes its policy in place.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Template

from templates.wiring import Value

KEEP_DATA_VALUES = ["yes", "no"]


def keeps_data(t: Template, keep_data: Value) -> str:
    """Add the condition `KeepsData` to `t`, with the transform that lets deletion policies use it."""
    t.set_transform("AWS::LanguageExtensions")
    return t.add_condition("KeepsData", Equals(keep_data, "yes"))


def retention(condition: str) -> dict[str, Any]:
    """Attributes of a resource that stays when its stack goes or replaces it, while `condition` holds.

    Not RetainExceptOnCreate: it would have the rollback of a failed first deployment delete a resource whose
    own deletion protection forbids that, and the rollback would get stuck.
    """
    return {
        "DeletionPolicy": If(condition, "Retain", "Delete"),
        "UpdateReplacePolicy": If(condition, "Retain", "Delete"),
    }
