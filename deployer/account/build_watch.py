"""Watches the pipeline that a stack waits for, and ends the wait when nobody else would.

A build tells its wait condition itself how it went. One that never runs cannot: the source is not fetched,
or CodeBuild takes no build, as in many a new account. CloudFormation would wait until the time is over and
say no more than that.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.awsrequest import AWSRequest
from botocore.exceptions import BotoCoreError, ClientError
from botocore.httpsession import URLLib3Session
from botocore.utils import get_environ_proxies
from rich.console import Console

from deployer.account.build_log import BuildLog
from deployer.cloudformation.events import Event
from deployer.console import say
from deployer.errors import explain

PIPELINE = "AWS::CodePipeline::Pipeline"
HANDLE = "AWS::CloudFormation::WaitConditionHandle"
WAIT_CONDITION = "AWS::CloudFormation::WaitCondition"

# Events are looked at so many times for each look at the pipeline, and a failure must be seen twice: by then
# a build that could speak for itself has done so.
ROUNDS = 5
REASON_CHARACTERS = 500  # a signal has 4,096 bytes at most
TIMEOUT_SECONDS = 30


@dataclass
class _Wait:
    """What one stack waits for in this operation."""

    waiting: bool = False
    handle: str = ""
    pipeline: str = ""
    since: datetime | None = None
    failure: str = ""
    has_ended: bool = False
    """Just now: what the build said at last is still to be shown."""


class BuildWatch:
    """Call it with the events of an operation, again and again while the operation goes on."""

    def __init__(self, codepipeline: Any, console: Console, log: BuildLog) -> None:
        self._codepipeline = codepipeline
        self._console = console
        self._log = log
        self._waits: dict[str, _Wait] = {}
        self._rounds = 0

    def __call__(self, events: Sequence[Event]) -> None:
        """Take in what happened; when a pipeline has failed in silence, pass its reason on."""
        for event in events:
            self._take(event)
        for wait in self._waits.values():
            if wait.has_ended and wait.pipeline:
                wait.has_ended = False
                self._show_the_end(wait)
        self._rounds += 1
        if self._rounds % ROUNDS:
            return
        for wait in self._waits.values():
            if wait.waiting and wait.handle and wait.pipeline:
                self._look(wait)

    def _take(self, event: Event) -> None:
        wait = self._waits.setdefault(event.stack_id, _Wait())
        if event.kind == WAIT_CONDITION:
            wait.waiting = event.status == "CREATE_IN_PROGRESS"
            wait.has_ended = event.status in ("CREATE_COMPLETE", "CREATE_FAILED")
        elif event.kind == HANDLE and event.status == "CREATE_COMPLETE":
            wait.handle = event.resource_id
        elif event.kind == PIPELINE:
            wait.pipeline = event.resource_id or wait.pipeline
            wait.since = wait.since or event.time

    def _show_the_end(self, wait: _Wait) -> None:
        # What cannot be asked now was said when it could not be watched.
        with suppress(BotoCoreError, ClientError):
            self._log.show(self._codepipeline.get_pipeline_state(name=wait.pipeline), wait.since)

    def _look(self, wait: _Wait) -> None:
        try:
            failure = self._failure(wait)
        except (BotoCoreError, ClientError) as error:
            say(self._console, f"The pipeline cannot be watched: {explain(error)}", "yellow")
            wait.handle = ""
            return
        if failure and wait.failure:
            say(self._console, f"The pipeline {wait.pipeline} failed: {failure}", "red")
            if not _signal(wait.handle, failure):
                say(self._console, "CloudFormation could not be told, and waits until the time is over.")
            wait.handle = ""  # what follows is CloudFormation's
        wait.failure = failure

    def _failure(self, wait: _Wait) -> str:
        """Why the pipeline failed in this operation, in CodePipeline's words; empty when it did not."""
        state = self._codepipeline.get_pipeline_state(name=wait.pipeline)
        self._log.show(state, wait.since)
        for action in (action for stage in state["stageStates"] for action in stage.get("actionStates", [])):
            latest = action.get("latestExecution", {})
            # A stage shows how it went the last time until its turn comes.
            before = wait.since and latest.get("lastStatusChange", wait.since) < wait.since
            if latest.get("status") == "Failed" and not before:
                reason = latest.get("errorDetails", {}).get("message") or latest.get("summary") or "no reason"
                return f"{action['actionName']}: {' '.join(reason.split())}"[:REASON_CHARACTERS]
        return ""


def _signal(handle: str, reason: str) -> bool:
    """Tell a wait condition that it waits in vain; return whether it took that.

    The handle's address is a secret of its own: no error that might show it is passed on.
    """
    signal = {"Status": "FAILURE", "Reason": reason, "UniqueId": "pipeline", "Data": ""}
    # The address is signed for a request without a content type.
    request = AWSRequest("PUT", handle, {"Content-Type": ""}, json.dumps(signal).encode())
    session = URLLib3Session(proxies=get_environ_proxies(handle), timeout=TIMEOUT_SECONDS)
    try:
        return session.send(request.prepare()).status_code == 200
    except BotoCoreError:
        return False
