"""A rollback that could not delete everything: what it left is still the stack's, and is deleted with it."""

from typing import Any

from ministack.services.cloudformation import stacks

_roll_back = stacks._roll_back_operation


def install() -> None:
    stacks._roll_back_operation = _roll_back_operation


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
