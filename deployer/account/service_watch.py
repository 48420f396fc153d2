"""Watches the service's own deployment, and takes back what does not get well when nobody else would.

The circuit breaker is the rolling strategy's. With the others ECS waits for tasks that never become ready
until a stage's 24 hours are over, and CloudFormation waits with it:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stop-service-deployment.html
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.cloudformation.events import Event
from deployer.console import say
from deployer.errors import explain

SERVICE = "AWS::ECS::Service"
ROUNDS = 5
"""Looks at the events for each look at the service."""
UNDER_WAY = ["PENDING", "IN_PROGRESS"]
GETTING_READY = {"RECONCILE_SERVICE", "PRE_SCALE_UP", "SCALE_UP"}
"""The stages before anybody is sent to the new version."""
READY_MINUTES = 20
"""From the beginning until its tasks serve: an image is fetched in one, a task becomes ready in two or is
replaced, and a few may fail."""
WHOLE_MINUTES = 90
"""Of a deployment: the above, a canary's ten minutes, the ten that the version before waits, and to spare."""


class ServiceWatch:
    """Call it with the events of an operation, again and again while the operation goes on."""

    def __init__(
        self,
        ecs: Callable[[], Any],
        console: Console,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`ecs` makes the client: most operations need none."""
        self._ecs = ecs
        self._console = console
        self._now = now
        self._busy: set[str] = set()
        self._given_up: set[str] = set()
        self._rounds = 0

    def __call__(self, events: Sequence[Event]) -> None:
        """Take in what happened; stop a deployment with a rollback that does not get well."""
        for event in (event for event in events if event.kind == SERVICE and event.resource_id):
            goes_on = event.status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")
            (self._busy.add if goes_on else self._busy.discard)(event.resource_id)
        self._rounds += 1
        if self._rounds % ROUNDS == 0:
            for service in sorted(self._busy - self._given_up):
                self._look(service)

    def _look(self, service: str) -> None:
        try:
            found = self._under_way(service)
            if found and (why := self._trouble(found)):
                say(self._console, f"The new version does not get well ({why}): taking it back.", "red")
                self._given_up.add(service)
                self._ecs().stop_service_deployment(
                    serviceDeploymentArn=found["serviceDeploymentArn"], stopType="ROLLBACK"
                )
        except (BotoCoreError, ClientError) as error:
            self._given_up.add(service)
            say(
                self._console,
                f"The service's deployment cannot be watched or stopped: {explain(error)} "
                "CloudFormation goes on waiting for it.",
                "yellow",
            )

    def _under_way(self, service: str) -> dict[str, Any] | None:
        """The deployment that is going on, as DescribeServiceDeployments gives it."""
        cluster = service.split("/")[1]
        briefs = self._ecs().list_service_deployments(cluster=cluster, service=service, status=UNDER_WAY)
        arns = [brief["serviceDeploymentArn"] for brief in briefs["serviceDeployments"]]
        if not arns:
            return None
        found = self._ecs().describe_service_deployments(serviceDeploymentArns=arns[:1])
        return next(iter(found["serviceDeployments"]), None)

    def _trouble(self, deployment: dict[str, Any]) -> str:
        """Why a deployment is to be taken back; empty while there is hope, or where ECS sees to it."""
        if deployment.get("deploymentConfiguration", {}).get("strategy", "ROLLING") == "ROLLING":
            return ""
        minutes = (self._now() - deployment["createdAt"]).total_seconds() / 60
        stage = deployment.get("lifecycleStage", "RECONCILE_SERVICE")
        if minutes > READY_MINUTES and stage in GETTING_READY:
            ready = deployment.get("targetServiceRevision", {})
            counts = f"{ready.get('runningTaskCount', 0)} of {ready.get('requestedTaskCount', 0)} tasks run"
            return f"not ready after {READY_MINUTES} minutes, {counts}"
        return f"not done after {WHOLE_MINUTES} minutes" if minutes > WHOLE_MINUTES else ""
