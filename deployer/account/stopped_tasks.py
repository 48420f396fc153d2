"""Why the tasks of a service that does not become stable have stopped, with the last that they said.

ECS remembers a stopped task for an hour, CloudFormation's rollback may take the service away before:
so this looks in the moment in which the service fails.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-errors.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import printable
from deployer.cloudformation.events import Event
from deployer.console import say
from deployer.errors import explain, one_line

SERVICE = "AWS::ECS::Service"
TASKS = 3
"""Of the newest: they mostly end for the same reason."""
LINES = 15


class StoppedTasks:
    """Call it with the events of an operation; it speaks when the service has failed."""

    def __init__(self, client: Callable[[str], Any], console: Console) -> None:
        """`client` makes one of a service: most operations need none."""
        self._client = client
        self._console = console

    def __call__(self, events: Sequence[Event]) -> None:
        """Say why tasks ended, for each service among these events that failed."""
        for event in events:
            if event.kind == SERVICE and event.failed and event.resource_id:
                self._explain(event.resource_id)

    def _explain(self, service: str) -> None:
        try:
            tasks = self._stopped(service)
            for why in dict.fromkeys(why for task in tasks for why in _reasons(task)):
                say(self._console, f"A task ended: {printable(one_line(why))}", "red")
            for line in self._last_lines(tasks[0]) if tasks else ():
                say(self._console, f"  task  {printable(line)}", "dim")
        except (BotoCoreError, ClientError) as error:
            say(self._console, f"Why the tasks ended cannot be asked: {explain(error)}", "yellow")

    def _stopped(self, service: str) -> list[dict[str, Any]]:
        """The newest tasks of a service that have stopped, the newest first."""
        cluster, name = service.split("/")[1:3]
        ecs = self._client("ecs")
        arns = ecs.list_tasks(cluster=cluster, serviceName=name, desiredStatus="STOPPED")["taskArns"]
        if not arns:
            return []
        tasks = ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"]
        # One that was stopped before it ran has no such time; it says least.
        dated = sorted(tasks, key=lambda task: str(task.get("stoppedAt", "")), reverse=True)
        return dated[:TASKS]

    def _last_lines(self, task: dict[str, Any]) -> list[str]:
        """The end of what a task's containers logged by the driver awslogs."""
        ecs, logs = self._client("ecs"), self._client("logs")
        definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
        task_id = task["taskArn"].rpartition("/")[2]
        lines: list[str] = []
        for container in definition["containerDefinitions"]:
            options = container.get("logConfiguration", {}).get("options", {})
            if "awslogs-group" not in options or "awslogs-stream-prefix" not in options:
                continue
            stream = f"{options['awslogs-stream-prefix']}/{container['name']}/{task_id}"
            try:
                events = logs.get_log_events(
                    logGroupName=options["awslogs-group"], logStreamName=stream, limit=LINES
                )["events"]
            except logs.exceptions.ResourceNotFoundException:  # it said nothing
                continue
            lines += [line for event in events for line in event["message"].splitlines()]
        return lines[-LINES:]


def _reasons(task: dict[str, Any]) -> Iterator[str]:
    """What ECS says of a task's end, and of each container that ended otherwise than well."""
    if reason := task.get("stoppedReason"):
        yield reason
    for container in task.get("containers", []):
        if reason := container.get("reason"):
            yield f"{container['name']}: {reason}"
        if code := container.get("exitCode"):
            yield f"{container['name']} ended with exit code {code}"
