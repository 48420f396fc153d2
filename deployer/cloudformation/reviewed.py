"""Change sets and what they leave: a stack in REVIEW_IN_PROGRESS, which has change sets and nothing else.

With nested stacks a change set makes one of each new child too. CloudFormation takes those away with the
change set, after it has answered, and leaves the root ("Delete a change set" in its user guide).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from botocore.waiter import WaiterModel, create_waiter_with_client

STATUS = "REVIEW_IN_PROGRESS"
BEING_MADE = {"CREATE_PENDING", "CREATE_IN_PROGRESS"}
"""A change set that somebody waits for."""
WAIT_SECONDS = 2
WAIT_ATTEMPTS = 450  # 15 minutes: CloudFormation validates every nested stack before


def wait_until_at_rest(cloudformation: Any, change_set_id: str) -> None:
    """Wait until a change set is made or has failed; raises WaiterError when that takes too long."""
    _wait(cloudformation, "AtRest", change_set_id)


def delete_change_set(cloudformation: Any, change_set_id: str) -> None:
    """Delete a change set with its nested ones; it is gone when this returns.

    Raises WaiterError when CloudFormation cannot delete it.
    """
    with contextlib.suppress(cloudformation.exceptions.ChangeSetNotFoundException):
        cloudformation.delete_change_set(ChangeSetName=change_set_id)
        _wait(cloudformation, "Gone", change_set_id)


def forget_first(cloudformation: Any, change_set_id: str, stack_id: str) -> None:
    """Delete a stack's first change set, and the stack if that leaves it empty; both are gone then.

    Two may make a first change set for one name at the same time, and it is one stack: while another's is in
    it, and when another's is being carried out, it stays.
    """
    delete_change_set(cloudformation, change_set_id)
    if not any(change_sets(cloudformation, stack_id)):
        _drop(cloudformation, stack_id)


def drop_stack(cloudformation: Any, stack_id: str) -> bool:
    """Delete a stack in REVIEW_IN_PROGRESS with its change sets; it is gone when this returns true.

    It stays, and its change sets too, when somebody is making one, and when one is being carried out.
    """
    found = list(change_sets(cloudformation, stack_id))
    if any(each.get("Status") in BEING_MADE for each in found) or not _is_empty(cloudformation, stack_id):
        return False
    for each in found:
        delete_change_set(cloudformation, each["ChangeSetId"])
    return _drop(cloudformation, stack_id)


def change_sets(cloudformation: Any, stack: str) -> Iterator[dict[str, Any]]:
    """The change sets of a stack, by its name or id, as ListChangeSets gives them."""
    for page in cloudformation.get_paginator("list_change_sets").paginate(StackName=stack):
        yield from page["Summaries"]


def _drop(cloudformation: Any, stack_id: str) -> bool:
    """Delete the stack if nothing is in it, which is asked when it has no change set any more: one that was
    carried out meanwhile has changed the state before it was gone.
    """
    if not _is_empty(cloudformation, stack_id):
        return False
    cloudformation.delete_stack(StackName=stack_id)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=stack_id, WaiterConfig={"Delay": WAIT_SECONDS})
    return True


def _is_empty(cloudformation: Any, stack_id: str) -> bool:
    [found] = cloudformation.describe_stacks(StackName=stack_id)["Stacks"]
    return found["StackStatus"] == STATUS


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
