"""Whether a stack's data outlives it: deletion policies that follow the KeepData parameter.

The other way, two conditional resources of which one exists, would swap a full table for an empty one when
someone changes the parameter; so the same resource changes its policy in place, by a function as its value:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/function-refs-in-policy-attributes.html

Templates once had to ask for the transform AWS::LanguageExtensions for that. Ours do not, or its faults would
be ours. People report that it refuses such a policy on a resource with a Condition, takes the Condition of a
policy document for one of the template's own, and stumbles over inputs that another stack has yet to give:
https://github.com/aws-cloudformation/cfn-language-discussion, issues 124, 147 and 152. Whether CloudFormation
itself minds a Condition beside such a policy is written nowhere: no resource of ours has both.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, If, Template

from templates.wiring import Value

KEEP_DATA_VALUES = ["yes", "no"]


def keeps_data(t: Template, keep_data: Value) -> str:
    """Add the condition `KeepsData` to `t`, for deletion policies to use."""
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
