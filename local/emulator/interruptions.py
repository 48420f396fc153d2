"""Stack operations that the last process did not finish, because it was stopped in the middle of them.

AWS never leaves a stack in progress for good; here nobody would go on with it, and nobody could start anew.
"""

from ministack.core.responses import now_iso
from ministack.services.cloudformation import _stack_events, _stacks

REASON = "The emulator was stopped during this operation."
# An unfinished creation can only be deleted, an unfinished update can be repeated.
OUTCOMES = {"CREATE": "ROLLBACK_FAILED", "ROLLBACK": "ROLLBACK_FAILED", "UPDATE": "UPDATE_FAILED"}


def is_busy() -> bool:
    """Whether any stack operation is going on."""
    return any(_is_unfinished(stack["StackStatus"]) for stack in _stacks._data.values())


def settle() -> None:
    """Give every stack whose operation was interrupted the outcome that lets a deployment go on."""
    for scope, stack in _stacks._data.items():
        if _is_unfinished(stack["StackStatus"]):
            status = OUTCOMES.get(stack["StackStatus"].partition("_")[0], "DELETE_FAILED")
            stack |= {"StackStatus": status, "StackStatusReason": REASON}
            _stack_events._data[(*scope[:2], stack["StackId"])].append(
                {
                    "StackId": stack["StackId"],
                    "StackName": stack["StackName"],
                    "EventId": f"interrupted-{now_iso()}",
                    "LogicalResourceId": stack["StackName"],
                    "PhysicalResourceId": stack["StackId"],
                    "ResourceType": "AWS::CloudFormation::Stack",
                    "ResourceStatus": status,
                    "ResourceStatusReason": REASON,
                    "Timestamp": now_iso(),
                }
            )


def _is_unfinished(status: str) -> bool:
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
