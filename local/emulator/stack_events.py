"""Stack events in AWS's words, for whoever follows an operation by them.

A resource's physical id stands in every event from the moment it has one. In an update, a new resource is
created and a removed one deleted (MiniStack calls the first an update and passes over the second), and
nothing is said of one that does not change.
"""

from typing import Any

from ministack.services.cloudformation import _stack_events, _stacks, stacks

from local.emulator.registry import Attributes, Properties

Event = dict[str, Any]
# After these, the next thing that happens to a resource is its creation.
BEFORE_CREATION = frozenset({"CREATE_IN_PROGRESS", "CREATE_FAILED", "DELETE_COMPLETE", "DELETE_SKIPPED"})
GONE = frozenset({"DELETE_COMPLETE", "DELETE_SKIPPED"})
UPDATES = frozenset({"UPDATE_IN_PROGRESS", "UPDATE_COMPLETE", "UPDATE_FAILED"})

_record = stacks._add_event
_update = stacks._update_resource
_delete = stacks._delete_resource
# (stack name, logical id) of resources whose update turned out to be none.
_unchanged: set[tuple[str, str]] = set()


def install() -> None:
    stacks._add_event = _add_event
    stacks._update_resource = _update_resource
    stacks._delete_resource = _delete_resource


def _add_event(
    stack_id: str,
    stack_name: str,
    logical_id: str,
    resource_type: str,
    status: str,
    reason: str = "",
    physical_id: str = "",
    detailed_status: str = "",
) -> None:
    last = _last_event(stack_id, logical_id)
    if status == "UPDATE_COMPLETE" and (stack_name, logical_id) in _unchanged:
        _unchanged.remove((stack_name, logical_id))
        _stack_events[stack_id].remove(last)
        return
    if status in UPDATES and (last is None or last["ResourceStatus"] in BEFORE_CREATION):
        status = status.replace("UPDATE", "CREATE")
    if last and last["ResourceStatus"] not in GONE:
        physical_id = physical_id or last["PhysicalResourceId"]
    _record(stack_id, stack_name, logical_id, resource_type, status, reason, physical_id, detailed_status)


def _update_resource(
    resource_type: str,
    physical_id: str,
    old: Properties,
    new: Properties,
    stack_name: str,
    logical_id: str | None = None,
    attributes: Attributes | None = None,
) -> tuple[str, Attributes]:
    # What runs in a thread has shown its first event already, and that one stays.
    if old == new and logical_id and not stacks._runs_on_worker_thread(resource_type):
        _unchanged.add((stack_name, logical_id))
    return _update(resource_type, physical_id, old, new, stack_name, logical_id, attributes)


def _delete_resource(
    resource_type: str,
    physical_id: str,
    properties: Properties,
    stack_name: str | None = None,
    logical_id: str | None = None,
) -> None:
    stack = _stacks.get(stack_name) or {}
    is_current = (stack.get("_resources", {}).get(logical_id) or {}).get("PhysicalResourceId") == physical_id
    if not (stack_name and logical_id and is_current) or _is_being_deleted(stack["StackId"], logical_id):
        _delete(resource_type, physical_id, properties, stack_name, logical_id)
        return
    about = (stack["StackId"], stack_name, logical_id, resource_type)
    _add_event(*about, "DELETE_IN_PROGRESS", physical_id=physical_id)
    _delete(resource_type, physical_id, properties, stack_name, logical_id)
    _add_event(*about, "DELETE_COMPLETE", physical_id=physical_id)


def _is_being_deleted(stack_id: str, logical_id: str) -> bool:
    last = _last_event(stack_id, logical_id)
    return last is not None and last["ResourceStatus"] == "DELETE_IN_PROGRESS"


def _last_event(stack_id: str, logical_id: str) -> Event | None:
    for event in reversed(_stack_events.get(stack_id) or []):
        if event["LogicalResourceId"] == logical_id:
            return event
    return None
