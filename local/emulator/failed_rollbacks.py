"""Rollbacks that fail: what is left is the stack's, and an update's rollback can be gone on with.

A nested stack that could not go back is in UPDATE_ROLLBACK_FAILED as its parent is, and what is in it can be
skipped by `NestedStackName.LogicalId`:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
"""

from typing import Any

from ministack.services.cloudformation import _stack_events, _stacks, handlers, stacks

from local.emulator.registry import Attributes

FAILED = "UPDATE_ROLLBACK_FAILED"

_roll_back = stacks._roll_back_operation
_continue = handlers._ACTION_HANDLERS["ContinueUpdateRollback"]
_update = stacks._update_resource
# (stack name, logical id) of what is not to be brought back any more.
_skipped: set[tuple[str, str | None]] = set()


def install() -> None:
    global _update
    _update = stacks._update_resource
    stacks._roll_back_operation = _roll_back_operation
    stacks._update_resource = _update_resource
    handlers._ACTION_HANDLERS["ContinueUpdateRollback"] = _continue_update_rollback


def mark(child: dict[str, Any]) -> None:
    """Say of a nested stack that it could not go back with its parent."""
    child["StackStatus"] = FAILED
    about = (child["StackId"], child["StackName"], child["StackName"], "AWS::CloudFormation::Stack")
    stacks._add_event(*about, FAILED, physical_id=child["StackId"])


async def _roll_back_operation(
    stack_name: str, stack_id: str, stack: dict[str, Any], *rest: Any, **named: Any
) -> None:
    await _roll_back(stack_name, stack_id, stack, *rest, **named)
    if stack["StackStatus"] == "ROLLBACK_FAILED":
        left = stack.get("_rollback_failed", {})
        for name, each in left.items():
            stack["_resources"][name] = {
                **each,
                "ResourceStatus": "DELETE_FAILED",
                "Timestamp": stacks.now_iso(),
            }


def _continue_update_rollback(params: dict[str, Any]) -> Any:
    """Take out of the request what lies in nested stacks, which the engine knows by itself."""
    names, own = [], dict(params)
    while name := handlers._p(params, f"ResourcesToSkip.member.{len(names) + 1}"):
        names.append(name)
        own.pop(f"ResourcesToSkip.member.{len(names)}", None)
    for position, name in enumerate((each for each in names if "." not in each), 1):
        own[f"ResourcesToSkip.member.{position}"] = [name]
    nested = [tuple(name.split(".", 1)) for name in names if "." in name]
    for stack_name, logical_id in nested:
        if not _has_failed(stack_name, logical_id):
            return handlers._error(
                "ValidationError",
                f"Resource(s) [{stack_name}.{logical_id}] cannot be skipped: only resources whose rollback "
                "failed can be skipped",
            )
    _skipped.update(nested)
    return _continue(own)


def _has_failed(stack_name: str, logical_id: str) -> bool:
    stack = _stacks.get(stack_name)
    if stack is None or stack["StackStatus"] != FAILED:
        return False
    events = [e for e in _stack_events[stack["StackId"]] if e["LogicalResourceId"] == logical_id]
    return any(e["ResourceStatus"] == "UPDATE_FAILED" for e in events)


def _update_resource(
    resource_type: str,
    physical_id: str,
    old: Any,
    new: Any,
    stack_name: str,
    logical_id: str | None = None,
    attributes: Attributes | None = None,
) -> tuple[str, Attributes]:
    if (stack_name, logical_id) in _skipped:
        _skipped.remove((stack_name, logical_id))
        return physical_id, attributes or {}
    return _update(resource_type, physical_id, old, new, stack_name, logical_id, attributes)
