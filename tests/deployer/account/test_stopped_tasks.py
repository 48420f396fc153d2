"""A service that fails says why its tasks ended, with the last that they logged.

ECS answers as its references say: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html
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

from deployer.account.stopped_tasks import LINES, StoppedTasks
from tests.deployer.account.test_service_watch import event

CLUSTER = "arn:aws:ecs:eu-west-1:123456789012"
DEFINITION = f"{CLUSTER}:task-definition/chat:7"


class Told:
    """What StoppedTasks says over stubbed ECS and CloudWatch Logs."""

    def __init__(self) -> None:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.clients = {name: boto3.client(name, region_name="eu-west-1", **keys) for name in ("ecs", "logs")}
        self.ecs, self.logs = Stubber(self.clients["ecs"]), Stubber(self.clients["logs"])
        self.console = Console(file=io.StringIO(), width=300, record=True)
        self.watch = StoppedTasks(self.clients.__getitem__, self.console)

    def tasks(self, *tasks: dict[str, Any]) -> None:
        arns = [task["taskArn"] for task in tasks]
        asked = {"cluster": "chat-Cluster", "serviceName": "chat-Service", "desiredStatus": "STOPPED"}
        self.ecs.add_response("list_tasks", {"taskArns": arns}, asked)
        if arns:
            self.ecs.add_response(
                "describe_tasks", {"tasks": list(tasks)}, {"cluster": "chat-Cluster", "tasks": arns}
            )

    def definition(self, **options: str) -> None:
        container = {"name": "app", "logConfiguration": {"logDriver": "awslogs", "options": options}}
        self.ecs.add_response(
            "describe_task_definition",
            {"taskDefinition": {"containerDefinitions": [container]}},
            {"taskDefinition": DEFINITION},
        )

    def printed(self) -> list[str]:
        return [line.rstrip() for line in self.console.export_text().splitlines()]


@pytest.fixture
def told() -> Iterator[Told]:
    found = Told()
    with found.ecs, found.logs:
        yield found
        found.ecs.assert_no_pending_responses()
        found.logs.assert_no_pending_responses()


def task(number: int, why: str, **container: Any) -> dict[str, Any]:
    return {
        "taskArn": f"{CLUSTER}:task/chat-Cluster/{number}",
        "taskDefinitionArn": DEFINITION,
        "stoppedAt": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=number),
        "stoppedReason": why,
        "containers": [{"name": "app", **container}],
    }


AWSLOGS = {"awslogs-group": "chat-Logs", "awslogs-stream-prefix": "task"}


def test_the_reasons_once_each_and_the_newest_tasks_last_lines(told: Told) -> None:
    ended = "Essential container in task exited"
    told.tasks(task(1, ended, exitCode=2), task(3, ended, exitCode=2), task(2, "Task failed health checks"))
    told.definition(**AWSLOGS)
    asked = {"logGroupName": "chat-Logs", "logStreamName": "task/app/3", "limit": LINES}
    events = [{"message": "MODEL_IDS is missing:\x07 set it.\n"}]
    told.logs.add_response("get_log_events", {"events": events}, asked)
    told.watch([event("CREATE_FAILED")])
    assert told.printed() == [
        f"A task ended: {ended}",
        "A task ended: app ended with exit code 2",
        "A task ended: Task failed health checks",
        "  task  MODEL_IDS is missing:\\x07 set it.",
    ]


def test_an_image_that_cannot_be_pulled_has_no_log(told: Told) -> None:
    told.tasks(task(1, "Task failed to start", reason="CannotPullContainerError: not found"))
    told.definition(**AWSLOGS)
    told.logs.add_client_error("get_log_events", "ResourceNotFoundException")
    told.watch([event("UPDATE_FAILED")])
    assert told.printed() == [
        "A task ended: Task failed to start",
        "A task ended: app: CannotPullContainerError: not found",
    ]


@pytest.mark.parametrize("status", ["CREATE_IN_PROGRESS", "CREATE_COMPLETE", "UPDATE_COMPLETE"])
def test_while_it_is_well_nobody_is_asked(told: Told, status: str) -> None:
    told.watch([event(status)])
    told.watch([event("CREATE_FAILED", kind="AWS::SQS::Queue")])
    told.watch([event("CREATE_FAILED", physical_id="")])
    assert told.printed() == []


def test_a_service_that_never_had_a_task_says_nothing_more(told: Told) -> None:
    told.tasks()
    told.watch([event("CREATE_FAILED")])
    assert told.printed() == []


def test_without_the_permission_it_is_said(told: Told) -> None:
    told.ecs.add_client_error("list_tasks", "AccessDeniedException", "not authorized")
    told.watch([event("CREATE_FAILED")])
    [line] = told.printed()
    assert line.startswith("Why the tasks ended cannot be asked: Access denied to ListTasks")
