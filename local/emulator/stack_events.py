"""Stack events: a resource's physical id stands in every event from the moment it has one."""

from ministack.services.cloudformation import _stack_events, stacks


def install() -> None:
    original = stacks._add_event

    def add_event(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        resource_type: str,
        status: str,
        reason: str = "",
        physical_id: str = "",
        detailed_status: str = "",
    ) -> None:
        known = physical_id or _last_physical_id(stack_id, logical_id)
        original(stack_id, stack_name, logical_id, resource_type, status, reason, known, detailed_status)

    stacks._add_event = add_event


def _last_physical_id(stack_id: str, logical_id: str) -> str:
    for event in reversed(_stack_events.get(stack_id) or []):
        if event["LogicalResourceId"] == logical_id:
            return event["PhysicalResourceId"]
    return ""
