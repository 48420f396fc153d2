"""Change sets: making one, waiting for it, saying why it is refused, and what it will do."""

from __future__ import annotations

import contextlib
import uuid
from collections import Counter
from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError, WaiterError
from rich.console import Console

from deployer.errors import EXIT_USAGE, DeployError, error_code, explain
from deployer.progress import say

ChangeSet = dict[str, Any]  # as DescribeChangeSet gives it

WAIT_SECONDS = 2
WAIT_ATTEMPTS = 450  # 15 minutes: CloudFormation validates every nested stack before

_NO_CHANGES = ("The submitted information didn't contain changes", "No updates are to be performed")
# What CloudFormation puts for another stack's output before that is known. Where it takes this for a value
# and stumbles over it, the preview is at fault and not the templates (cfn-language-discussion, issue 152).
_UNKNOWN_YET = "{{IntrinsicFunction:"
_BEING_MADE = {"CREATE_PENDING", "CREATE_IN_PROGRESS"}


def make(cloudformation: Any, request: dict[str, Any], kind: str, console: Console) -> ChangeSet | None:
    """Make a change set of that kind (CREATE or UPDATE); return it, or None when nothing would change.

    Raises DeployError with CloudFormation's reason when it is refused; nothing has been created then.
    """
    try:
        return _make(cloudformation, request | {"IncludeNestedStacks": True}, kind)
    except DeployError as error:
        if _UNKNOWN_YET not in str(error):
            raise
        say(
            console,
            "CloudFormation cannot foresee the nested stacks' changes; going on without that preview.",
        )
        return _make(cloudformation, request, kind)


def summary(cloudformation: Any, change_set: ChangeSet) -> str:
    """Return what the change set will do, nested stacks included: `2 to add, 1 to replace (Data/Table)`."""
    counts: Counter[str] = Counter()
    drastic: dict[str, list[str]] = {"replace": [], "remove": []}
    for path, change in _walk(cloudformation, change_set["ChangeSetId"], ""):
        action = change["Action"].lower()
        if action == "modify" and change.get("Replacement") == "True":
            action = "replace"
        counts[action] += 1
        if action in drastic:
            drastic[action].append(path)
    parts = []
    for action, count in counts.items():
        names = f" ({', '.join(drastic[action])})" if drastic.get(action) else ""
        parts.append(f"{count} to {action}{names}")
    return ", ".join(parts) or "nothing but outputs or tags to change"


def drop_empty_stack(cloudformation: Any, stack_id: str) -> None:
    """Delete a stack in REVIEW_IN_PROGRESS, which has a change set and nothing else."""
    cloudformation.delete_stack(StackName=stack_id)
    waiter = cloudformation.get_waiter("stack_delete_complete")
    waiter.wait(StackName=stack_id, WaiterConfig={"Delay": WAIT_SECONDS})


def is_being_made(cloudformation: Any, stack: str) -> bool:
    """Whether somebody is making a change set for a stack at this moment."""
    pages = cloudformation.get_paginator("list_change_sets").paginate(StackName=stack)
    return any(item.get("Status") in _BEING_MADE for page in pages for item in page["Summaries"])


def _walk(cloudformation: Any, change_set_id: str, stack: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each change with its path, those of nested stacks in their stack's place."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set_id)
    for change in (change["ResourceChange"] for page in pages for change in page.get("Changes", [])):
        path = f"{stack}/{change['LogicalResourceId']}".lstrip("/")
        if nested := change.get("ChangeSetId"):
            yield from _walk(cloudformation, nested, path)
        else:
            yield path, change


def _make(cloudformation: Any, request: dict[str, Any], kind: str) -> ChangeSet | None:
    made = _create(cloudformation, request, kind)
    waiter = cloudformation.get_waiter("change_set_create_complete")
    try:
        waiter.wait(
            ChangeSetName=made["Id"], WaiterConfig={"Delay": WAIT_SECONDS, "MaxAttempts": WAIT_ATTEMPTS}
        )
    except WaiterError as error:
        empty = error.last_response.get("StatusReason", "").startswith(_NO_CHANGES)
        reasons = [] if empty else _reasons(cloudformation, made["Id"], "")
        _forget(cloudformation, made, kind)
        if empty:
            return None
        raise _refused("\n".join(dict.fromkeys(reasons)) or str(error)) from error
    return cloudformation.describe_change_set(ChangeSetName=made["Id"])


def _create(cloudformation: Any, request: dict[str, Any], kind: str) -> dict[str, Any]:
    """Ask for the change set; return its Id and StackId."""
    try:
        return cloudformation.create_change_set(
            **request,
            ChangeSetName=f"deploy-{uuid.uuid4()}",
            ChangeSetType=kind,
        )
    except ClientError as error:
        if error_code(error) != "ValidationError" or "_IN_PROGRESS state" in str(error):
            raise
        raise _refused(explain(error)) from error


def _refused(reasons: str) -> DeployError:
    return DeployError(f"The templates cannot be deployed, and nothing was changed: {reasons}", EXIT_USAGE)


def _reasons(cloudformation: Any, change_set_id: str, stack: str) -> list[str]:
    """Why a change set failed: what its nested ones say, else it itself, and what validation found."""
    described = cloudformation.describe_change_set(ChangeSetName=change_set_id)
    found: list[str] = []
    for change in (change["ResourceChange"] for change in described.get("Changes", [])):
        if nested := change.get("ChangeSetId"):
            path = f"{stack}/{change['LogicalResourceId']}".lstrip("/")
            found += _reasons(cloudformation, nested, path)
    with contextlib.suppress(ClientError):  # a missing permission to ask must not hide the reason at hand
        events = cloudformation.describe_events(ChangeSetName=change_set_id, Filters={"FailedEvents": True})
        for event in events["OperationEvents"]:
            if why := event.get("ValidationStatusReason") or event.get("HookStatusReason"):
                found.append(f"{stack}/{event.get('LogicalResourceId', '')}: {why}".lstrip("/"))
    if not found and described["Status"] == "FAILED" and (reason := described.get("StatusReason")):
        found.append(f"{stack}: {reason}" if stack else reason)
    return found


def _forget(cloudformation: Any, made: dict[str, Any], kind: str) -> None:
    """Remove a change set of no use; a first one leaves an empty stack, which goes with it."""
    try:
        if kind == "CREATE":
            drop_empty_stack(cloudformation, made["StackId"])
        else:
            cloudformation.delete_change_set(ChangeSetName=made["Id"])
    except ClientError as error:
        if error_code(error) in {"AccessDenied", "AccessDeniedException"}:
            return  # it does no harm, and the reason why it is of no use matters more
        raise
