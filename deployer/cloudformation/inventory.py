"""What a stack consists of: its resources and those of the stacks nested in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from deployer.cloudformation.package import STACK_TYPE
from deployer.errors import is_missing_stack


@dataclass(frozen=True)
class Resource:
    """One existing resource.

    `path` is made of logical IDs (`Data/Table`). `retained` says that it may be meant to outlive its stack.
    """

    path: str
    kind: str
    physical_id: str
    retained: bool


def inventory(cloudformation: Any, stack_id: str, path: str = "") -> Iterator[Resource]:
    """Yield every existing resource of a stack, nested stacks and what is in them included."""
    policies = _deletion_policies(cloudformation, stack_id)
    for summary in resources(cloudformation, stack_id):
        title, physical_id = summary["LogicalResourceId"], summary.get("PhysicalResourceId", "")
        if not physical_id or summary["ResourceStatus"] == "DELETE_COMPLETE":
            continue
        # A policy that is still an expression is not known: then better keep than lose.
        retained = policies.get(title, "Delete") != "Delete"
        resource = Resource(f"{path}/{title}".lstrip("/"), summary["ResourceType"], physical_id, retained)
        yield resource
        if resource.kind == STACK_TYPE:
            yield from inventory(cloudformation, physical_id, resource.path)


def resources(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    """Return the summaries of a stack's own resources, as ListStackResources gives them.

    In REVIEW_IN_PROGRESS there are none, and CloudFormation says that there is no such stack.
    """
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack_id)
    try:
        return [summary for page in pages for summary in page["StackResourceSummaries"]]
    except ClientError as error:
        if is_missing_stack(error):
            return []
        raise


def _deletion_policies(cloudformation: Any, stack_id: str) -> dict[str, Any]:
    """The DeletionPolicy of each of a stack's resources that has one, conditions resolved."""
    try:
        answer = cloudformation.get_template(StackName=stack_id, TemplateStage="Processed")
    except ClientError as error:
        if is_missing_stack(error):
            return {}
        raise
    # In REVIEW_IN_PROGRESS a stack has no template yet: the answer is without one, or with an empty one.
    template = answer.get("TemplateBody") or {}
    return {
        title: resource["DeletionPolicy"]
        for title, resource in template.get("Resources", {}).items()
        if "DeletionPolicy" in resource
    }
