"""What people see while CloudFormation works, on a terminal and in a log, and when the watch breaks off."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from rich.console import Console

from deployer.cloudformation.events import Event, Watch
from deployer.cloudformation.package import STACK_TYPE
from deployer.cloudformation.progress import Progress, follow
from deployer.errors import DeployError

ROOT = "arn:aws:cloudformation:eu-west-1:1:stack/chat/1"
STORE = "arn:aws:cloudformation:eu-west-1:1:stack/chat-Store/2"
CURSOR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # what a live table moves about with
START = datetime(2026, 1, 1, tzinfo=UTC)


def event(second: int, stack: str, resource: str, status: str, **more: str) -> Event:
    known: dict[str, Any] = {"resource_id": resource, "kind": "AWS::X::Y", "reason": ""}
    return Event(
        time=START + timedelta(seconds=second),
        stack=stack,
        stack_id=STORE if stack else ROOT,
        resource=resource,
        status=status,
        **(known | more),
    )


HISTORY = [
    event(0, "", "chat", "CREATE_IN_PROGRESS", resource_id=ROOT),
    event(1, "", "Store", "CREATE_IN_PROGRESS", resource_id=STORE, kind=STACK_TYPE),
    event(1, "Store", "chat-Store", "CREATE_IN_PROGRESS", resource_id=STORE),
    event(2, "Store", "Queue", "CREATE_IN_PROGRESS"),
    event(2, "Store", "Table", "CREATE_IN_PROGRESS"),
    event(3, "Store", "Queue", "CREATE_COMPLETE"),
    event(4, "Store", "Table", "CREATE_FAILED", reason="[quota] is spent"),
    event(65, "Store", "chat-Store", "CREATE_FAILED", resource_id=STORE, reason="see above"),
]


def shown(console: Console, history: list[Event]) -> str:
    with Progress(console, "chat") as progress:
        progress.show(history)
    assert isinstance(console.file, io.StringIO)
    return CURSOR.sub("", console.file.getvalue()).replace("\r", "\n")


def test_a_log_has_a_line_for_each_thing_that_is_done_and_the_reason_of_what_failed():
    text = shown(Console(file=io.StringIO(), width=40), HISTORY)
    lines = [line.split(maxsplit=1)[1] for line in text.splitlines()]
    assert lines == [
        "CREATE_IN_PROGRESS    chat",
        "CREATE_IN_PROGRESS    Store",
        "CREATE_COMPLETE       Store/Queue",
        "CREATE_FAILED         Store/Table  [quota] is spent",
        "CREATE_FAILED         Store  see above",
    ]


def test_a_terminal_has_a_row_for_each_stack_with_what_it_is_busy_with():
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    text = shown(console, HISTORY[:-2])
    rows = [line.split() for line in text.splitlines() if line.startswith(("chat ", "Store "))]
    assert rows[-2][:4] == ["chat", "CREATE_IN_PROGRESS", "0", "done"]
    assert rows[-1][:4] == ["Store", "CREATE_IN_PROGRESS", "1", "done"]
    assert rows[-1][-1] == "Table"


def test_what_takes_long_shows_since_when_and_what_is_typical():
    origin = "AWS::CloudFront::VpcOrigin"
    begun = datetime.now(UTC) - timedelta(minutes=3, seconds=20)
    history = [
        *HISTORY[:2],
        replace(event(0, "Store", "Origin", "CREATE_IN_PROGRESS", kind=origin), time=begun),
        replace(event(0, "Store", "Origin", "CREATE_IN_PROGRESS", kind=origin), time=datetime.now(UTC)),
        event(2, "Store", "Again", "UPDATE_IN_PROGRESS", kind=origin),
        event(2, "Store", "Queue", "CREATE_IN_PROGRESS"),
    ]
    console = Console(file=io.StringIO(), width=150, force_terminal=True, color_system=None)
    assert re.search(r"Origin \(3:[0-9]{2} of about 15:00\), Again, Queue", shown(console, history))


def test_on_a_terminal_a_failure_is_told_when_it_happens_and_the_clock_stops_with_the_stack():
    console = Console(file=io.StringIO(), width=100, force_terminal=True, color_system=None)
    text = shown(console, HISTORY)
    assert "Store/Table  [quota] is spent" in text
    [*_, last] = [line.split() for line in text.splitlines() if line.startswith("Store ")]
    assert last == ["Store", "CREATE_FAILED", "1", "done", "1:04"]


class Account:
    """CloudFormation's side: the events of each stack, newest first, and which stacks were asked about."""

    def __init__(self) -> None:
        self.events: dict[str, list[dict[str, Any]]] = {ROOT: [], STORE: []}
        self.asked: list[str] = []

    def happens(self, stack_id: str, title: str, status: str, physical_id: str) -> None:
        number = sum(map(len, self.events.values()))
        new = {
            "EventId": str(number),
            "LogicalResourceId": title,
            "PhysicalResourceId": physical_id,
            "ResourceType": STACK_TYPE if physical_id in self.events else "AWS::X::Y",
            "ResourceStatus": status,
            "Timestamp": START + timedelta(seconds=number),
        }
        self.events[stack_id].insert(0, new)

    def describe_stack_events(self, **arguments: str) -> dict[str, Any]:
        self.asked.append(arguments["StackName"])
        return {"StackEvents": self.events[arguments["StackName"]]}

    def list_stack_resources(self, **_: str) -> dict[str, Any]:
        return {"StackResourceSummaries": []}

    def get_paginator(self, operation: str) -> Any:
        return SimpleNamespace(paginate=lambda **arguments: [getattr(self, operation)(**arguments)])


def test_what_was_before_is_not_told_and_a_child_is_followed_to_its_end():
    account = Account()
    account.happens(ROOT, "chat", "CREATE_COMPLETE", ROOT)
    watch = Watch(account, ROOT)
    account.happens(ROOT, "Store", "UPDATE_IN_PROGRESS", STORE)
    account.happens(STORE, "Queue", "UPDATE_IN_PROGRESS", "q")
    assert [told.path for told in watch.poll()] == ["Store", "Store/Queue"]
    account.happens(STORE, "Queue", "UPDATE_COMPLETE", "q")
    account.happens(ROOT, "Store", "UPDATE_COMPLETE", STORE)
    assert [(told.path, told.is_over) for told in watch.poll()] == [("Store/Queue", True), ("Store", True)]


def test_only_stacks_at_work_are_asked():
    account = Account()
    watch = Watch(account, ROOT)
    account.happens(ROOT, "Store", "UPDATE_IN_PROGRESS", STORE)
    watch.poll()
    account.asked.clear()
    watch.poll()
    assert sorted(account.asked) == sorted([ROOT, STORE])
    account.happens(ROOT, "Store", "UPDATE_COMPLETE", STORE)
    watch.poll()
    account.asked.clear()
    assert watch.poll() == []
    assert account.asked == [ROOT]


def test_credentials_that_expire_on_the_way_are_explained_and_cloudformation_goes_on():
    client = boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stub:
        stub.add_response("describe_stack_events", {"StackEvents": []})
        stub.add_response("list_stack_resources", {"StackResourceSummaries": []})
        stub.add_client_error("describe_stack_events", "ExpiredToken")
        watch = Watch(client, ROOT)
        with pytest.raises(DeployError, match=r"have expired.* CloudFormation goes on with chat") as error:
            follow(client, watch, "chat", Console(quiet=True))
    assert error.value.exit_code == 1
