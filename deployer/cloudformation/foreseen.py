"""What an update will do, one change for each resource, and what a change set says of that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RETAINING = {"Retain", "RetainExceptOnCreate", "Snapshot"}


class Action(StrEnum):
    """What happens to a resource."""

    ADD = "add"
    TAKE_OVER = "take over"
    MODIFY = "change in place"
    PERHAPS_REPLACE = "perhaps replace"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change.

    Attributes:
        path: logical IDs, `Data/Table`.
        kind: the resource's type.
        action: what happens to it.
        because: the properties and attributes that change.
        keeps: whether what is removed or replaced stays by itself; None where that is not known.
        is_certain: whether the change is known, and not only possible until a value is.
    """

    path: str
    kind: str
    action: Action
    because: tuple[str, ...] = ()
    keeps: bool | None = None
    is_certain: bool = True

    @property
    def stack(self) -> str:
        """The nested stack that the resource is in; empty for the root's own."""
        return self.path.rpartition("/")[0]

    @property
    def title(self) -> str:
        """The resource's own logical ID."""
        return self.path.rpartition("/")[2]


def of_change_set(cloudformation: Any, change_set_id: str, stack: str = "") -> Iterator[Change]:
    """Yield the changes of a change set, those of nested stacks in their stack's place."""
    pages = cloudformation.get_paginator("describe_change_set").paginate(ChangeSetName=change_set_id)
    for change in (change["ResourceChange"] for page in pages for change in page.get("Changes", [])):
        path = f"{stack}/{change['LogicalResourceId']}".lstrip("/")
        if nested := change.get("ChangeSetId"):
            yield from of_change_set(cloudformation, nested, path)
        else:
            yield _change(path, change)


def _change(path: str, change: dict[str, Any]) -> Change:
    details = change.get("Details", [])
    targets = [detail.get("Target", {}) for detail in details]
    named = [target.get("Name") or target.get("Attribute") for target in targets]
    return Change(
        path=path,
        kind=change["ResourceType"],
        action=_action(change),
        because=tuple(dict.fromkeys(filter(None, named))),
        keeps=_keeps(change.get("PolicyAction")),
        # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ResourceChangeDetail.html
        is_certain=not details or any(detail.get("Evaluation") != "Dynamic" for detail in details),
    )


def _action(change: dict[str, Any]) -> Action:
    match change["Action"], change.get("Replacement"):
        case "Add", _:
            return Action.ADD
        case "Import", _:
            return Action.TAKE_OVER
        case "Remove", _:
            return Action.REMOVE
        case _, "True":
            return Action.REPLACE
        case ("Dynamic", _) | (_, "Conditional"):
            return Action.PERHAPS_REPLACE
    return Action.MODIFY


def _keeps(policy: str | None) -> bool | None:
    """By what CloudFormation calls a PolicyAction; with none of its own, a resource is deleted or unknown."""
    if policy is None:
        return None
    return policy.removeprefix("ReplaceAnd") in RETAINING
