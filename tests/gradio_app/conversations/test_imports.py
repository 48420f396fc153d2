"""Whose file of conversations comes in when: one of a person at a time, and nobody waits for others' ends."""

import threading
from collections.abc import Iterator
from typing import Any, cast

import anyio
import pytest

from gradio_app.conversations import imports
from gradio_app.conversations.imports import OF_ALL, Imports, TooManyImportsError, UnderWayError


class Steps:
    """Brings in files of so many steps as they have bytes; with `held` none is made until it is let go."""

    def __init__(self, *, held: bool = False) -> None:
        self.may_go_on = threading.Event()
        self.made: list[str] = []
        if not held:
            self.may_go_on.set()

    def steps(self, user_id: str, content: bytes, _untitled: str) -> Iterator[list[str] | None]:
        for _ in content:
            self.may_go_on.wait(30)
            self.made.append(user_id)
            yield None
        yield [user_id]


def imports_of(steps: Any) -> Imports:
    return Imports(cast(Any, steps))


def test_of_one_person_one_file_comes_in_at_a_time() -> None:
    steps = Steps(held=True)

    async def scenario() -> None:
        coming_in = imports_of(steps)
        async with anyio.create_task_group() as group:
            group.start_soon(coming_in.bring_in, "ana", b"12", "")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(UnderWayError):
                await coming_in.bring_in("ana", b"1", "")
            steps.may_go_on.set()
            assert await coming_in.bring_in("eva", b"1", "") == ["eva"]
        assert await coming_in.bring_in("ana", b"1", "") == ["ana"], "when the first one is there"

    anyio.run(scenario)


def test_a_long_file_lets_a_short_one_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_WORK", 1)
    steps = Steps(held=True)

    async def scenario() -> None:
        coming_in = imports_of(steps)
        async with anyio.create_task_group() as group:
            group.start_soon(coming_in.bring_in, "ana", b"1" * 100, "")
            await anyio.wait_all_tasks_blocked()
            group.start_soon(coming_in.bring_in, "eva", b"1", "")
            await anyio.wait_all_tasks_blocked()
            steps.may_go_on.set()

    anyio.run(scenario)
    assert steps.made == ["ana", "eva"] + ["ana"] * 99


def test_of_all_only_so_many_come_in_at_once() -> None:
    steps = Steps(held=True)

    async def scenario() -> None:
        coming_in = imports_of(steps)
        async with anyio.create_task_group() as group:
            for number in range(OF_ALL):
                group.start_soon(coming_in.bring_in, str(number), b"1", "")
            await anyio.wait_all_tasks_blocked()
            with pytest.raises(TooManyImportsError):
                await coming_in.bring_in("ana", b"1", "")
            steps.may_go_on.set()
        assert await coming_in.bring_in("ana", b"1", "") == ["ana"]

    anyio.run(scenario)


def test_a_place_is_given_back_however_a_file_ends() -> None:
    class Failing:
        def steps(self, *_: object) -> Iterator[None]:
            yield None
            raise OSError

    async def scenario() -> None:
        coming_in = imports_of(Failing())
        for _ in range(2):
            with pytest.raises(OSError):  # noqa: PT011 (nothing else raises it)
                await coming_in.bring_in("ana", b"", "")

    anyio.run(scenario)
