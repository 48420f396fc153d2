"""What the load balancer hears decides who gets people, and which tasks ECS kills with their answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient

from gradio_app.health import KNOWN_SECONDS, ONCE, Health
from gradio_app.store.table import AsyncTable, Item
from tests.gradio_app.fakes import FakeTable

TARGET = f"/readyz?{ONCE}"


class Task:
    """A process, its table, and a clock that is moved by hand."""

    def __init__(self) -> None:
        self.table = FakeTable()
        self.clock = 0.0
        self.health = Health(AsyncTable(self.table), None, lambda: self.clock)
        self.client = TestClient(Starlette(routes=list(self.health.routes())))

    def says(self, path: str) -> int:
        """The status of the answer, when the one before has expired."""
        self.clock += KNOWN_SECONDS
        return self.client.get(path).status_code


@pytest.fixture
def task() -> Iterator[Task]:
    """A task that has just begun."""
    task = Task()
    with task.client:
        yield task


def test_a_task_that_never_reached_its_table_is_not_taken_into_service(task: Task) -> None:
    task.table.down = True
    assert [task.says(TARGET) for _ in range(5)] == [503] * 5
    assert task.says("/healthz") == 200


def test_a_table_that_goes_away_kills_no_task(task: Task) -> None:
    assert task.says(TARGET) == 200
    task.table.down = True
    assert task.says("/readyz") == 503
    assert [task.says(TARGET) for _ in range(5)] == [200] * 5
    task.table.down = False
    assert task.says("/readyz") == 200


def test_it_was_ready_whoever_asked(task: Task) -> None:
    assert task.says("/readyz") == 200
    task.table.down = True
    assert task.says(TARGET) == 200


def test_a_task_that_is_about_to_stop_gets_nobody_new(task: Task) -> None:
    assert task.says(TARGET) == 200
    task.health.draining = True
    assert task.says(TARGET) == 503
    assert task.client.get(TARGET).json()["missing"] == ["draining"]


def test_asking_the_target_costs_no_reads_once_it_serves(task: Task) -> None:
    task.says(TARGET)
    reads = task.table.reads
    for _ in range(5):
        task.says(TARGET)
    assert task.table.reads == reads


class HeldTable(FakeTable):
    """A table that answers when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = threading.Event()

    def get(self, pk: str, sk: str) -> Item | None:
        item = super().get(pk, sk)
        self.may_answer.wait(30)
        return item


def test_those_who_ask_together_share_one_look_at_the_table() -> None:
    """Anybody may ask; each look takes one of the threads that all who are signed in wait for."""
    table = HeldTable()
    answers: list[Response] = []

    async def scenario() -> None:
        health = Health(AsyncTable(table), None)

        async def ask() -> None:
            answers.append(await health.ready(Request({"type": "http", "query_string": b""})))

        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(ask)
            await anyio.wait_all_tasks_blocked()
            table.may_answer.set()

    anyio.run(scenario)
    assert ([answer.status_code for answer in answers], table.reads) == ([200] * 50, 1)
