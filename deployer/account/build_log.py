"""The image build's own words while it builds, and as many of them as were said when it fails.

CodePipeline names the build of an action by the id that CodeBuild gave it:
https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_ActionExecution.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from command_line import printable
from deployer.console import say
from deployer.errors import error_code, explain

LINES_AT_ONCE = 1000
"""Of one look; a build says some hundreds in all."""
_NOT_YET = {"ResourceNotFoundException"}
"""A build that has just begun has no log."""


class BuildLog:
    """Call it with a pipeline's state, again and again while it builds; it prints what is new."""

    def __init__(self, client: Callable[[str], Any], console: Console) -> None:
        """`client` makes one of a service: most operations build nothing and need none."""
        self._client = client
        self._console = console
        self._tokens: dict[str, str] = {}
        self._silent = False

    def show(self, state: Mapping[str, Any], since: Any) -> None:
        """Print what the builds of this operation, which began at `since`, have said since the last look."""
        if self._silent:
            return
        try:
            for build in _builds(state, since):
                self._show(build)
        except (BotoCoreError, ClientError) as error:
            self._silent = True
            say(self._console, f"The build's log cannot be shown: {explain(error)}", "yellow")

    def _show(self, build: str) -> None:
        found = self._client("codebuild").batch_get_builds(ids=[build])["builds"]
        log = found[0].get("logs", {}) if found else {}
        if not log.get("groupName") or not log.get("streamName"):
            return
        token = self._tokens.get(build)
        try:
            page = self._client("logs").get_log_events(
                logGroupName=log["groupName"],
                logStreamName=log["streamName"],
                startFromHead=True,
                limit=LINES_AT_ONCE,
                **({"nextToken": token} if token else {}),
            )
        except ClientError as error:
            if error_code(error) in _NOT_YET:
                return
            raise
        self._tokens[build] = page["nextForwardToken"]
        for event in page["events"]:
            for line in event["message"].splitlines():
                say(self._console, f"  build  {printable(line)}", "dim")


def _builds(state: Mapping[str, Any], since: Any) -> list[str]:
    """The ids of CodeBuild's builds in a pipeline's state, without those of an earlier operation."""
    executions = [
        action.get("latestExecution", {})
        for stage in state["stageStates"]
        for action in stage.get("actionStates", [])
    ]
    return [
        each["externalExecutionId"]
        for each in executions
        # An S3 source has an execution id too: the version of what it fetched.
        if ":" in each.get("externalExecutionId", "")
        and not (since and each.get("lastStatusChange", since) < since)
    ]
