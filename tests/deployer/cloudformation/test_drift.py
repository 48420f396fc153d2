"""Drift of a stack and its nested ones, as CloudFormation answers by its API reference.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResourceDrifts.html
"""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from deployer.cloudformation import drift
from tests.deployer.account.checks.stubbed import answering

ROOT, CHILD = (f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{name}/1" for name in ("s", "s-Data"))


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiters do not sleep between two questions."""
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)


def resources() -> tuple[str, Any]:
    nested = {
        "LogicalResourceId": "Data",
        "PhysicalResourceId": CHILD,
        "ResourceType": "AWS::CloudFormation::Stack",
        "ResourceStatus": "CREATE_COMPLETE",
        "LastUpdatedTimestamp": "2026-01-01T00:00:00Z",
    }
    return "list_stack_resources", {"StackResourceSummaries": [nested]}


def begun(number: int) -> tuple[str, Any]:
    return "detect_stack_drift", {"StackDriftDetectionId": f"d{number}"}


def status(status: str) -> tuple[str, Any]:
    found = {"StackId": ROOT, "StackDriftDetectionId": "d", "DetectionStatus": status}
    return "describe_stack_drift_detection_status", found | {"Timestamp": "2026-01-01T00:00:00Z"}


def drifts(*names: str, more: str = "", kind: str = "AWS::DynamoDB::Table") -> tuple[str, Any]:
    found = [
        {
            "StackId": ROOT,
            "LogicalResourceId": name,
            "ResourceType": kind,
            "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [
                {
                    "PropertyPath": "/BillingMode",
                    "ExpectedValue": "a",
                    "ActualValue": "b",
                    "DifferenceType": "NOT_EQUAL",
                }
            ],
            "Timestamp": "2026-01-01T00:00:00Z",
        }
        for name in names
    ]
    return "describe_stack_resource_drifts", {"StackResourceDrifts": found} | (
        {"NextToken": more} if more else {}
    )


def test_every_stack_is_compared_and_its_pages_are_read() -> None:
    answers = [
        resources(), begun(1), begun(2), status("DETECTION_IN_PROGRESS"), status("DETECTION_COMPLETE"),
        drifts("Data", kind="AWS::CloudFormation::Stack"), status("DETECTION_FAILED"),
        drifts("Table", more="t"), drifts("Other"),
    ]  # fmt: skip
    with answering("cloudformation", *answers) as cloudformation:
        found = list(drift.detect(cloudformation, ROOT))
    assert [each.path for each in found] == ["Data/Table", "Data/Other"]
    assert found[0].properties == ("/BillingMode",)


def test_who_may_not_ask_is_refused() -> None:
    with (
        answering("cloudformation", resources(), ("detect_stack_drift", "AccessDenied")) as cloudformation,
        pytest.raises(ClientError),
    ):
        list(drift.detect(cloudformation, ROOT))


def test_a_comparison_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(drift._WAITERS._waiter_config["Detected"], "maxAttempts", 2)
    answers = [resources(), begun(1), begun(2), *[status("DETECTION_IN_PROGRESS")] * 2]
    with answering("cloudformation", *answers) as cloudformation, pytest.raises(WaiterError):
        list(drift.detect(cloudformation, ROOT))
