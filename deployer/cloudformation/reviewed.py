"""Change sets and what they leave: a stack in REVIEW_IN_PROGRESS, which has change sets and nothing else.

With nested stacks a change set makes one of each new child too. CloudFormation takes those away with the
change set, after it has answered, and leaves the root ("Delete a change set" in its user guide).
"""

from __future__ import annotations

from typing import Any

from botocore.waiter import WaiterModel, create_waiter_with_client

WAIT_SECONDS = 2
WAIT_ATTEMPTS = 450  # 15 minutes: CloudFormation validates every nested stack before


def wait_until_at_rest(cloudformation: Any, change_set_id: str) -> None:
    """Wait until a change set is made or has failed; raises WaiterError when that takes too long."""
    _wait(cloudformation, "AtRest", change_set_id)


def delete_change_set(cloudformation: Any, change_set_id: str) -> None:
    """Delete a change set with its nested ones; it is gone when this returns.

    Raises WaiterError when CloudFormation cannot delete it.
    """
    cloudformation.delete_change_set(ChangeSetName=change_set_id)
    _wait(cloudformation, "Gone", change_set_id)


def drop_empty_stack(cloudformation: Any, name: str, stack_id: str) -> None:
    """Delete a stack in REVIEW_IN_PROGRESS with its change sets; it is gone when this returns."""
    pages = cloudformation.get_paginator("list_change_sets").paginate(StackName=name)
    for change_set_id in [item["ChangeSetId"] for page in pages for item in page["Summaries"]]:
        delete_change_set(cloudformation, change_set_id)
    cloudformation.delete_stack(StackName=stack_id)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=stack_id, WaiterConfig={"Delay": WAIT_SECONDS})


def _status(status: str, state: str) -> dict[str, str]:
    return {"matcher": "path", "argument": "Status", "expected": status, "state": state}


def _waiter(*acceptors: dict[str, str]) -> dict[str, Any]:
    return {
        "operation": "DescribeChangeSet",
        "delay": WAIT_SECONDS,
        "maxAttempts": WAIT_ATTEMPTS,
        "acceptors": list(acceptors),
    }


# botocore has a waiter for a change set that succeeds, and none for these.
_WAITERS = WaiterModel(
    {
        "version": 2,
        "waiters": {
            "AtRest": _waiter(_status("CREATE_COMPLETE", "success"), _status("FAILED", "success")),
            "Gone": _waiter(
                {"matcher": "error", "expected": "ChangeSetNotFound", "state": "success"},
                _status("DELETE_COMPLETE", "success"),
                _status("DELETE_FAILED", "failure"),
            ),
        },
    }
)


def _wait(cloudformation: Any, name: str, change_set_id: str) -> None:
    create_waiter_with_client(name, _WAITERS, cloudformation).wait(ChangeSetName=change_set_id)
