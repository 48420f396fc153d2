"""What keeps a stack in UPDATE_ROLLBACK_FAILED, and going on with the rollback."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE

STATUS = "UPDATE_ROLLBACK_FAILED"
GOING_BACK = {"UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"}
"""While a rollback goes on, for the first time or again."""
_FAILED = {"UPDATE_FAILED", "DELETE_FAILED"}


@dataclass(frozen=True)
class Hindrance:
    """A resource that could not go back."""

    path: str
    """Logical IDs, as everywhere: `Data/Table`."""
    kind: str
    reason: str
    name: str
    """As ContinueUpdateRollback wants it: in a nested stack with that stack's name before it.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html"""
    can_be_skipped: bool
    """Only what failed in its update; what could not be deleted is tried again."""

    def __str__(self) -> str:
        return f"{self.path} ({self.kind}): {self.reason or 'CloudFormation gives no reason'}"


def hindrances(cloudformation: Any, stack_id: str, path: str = "") -> Iterator[Hindrance]:
    """Yield what is failed in a stack, and of a nested stack what is failed in it."""
    for each in resources(cloudformation, stack_id):
        if each["ResourceStatus"] not in _FAILED:
            continue
        title, physical_id = each["LogicalResourceId"], each.get("PhysicalResourceId", "")
        where = f"{path}/{title}".lstrip("/")
        inside = []
        if each["ResourceType"] == STACK_TYPE and physical_id:
            inside = list(hindrances(cloudformation, physical_id, where))
        yield from inside or [_hindrance(each, stack_id, where, is_nested=bool(path))]


def go_on(cloudformation: Any, stack_id: str, skip: Sequence[Hindrance]) -> None:
    """Have CloudFormation go on with a rollback; what is skipped stays as it is."""
    cloudformation.continue_update_rollback(
        StackName=stack_id,
        **({"ResourcesToSkip": [each.name for each in skip]} if skip else {}),
        # A request that is repeated because its answer was lost is one request.
        ClientRequestToken=f"continue-{uuid.uuid4()}",
    )


def _hindrance(each: dict[str, Any], stack_id: str, where: str, *, is_nested: bool) -> Hindrance:
    title = each["LogicalResourceId"]
    return Hindrance(
        path=where,
        kind=each["ResourceType"],
        reason=" ".join(each.get("ResourceStatusReason", "").split()),
        name=f"{stack_id.split('/')[1]}.{title}" if is_nested else title,
        can_be_skipped=each["ResourceStatus"] == "UPDATE_FAILED" and each["ResourceType"] != STACK_TYPE,
    )
