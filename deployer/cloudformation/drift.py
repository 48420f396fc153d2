"""What was changed by other means than CloudFormation: drift, of a stack and everything nested in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from botocore.waiter import WaiterModel, create_waiter_with_client

from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE

WAIT_SECONDS = 5
WAIT_ATTEMPTS = 240  # 20 minutes: every resource is read, one after the other
DRIFTED = ["MODIFIED", "DELETED"]


@dataclass(frozen=True)
class Drift:
    """A resource that is not as its template says: MODIFIED in these properties, or DELETED."""

    path: str
    kind: str
    status: str
    properties: tuple[str, ...]


def detect(cloudformation: Any, stack_id: str) -> Iterator[Drift]:
    """Have CloudFormation compare, and yield what differs; of a nested stack, it compares nothing by itself.

    Raises WaiterError when that takes too long.
    """
    stacks = {"": stack_id} | _nested(cloudformation, stack_id)
    begun = {
        path: cloudformation.detect_stack_drift(StackName=identity)["StackDriftDetectionId"]
        for path, identity in stacks.items()
    }
    waiter = create_waiter_with_client("Detected", _WAITERS, cloudformation)
    for path, identity in stacks.items():
        waiter.wait(StackDriftDetectionId=begun[path])
        yield from _drifted(cloudformation, path, identity)


def _nested(cloudformation: Any, stack_id: str) -> dict[str, str]:
    return {
        summary["LogicalResourceId"]: summary["PhysicalResourceId"]
        for summary in resources(cloudformation, stack_id)
        if summary["ResourceType"] == STACK_TYPE and summary.get("PhysicalResourceId")
    }


def _drifted(cloudformation: Any, path: str, stack_id: str) -> Iterator[Drift]:
    request: dict[str, Any] = {"StackName": stack_id, "StackResourceDriftStatusFilters": DRIFTED}
    while True:
        page = cloudformation.describe_stack_resource_drifts(**request)
        for found in page["StackResourceDrifts"]:
            if found["ResourceType"] != STACK_TYPE:
                yield Drift(
                    f"{path}/{found['LogicalResourceId']}".lstrip("/"),
                    found["ResourceType"],
                    found["StackResourceDriftStatus"],
                    tuple(each["PropertyPath"] for each in found.get("PropertyDifferences", [])),
                )
        if "NextToken" not in page:
            return
        request["NextToken"] = page["NextToken"]


def _status(status: str) -> dict[str, str]:
    return {"matcher": "path", "argument": "DetectionStatus", "expected": status, "state": "success"}


# botocore has none for this. A detection that failed has compared what it could.
_WAITERS = WaiterModel(
    {
        "version": 2,
        "waiters": {
            "Detected": {
                "operation": "DescribeStackDriftDetectionStatus",
                "delay": WAIT_SECONDS,
                "maxAttempts": WAIT_ATTEMPTS,
                "acceptors": [_status("DETECTION_COMPLETE"), _status("DETECTION_FAILED")],
            }
        },
    }
)
