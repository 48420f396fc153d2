"""Which failure came first, and that every event is told once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.cloudformation.events import Event, root_cause
from deployer.cloudformation.progress import Outcome
from deployer.cloudformation.stack import failure

START = datetime(2026, 1, 1, tzinfo=UTC)
CASCADES = [
    "Resource creation cancelled",
    "Resource update cancelled",
    "Embedded stack arn:aws:cloudformation:x was not successfully created: The following resource(s) failed",
    "The following resource(s) failed to create: [Image]. Rollback requested by user.",
]


def event(
    second: int, status: str, reason: str = "", *, resource: str = "Thing", stack: str = "Build"
) -> Event:
    return Event(
        time=START + timedelta(seconds=second),
        stack=stack,
        stack_id=f"arn:{stack}",
        resource=resource,
        resource_id=f"id-{resource}",
        kind="AWS::X::Y",
        status=status,
        reason=reason,
    )


@given(st.permutations(range(6)))
def test_the_cause_is_found_among_its_consequences_in_whatever_order_they_are_read(order):
    cause = event(3, "CREATE_FAILED", "out of apples", resource="Image")
    events = [
        event(1, "CREATE_COMPLETE", resource="Role"),
        event(2, "CREATE_FAILED", CASCADES[0], stack="Network", resource="Vpc"),
        cause,
        event(4, "CREATE_FAILED", CASCADES[2], stack="", resource="Build"),
        event(5, "CREATE_FAILED", "out of pears", stack="Edge"),
        event(6, "ROLLBACK_IN_PROGRESS", CASCADES[3], stack=""),
    ]
    assert root_cause([events[index] for index in order]) is cause


@pytest.mark.parametrize("reason", CASCADES)
def test_with_nothing_but_consequences_the_first_of_them_is_told(reason: str):
    first = event(1, "UPDATE_FAILED", reason)
    assert root_cause([event(2, "UPDATE_FAILED", reason), first]) is first


def test_what_only_aws_support_can_settle_is_told_with_the_failure():
    reason = (
        "Access denied for operation 'AWS::CloudFront::Distribution: Your account must be verified before "
        "you can add new CloudFront resources. To verify your account, please contact AWS Support.'."
    )
    told = failure(Outcome("ROLLBACK_COMPLETE", [event(1, "CREATE_FAILED", reason)]))
    assert reason in told
    assert told.endswith("open a case with AWS Support and quote this, or choose FrontDoor domain.")
    queue = "'Build: Error calling startBuild: Cannot have more than 0 builds in queue for the account'"
    told = failure(Outcome("ROLLBACK_COMPLETE", [event(1, "CREATE_FAILED", queue)]))
    assert told.endswith("in Service Quotas, or ask AWS Support.")
    assert (
        failure(Outcome("x", [event(1, "CREATE_FAILED", "no apples")]))
        == "Build/Thing (AWS::X::Y): no apples"
    )


def test_without_a_failure_there_is_no_cause():
    assert root_cause([event(1, "CREATE_COMPLETE"), event(2, "ROLLBACK_COMPLETE")]) is None


def test_a_path_reads_from_the_root():
    assert event(1, "CREATE_COMPLETE", stack="A/B", resource="C").path == "A/B/C"
    assert event(1, "CREATE_COMPLETE", stack="", resource="C").path == "C"
