"""Rollbacks that fail: what is left is the stack's, and an update's rollback can be gone on with.

A nested stack that could not go back is in UPDATE_ROLLBACK_FAILED as its parent is, and what is in it can be
skipped by `NestedStackName.LogicalId`:
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
"""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

from ministack.services.cloudformation import _stack_events, _stacks, handlers, stacks

from local.emulator.registry import Attributes

FAILED = "UPDATE_ROLLBACK_FAILED"

_roll_back = stacks._roll_back_operation
_continue = handlers._ACTION_HANDLERS["ContinueUpdateRollback"]
_update = stacks._update_resource
_drift_xml = handlers._resource_drift_information_xml
# (stack name, logical id) of what is not to be brought back any more.
_skipped: set[tuple[str, str | None]] = set()


def install() -> None:
    global _update
    _update = stacks._update_resource
    stacks._roll_back_operation = _roll_back_operation
    stacks._update_resource = _update_resource
    handlers._ACTION_HANDLERS["ContinueUpdateRollback"] = _continue_update_rollback
    handlers._resource_drift_information_xml = _reason_xml


def mark(child: dict[str, Any]) -> None:
    """Say of a nested stack that it could not go back with its parent."""
    child["StackStatus"] = FAILED
    about = (child["StackId"], child["StackName"], child["StackName"], "AWS::CloudFormation::Stack")
    stacks._add_event(*about, FAILED, physical_id=child["StackId"])
    _tell(child, {each["LogicalResourceId"] for each in _failures(child)})


def _tell(stack: dict[str, Any], names: Iterable[str]) -> None:
    """Have the stack's resources say themselves that they could not go back, and why."""
    reasons = {each["LogicalResourceId"]: each["ResourceStatusReason"] for each in _failures(stack)}
    for name in names:
        if record := stack["_resources"].get(name):
            record |= {"ResourceStatus": "UPDATE_FAILED", "ResourceStatusReason": reasons.get(name, "")}


def _failures(stack: dict[str, Any]) -> list[dict[str, Any]]:
    """Of the last operation, the events of what failed in its update."""
    return [
        each
        for each in _stack_events[stack["StackId"]]
        if each["ResourceStatus"] == "UPDATE_FAILED"
        and each["PhysicalResourceId"] != stack["StackId"]
        and each["Timestamp"] >= stack["LastUpdatedTime"]
    ]


def _reason_xml(record: dict[str, Any]) -> str:
    """What stands behind a resource's state in a list: why it is in it, which MiniStack leaves out."""
    reason = escape(record.get("ResourceStatusReason", ""))
    told = f"<ResourceStatusReason>{reason}</ResourceStatusReason>" if reason else ""
    return told + _drift_xml(record)


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
    elif stack["StackStatus"] == FAILED:
        _tell(stack, stack.get("_rollback_failed", {}))


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
    return (stack["_resources"].get(logical_id) or {}).get("ResourceStatus") == "UPDATE_FAILED"


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
