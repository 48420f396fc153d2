"""A pipeline that fails in silence ends the wait for it, and nothing else does."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from deployer.account.build_log import BuildLog
from deployer.account.build_watch import HANDLE, PIPELINE, ROUNDS, WAIT_CONDITION, BuildWatch
from deployer.cloudformation.events import Event

START = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = "Error calling startBuild: Cannot have more than 0 builds in queue for the account"
SECRET = "/arn%3Aaws%3Acloudformation/Handle?Signature=secret%3D"


class Handle:
    """The address that a wait condition takes signals at."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str | None, dict[str, str]]] = []
        handle = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                handle.taken.append((self.path, self.headers["Content-Type"], body))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep quiet."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}{SECRET}"


@pytest.fixture
def handle() -> Iterator[Handle]:
    handle = Handle()
    thread = threading.Thread(target=handle.server.serve_forever, args=(0.01,))
    thread.start()
    yield handle
    handle.server.shutdown()
    thread.join()
    handle.server.server_close()


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client(
        "codepipeline", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def event(second: int, kind: str, status: str, physical_id: str = "", stack: str = "Build") -> Event:
    return Event(
        time=START + timedelta(seconds=second),
        stack=stack,
        stack_id=f"arn:{stack}",
        resource=kind.rpartition(":")[2],
        resource_id=physical_id,
        kind=kind,
        status=status,
        reason="",
    )


def begun(url: str) -> list[Event]:
    """A stack that waits for its pipeline."""
    return [
        event(10, HANDLE, "CREATE_COMPLETE", url),
        event(20, PIPELINE, "UPDATE_IN_PROGRESS", "chat-Pipeline"),
        event(21, PIPELINE, "UPDATE_COMPLETE", "chat-Pipeline"),
        event(22, WAIT_CONDITION, "CREATE_IN_PROGRESS"),
    ]


def state(stub: Stubber, status: str, second: int, **more: Any) -> None:
    """What CodePipeline says at the next look: the source was fetched, and the build is in that status."""
    fetched = {"actionName": "Source", "latestExecution": {"status": "Succeeded"}}
    latest = {"status": status, "lastStatusChange": START + timedelta(seconds=second)} | more
    build = {"actionName": "Build", "latestExecution": latest}
    stages = [{"stageName": "Source", "actionStates": [fetched]}]
    stages += [{"stageName": "Build", "actionStates": [build]}, {"stageName": "Later"}]
    stub.add_response("get_pipeline_state", {"stageStates": stages}, {"name": "chat-Pipeline"})


def failed(stub: Stubber, second: int = 30) -> None:
    state(stub, "Failed", second, errorDetails={"code": "JobFailed", "message": REFUSED})


def no_client(service: str) -> Any:
    raise AssertionError(f"nobody builds, and {service} is asked")


class Watched:
    """A watch, and what it prints."""

    def __init__(self, stub: Stubber, clients: Callable[[str], Any] = no_client) -> None:
        self.console = Console(file=io.StringIO(), width=300, record=True)
        self.watch = BuildWatch(stub.client, self.console, BuildLog(clients, self.console))

    def looks(self, times: int, *events: Event) -> None:
        """Let so much time pass that the pipeline is looked at so many times, if at all."""
        self.watch(events)
        for _ in range(times * ROUNDS - 1):
            self.watch([])

    def printed(self) -> str:
        return self.console.export_text()


def test_a_pipeline_that_failed_and_stays_silent_ends_the_wait(stub: Stubber, handle: Handle):
    state(stub, "InProgress", 25)
    failed(stub)
    failed(stub)
    watched = Watched(stub)
    watched.looks(3, *begun(handle.url))
    # CloudFormation says first that it was told, and only then that the wait has failed.
    watched.looks(3, event(40, WAIT_CONDITION, "CREATE_IN_PROGRESS"))
    [(path, content_type, signal)] = handle.taken
    assert path == SECRET
    assert content_type == ""
    assert signal == {"Status": "FAILURE", "Reason": f"Build: {REFUSED}", "UniqueId": "pipeline", "Data": ""}
    assert watched.printed().strip() == f"The pipeline chat-Pipeline failed: Build: {REFUSED}"


def test_a_build_that_failed_and_told_so_itself_is_left_alone(stub: Stubber, handle: Handle):
    failed(stub)
    failed(stub)  # asked once more for what was said at last
    watched = Watched(stub)
    watched.looks(1, *begun(handle.url))
    watched.looks(3, event(31, WAIT_CONDITION, "CREATE_FAILED"))
    assert handle.taken == []
    assert watched.printed() == ""


def test_how_the_build_went_the_last_time_says_nothing(stub: Stubber, handle: Handle):
    for _ in range(3):
        failed(stub, second=19)
    watched = Watched(stub)
    watched.looks(3, *begun(handle.url))
    assert (handle.taken, watched.printed()) == ([], "")


@pytest.mark.parametrize("missing", [HANDLE, PIPELINE, WAIT_CONDITION])
def test_only_a_stack_that_waits_for_a_pipeline_is_watched(stub: Stubber, handle: Handle, missing: str):
    elsewhere = event(5, missing, "CREATE_IN_PROGRESS", "another", stack="Gate")
    watched = Watched(stub)
    watched.looks(3, elsewhere, *(each for each in begun(handle.url) if each.kind != missing))
    assert watched.printed() == ""  # not even asked: the stub would refuse that


def test_without_the_permission_to_look_it_is_said_once(stub: Stubber, handle: Handle):
    stub.add_client_error("get_pipeline_state", "AccessDeniedException", "User is not authorized")
    watched = Watched(stub)
    watched.looks(3, *begun(handle.url))
    assert watched.printed().count("The pipeline cannot be watched: Access denied to GetPipelineState") == 1


def test_an_address_that_does_not_answer_is_not_shown(stub: Stubber):
    failed(stub)
    failed(stub)
    watched = Watched(stub)
    watched.looks(3, *begun(f"http://127.0.0.1:9{SECRET}"))
    printed = watched.printed()
    assert "CloudFormation could not be told" in printed
    assert "secret" not in printed
