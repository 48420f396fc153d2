"""A blue/green or canary deployment whose tasks never become ready is taken back, and nothing else is.

ECS answers here as its API reference says: the emulator knows no service deployments.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from deployer.account.service_watch import (
    READY_MINUTES,
    ROUNDS,
    SERVICE,
    UNDER_WAY,
    WHOLE_MINUTES,
    ServiceWatch,
)
from deployer.cloudformation.events import Event

START = datetime(2026, 1, 1, tzinfo=UTC)
ARN = "arn:aws:ecs:eu-west-1:123456789012:service/chat-Cluster/chat-Service"
DEPLOYMENT = "arn:aws:ecs:eu-west-1:123456789012:service-deployment/chat-Cluster/chat-Service/abc"


def event(status: str, kind: str = SERVICE, physical_id: str = ARN) -> Event:
    return Event(
        time=START,
        stack="Service",
        stack_id="arn:Service",
        resource="Service",
        resource_id=physical_id,
        kind=kind,
        status=status,
        reason="",
    )


class Watched:
    """A watch over a stubbed ECS, with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.ecs = boto3.client(
            "ecs", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stub = Stubber(self.ecs)
        self.console = Console(file=io.StringIO(), width=300, record=True)
        self.minutes = 0.0
        self.watch = ServiceWatch(
            lambda: self.ecs, self.console, lambda: START + timedelta(minutes=self.minutes)
        )

    def look(self, *events: Event) -> str:
        """Events, and as many rounds as one look at the service takes; return what was printed."""
        self.watch(events)
        for _ in range(ROUNDS - 1):
            self.watch([])
        self.stub.assert_no_pending_responses()
        return self.console.export_text()

    def answers(self, strategy: str = "BLUE_GREEN", stage: str = "SCALE_UP", **more: Any) -> None:
        """ECS has one deployment under way."""
        asked = {"cluster": "chat-Cluster", "service": ARN, "status": UNDER_WAY}
        brief = {"serviceDeploymentArn": DEPLOYMENT, "status": "IN_PROGRESS"}
        self.stub.add_response("list_service_deployments", {"serviceDeployments": [brief]}, asked)
        whole = brief | {
            "createdAt": START,
            "lifecycleStage": stage,
            "deploymentConfiguration": {"strategy": strategy},
            "targetServiceRevision": {"requestedTaskCount": 2, "runningTaskCount": 1},
        }
        self.stub.add_response(
            "describe_service_deployments",
            {"serviceDeployments": [whole | more]},
            {"serviceDeploymentArns": [DEPLOYMENT]},
        )

    def takes_it_back(self) -> None:
        """ECS is asked to stop the deployment."""
        asked = {"serviceDeploymentArn": DEPLOYMENT, "stopType": "ROLLBACK"}
        self.stub.add_response("stop_service_deployment", {"serviceDeploymentArn": DEPLOYMENT}, asked)


@pytest.fixture
def watched() -> Iterator[Watched]:
    watched = Watched()
    with watched.stub:
        yield watched


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "CANARY"])
@pytest.mark.parametrize("stage", ["RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP"])
def test_tasks_that_do_not_become_ready_are_taken_back_once(
    watched: Watched, strategy: str, stage: str
) -> None:
    watched.answers(strategy, stage)
    watched.minutes = READY_MINUTES - 1
    assert watched.look(event("UPDATE_IN_PROGRESS")) == ""
    watched.answers(strategy, stage)
    watched.takes_it_back()
    watched.minutes = READY_MINUTES + 1
    assert "does not get well (not ready after 20 minutes, 1 of 2 tasks run)" in watched.look()
    assert watched.look() == ""


@pytest.mark.parametrize("stage", ["PRODUCTION_TRAFFIC_SHIFT", "BAKE_TIME", "CLEAN_UP"])
def test_a_version_that_serves_has_its_time(watched: Watched, stage: str) -> None:
    watched.answers("CANARY", stage)
    watched.minutes = WHOLE_MINUTES - 1
    assert watched.look(event("UPDATE_IN_PROGRESS")) == ""
    watched.answers("CANARY", stage)
    watched.takes_it_back()
    watched.minutes = WHOLE_MINUTES + 1
    assert "not done after 90 minutes" in watched.look()


def test_rolling_is_left_to_the_circuit_breaker(watched: Watched) -> None:
    watched.minutes = 10 * WHOLE_MINUTES
    watched.answers("ROLLING")
    assert watched.look(event("UPDATE_IN_PROGRESS")) == ""


def test_nobody_is_asked_before_a_service_is_worked_on_and_after(watched: Watched) -> None:
    watched.look(event("CREATE_IN_PROGRESS", physical_id=""), event("CREATE_IN_PROGRESS", kind="AWS::X::Y"))
    watched.look(event("CREATE_IN_PROGRESS"), event("CREATE_COMPLETE"))
    watched.look(event("UPDATE_IN_PROGRESS"), event("UPDATE_FAILED"))


def test_without_a_deployment_under_way_nothing_is_done(watched: Watched) -> None:
    watched.stub.add_response("list_service_deployments", {"serviceDeployments": []})
    assert watched.look(event("UPDATE_IN_PROGRESS")) == ""


@pytest.mark.parametrize("call", ["list_service_deployments", "stop_service_deployment"])
def test_who_may_not_is_told_once(watched: Watched, call: str) -> None:
    if call == "stop_service_deployment":
        watched.answers()
    watched.stub.add_client_error(call, "AccessDeniedException", "no")
    watched.minutes = READY_MINUTES + 1
    printed = watched.look(event("UPDATE_IN_PROGRESS"))
    assert "cannot be watched or stopped: Access denied" in printed
    assert "CloudFormation goes on waiting" in printed
    assert watched.look() == ""
