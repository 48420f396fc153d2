"""The image build's log is shown while it builds, each line once, to its last one.

CodePipeline, CodeBuild and CloudWatch Logs answer as their API references say: the emulator builds nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from deployer.account.build_watch import WAIT_CONDITION
from tests.deployer.account.test_build_watch import Watched, begun, event, state, stub

__all__ = ["stub"]

BUILD = "Project-abc:11111111-2222-3333-4444-555555555555"
GROUP, STREAM = "/aws/codebuild/Project-abc", "11111111-2222-3333-4444-555555555555"
NOBODY = "http://127.0.0.1:9/"


class Clients:
    """CodeBuild and CloudWatch Logs."""

    def __init__(self) -> None:
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
        self.codebuild = boto3.client("codebuild", region_name="eu-west-1", **keys)
        self.logs = boto3.client("logs", region_name="eu-west-1", **keys)
        self.of_builds, self.of_lines = Stubber(self.codebuild), Stubber(self.logs)

    def __call__(self, service: str) -> Any:
        return {"codebuild": self.codebuild, "logs": self.logs}[service]

    def begins(self) -> None:
        """A look at a build that has not said where it logs."""
        self.of_builds.add_response("batch_get_builds", {"builds": [{"id": BUILD}]}, {"ids": [BUILD]})

    def says(self, *lines: str, before: str = "", after: str = "f/1") -> None:
        """A look that finds these lines behind the token `before`."""
        where = {"logs": {"groupName": GROUP, "streamName": STREAM}}
        self.of_builds.add_response("batch_get_builds", {"builds": [where]}, {"ids": [BUILD]})
        asked = {"logGroupName": GROUP, "logStreamName": STREAM, "startFromHead": True, "limit": 1000}
        self.of_lines.add_response(
            "get_log_events",
            {"events": [{"message": line} for line in lines], "nextForwardToken": after},
            asked | ({"nextToken": before} if before else {}),
        )


@pytest.fixture
def clients() -> Iterator[Clients]:
    found = Clients()
    with found.of_builds, found.of_lines:
        yield found
        found.of_builds.assert_no_pending_responses()
        found.of_lines.assert_no_pending_responses()


def test_each_line_is_shown_once_and_the_last_ones_when_the_wait_is_over(stub: Stubber, clients: Clients):
    for status in ("InProgress", "InProgress", "InProgress", "Failed"):
        state(stub, status, 25, externalExecutionId=BUILD)
    clients.begins()
    clients.says("Step 1/9 : FROM python\n", "Step 2/9\x1b[31m : COPY\n", after="f/1")
    clients.says(before="f/1", after="f/1")
    clients.says("ERROR: no such file\n", before="f/1", after="f/2")
    watched = Watched(stub, clients)
    watched.looks(3, *begun(NOBODY))
    watched.watch([event(40, WAIT_CONDITION, "CREATE_FAILED")])
    assert [line.rstrip() for line in watched.printed().splitlines()] == [
        "  build  Step 1/9 : FROM python",
        "  build  Step 2/9\\x1b[31m : COPY",
        "  build  ERROR: no such file",
    ]


def test_the_build_of_an_earlier_operation_is_not_shown(stub: Stubber, clients: Clients):
    state(stub, "Succeeded", 19, externalExecutionId=BUILD)
    watched = Watched(stub, clients)
    watched.looks(1, *begun(NOBODY))
    assert watched.printed() == ""


def test_a_version_of_the_source_is_no_build(stub: Stubber, clients: Clients):
    state(stub, "InProgress", 25, externalExecutionId="3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY")
    watched = Watched(stub, clients)
    watched.looks(1, *begun(NOBODY))
    assert watched.printed() == ""


def test_a_log_that_is_not_there_yet_is_waited_for(stub: Stubber, clients: Clients):
    for _ in range(2):
        state(stub, "InProgress", 25, externalExecutionId=BUILD)
    where = {"logs": {"groupName": GROUP, "streamName": STREAM}}
    clients.of_builds.add_response("batch_get_builds", {"builds": [where]}, {"ids": [BUILD]})
    clients.of_lines.add_client_error("get_log_events", "ResourceNotFoundException")
    clients.says("Step 1/9")
    watched = Watched(stub, clients)
    watched.looks(2, *begun(NOBODY))
    assert watched.printed().strip() == "build  Step 1/9"


def test_without_the_permission_it_is_said_once_and_the_wait_goes_on(stub: Stubber, clients: Clients):
    for _ in range(3):
        state(stub, "InProgress", 25, externalExecutionId=BUILD)
    clients.of_builds.add_client_error("batch_get_builds", "AccessDeniedException", "not authorized")
    watched = Watched(stub, clients)
    watched.looks(3, *begun(NOBODY))
    printed = watched.printed()
    assert printed.count("The build's log cannot be shown: Access denied to BatchGetBuilds") == 1
    assert "cannot be watched" not in printed
