"""What outlives its stack: deletion policies, as KeepData says.

They are literals, so KeepData has to be known when the templates are written (`generate.py --keep-data no`),
and the root then accepts no other value of it, as it accepts no other image. Each other way can go wrong:

- Two conditional resources, of which one exists, would swap a full table for an empty one when somebody
  changes the parameter. Written again, the same resource changes its policy in place.
- A function as the policy's value takes the transform AWS::LanguageExtensions, says AWS's guide in the copies
  that one finds, though its maintainers say otherwise. The transform is reported to refuse it on a resource
  with a Condition, and to stumble over policy documents and over what another stack has yet to give:
  https://github.com/aws-cloudformation/cfn-language-discussion, issues 124, 147 and 152.

CloudFormation takes no notice of a policy that changes alone, so each resource with one changes a property
with it: its protection from deletion, or the days that a key waits.
"""

from __future__ import annotations

from typing import Any

from troposphere import Equals, Template

from templates.wiring import Value

KEEP_DATA_VALUES = ["yes", "no"]


def keeps_data(t: Template, keep_data: Value) -> str:
    """Add the condition `KeepsData` to `t`, for what properties say."""
    return t.add_condition("KeepsData", Equals(keep_data, "yes"))


def deletion_policies(keep_data: str) -> dict[str, Any]:
    """Attributes of a resource that stays, when its stack goes or replaces it, if `keep_data` is yes.

    Not RetainExceptOnCreate: it would have the rollback of a failed first deployment delete a resource whose
    own deletion protection forbids that, and the rollback would get stuck.
    """
    policy = "Retain" if keep_data == "yes" else "Delete"
    return {"DeletionPolicy": policy, "UpdateReplacePolicy": policy}
