"""Change sets: making one, waiting for it, saying why it is refused, and taking it away again."""

from __future__ import annotations

import contextlib
import re
import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, WaiterError
from rich.console import Console

from deployer.cloudformation import reviewed
from deployer.cloudformation.foreseen import Action, Change
from deployer.cloudformation.progress import GoesOn, perhaps
from deployer.console import say
from deployer.errors import EXIT_INTERRUPTED, EXIT_USAGE, DeployError, explain, is_refusal

ChangeSet = dict[str, Any]  # as DescribeChangeSet gives it
REFUSED = "NestedRefused"
"""In a change set that was made without its nested stacks: why CloudFormation refused them."""

_NO_CHANGES = ("The submitted information didn't contain changes", "No updates are to be performed")
_NESTED_FAILED = re.compile(r"Nested change set (\S+) was not successfully created")


class Refused(DeployError):
    """CloudFormation makes no change set of these templates; `reasons` are its own words."""

    def __init__(self, reasons: str) -> None:
        super().__init__(f"The templates cannot be deployed, and nothing was changed: {reasons}", EXIT_USAGE)
        self.reasons = reasons


def make(cloudformation: Any, request: dict[str, Any], kind: str, console: Console) -> ChangeSet | None:
    """Make a change set of that kind (CREATE, UPDATE, IMPORT); return it, or None when nothing would change.

    Raises Refused with CloudFormation's reason; nothing has been created then. Where CloudFormation does not
    foresee nested stacks, the change set is one without them and has its reason under REFUSED.
    """
    if kind == "IMPORT":  # CloudFormation takes no IncludeNestedStacks with it
        return _make(cloudformation, request, kind, console)
    try:
        return _make(cloudformation, request | {"IncludeNestedStacks": True}, kind, console)
    except Refused as refused:
        # In such a preview, what one stack gives another is a placeholder. CloudFormation takes it for the
        # value and may stumble over it, not always in words that tell (cfn-language-discussion, issue 152).
        say(
            console,
            "CloudFormation does not foresee the nested stacks' changes; going on without that preview. "
            f"Its reason: {refused.reasons}",
            "yellow",
        )
        made = _make(cloudformation, request, kind, console)
        return made and made | {REFUSED: refused.reasons}


def execute(cloudformation: Any, change_set_id: str, stack: str) -> None:
    """Have CloudFormation carry a change set out.

    Raises GoesOn where it cannot be known whether that has begun, and ClientError where it has not.
    """
    try:
        # The token: as for the making.
        cloudformation.execute_change_set(
            ChangeSetName=change_set_id, ClientRequestToken=f"execute-{uuid.uuid4()}"
        )
    except KeyboardInterrupt:
        raise GoesOn(f"Interrupted. {perhaps(stack)}", EXIT_INTERRUPTED) from None
    except (BotoCoreError, ClientError) as error:
        if is_refusal(error):
            raise
        raise GoesOn(f"{explain(error)} {perhaps(stack)}") from error


def summary(changes: Iterable[Change], *, with_names: bool = True) -> str:
    """Return what will be done: `2 to add, 1 to replace (Data/Table)`."""
    counts: Counter[str] = Counter()
    drastic: dict[str, list[str]] = {Action.REPLACE: [], Action.PERHAPS_REPLACE: [], Action.REMOVE: []}
    for change in changes:
        counts[change.action] += 1
        if change.action in drastic:
            drastic[change.action].append(change.path)
    parts = []
    for action, count in counts.items():
        names = f" ({', '.join(drastic[action])})" if with_names and drastic.get(action) else ""
        parts.append(f"{count} to {action}{names}")
    return ", ".join(parts) or "nothing but outputs or tags to change"


def is_being_made(cloudformation: Any, stack: str) -> bool:
    """Whether somebody is making a change set for a stack at this moment."""
    return any(
        each.get("Status") in reviewed.BEING_MADE for each in reviewed.change_sets(cloudformation, stack)
    )


def _make(cloudformation: Any, request: dict[str, Any], kind: str, console: Console) -> ChangeSet | None:
    made = _create(cloudformation, request, kind, console)
    try:
        reviewed.wait_until_at_rest(cloudformation, made["Id"])
        change_set = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    except BaseException:
        forget(cloudformation, made["Id"], made["StackId"], kind, console)
        raise
    if change_set["Status"] != "FAILED":
        return change_set
    empty = _is_empty(change_set)
    reasons = [] if empty else _reasons(cloudformation, change_set, "")
    forget(cloudformation, made["Id"], made["StackId"], kind, console)
    if empty:
        return None
    raise Refused("\n".join(dict.fromkeys(reasons)) or "CloudFormation gives no reason.")


def _create(cloudformation: Any, request: dict[str, Any], kind: str, console: Console) -> dict[str, Any]:
    """Ask for the change set; return its Id and StackId."""
    name = f"deploy-{uuid.uuid4()}"
    try:
        # The token: a request that is repeated because its answer was lost is one request.
        return cloudformation.create_change_set(
            **request, ChangeSetName=name, ChangeSetType=kind, ClientToken=name
        )
    except (BotoCoreError, ClientError) as error:
        if is_refusal(error, "ValidationError") and "_IN_PROGRESS state" not in str(error):
            raise Refused(explain(error)) from error
        if not is_refusal(error):  # nobody heard whether it was made
            _say_left(name, console)
        raise


def _is_empty(change_set: ChangeSet) -> bool:
    return change_set.get("StatusReason", "").startswith(_NO_CHANGES)


def _reasons(cloudformation: Any, change_set: ChangeSet, stack: str) -> list[str]:
    """Why a change set failed: what its nested ones say, else it itself, and what validation found."""
    # A child in which nothing changes has a failed one too, and that is nobody's reason.
    if change_set["Status"] != "FAILED" or _is_empty(change_set):
        return []
    found: list[str] = []
    for title, nested in _nested(change_set).items():
        # The first nested one that fails fails its root, while the others are still being made.
        with contextlib.suppress(WaiterError):
            reviewed.wait_until_at_rest(cloudformation, nested)
        described = cloudformation.describe_change_set(ChangeSetName=nested)
        found += _reasons(cloudformation, described, f"{stack}/{title}".lstrip("/"))
    with contextlib.suppress(ClientError):  # a missing permission to ask must not hide the reason at hand
        events = cloudformation.describe_events(
            ChangeSetName=change_set["ChangeSetId"], Filters={"FailedEvents": True}
        )
        for event in events["OperationEvents"]:
            if why := event.get("ValidationStatusReason") or event.get("HookStatusReason"):
                found.append(f"{stack}/{event.get('LogicalResourceId', '')}: {why}".lstrip("/"))
    if not found and (reason := change_set.get("StatusReason")):
        found.append(f"{stack}: {reason}" if stack else reason)
    return found


def _nested(change_set: ChangeSet) -> dict[str, str]:
    """The nested change sets by their stacks' logical IDs; one that only the reason names, by its own."""
    changes = [change["ResourceChange"] for change in change_set.get("Changes", [])]
    listed = {each["LogicalResourceId"]: each["ChangeSetId"] for each in changes if each.get("ChangeSetId")}
    named = _NESTED_FAILED.search(change_set.get("StatusReason", ""))
    if named and named[1] not in listed.values():
        listed[named[1].split("/")[1]] = named[1]
    return listed


def forget(cloudformation: Any, change_set_id: str, stack_id: str, kind: str, console: Console) -> None:
    """Remove a change set of no use; a first one leaves an empty stack, which goes if nobody else needs it.

    An import may be a stack's first or not, and its stack stays: who asked for it removes that.

    When that fails, what is left does no harm, and why the change set is of no use matters more: what is left
    is named, and nothing raised.
    """
    try:
        if kind == "CREATE":
            reviewed.forget_first(cloudformation, change_set_id, stack_id)
        else:
            reviewed.delete_change_set(cloudformation, change_set_id)
    except (BotoCoreError, ClientError):
        _say_left(change_set_id, console)


def _say_left(change_set: str, console: Console) -> None:
    say(
        console,
        f"The change set {change_set} may be left. It does nothing and costs nothing; the next deployment "
        "takes it away.",
        "yellow",
    )
