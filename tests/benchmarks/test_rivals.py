"""What a comparison with other products rests on: what their pages show, what is counted, what is refused."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.answers import __main__ as answers
from benchmarks.answers import contenders, rivals
from benchmarks.answers.comparing import ratios
from benchmarks.answers.followed import Followed
from benchmarks.answers.measuring import Found
from benchmarks.answers.rivals.chainlit.page import Page as ChainlitPage
from benchmarks.answers.rivals.chainlit.person import Person as ChainlitPerson
from benchmarks.answers.rivals.streamlit.page import Page as StreamlitPage
from benchmarks.answers.websocket import WebSocket
from benchmarks.answers.wire import Counted
from benchmarks.processes import tree_seconds

HANGS_SECONDS = 30
"""After which two that wait for each other are taken for failed."""
LONG = "the same words again " * 5000
BURN = "import time\nwhile time.process_time() < 0.1: pass\n"


def visited(
    talk: Callable[[ServerConnection], Awaitable[None]],
    visit: Callable[[str], Awaitable[Any]],
    **settings: Any,
) -> Any:
    """What a visitor of a WebSocket server brings home."""

    async def run() -> Any:
        waits = asyncio.timeout(HANGS_SECONDS)
        async with serve(talk, "127.0.0.1", 0, **settings) as server, waits:
            return await visit(f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}")

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("compression", "least", "most"), [(None, len(LONG), len(LONG) + 500), ("deflate", 100, len(LONG) // 10)]
)
def test_bytes_are_counted_as_they_are_on_the_wire(compression: str | None, least: int, most: int) -> None:
    counted = Counted()

    async def talk(connection: ServerConnection) -> None:
        assert await connection.recv() == "hello"
        await connection.ping()
        await connection.send([LONG[:100], LONG[100:]])
        assert await connection.recv() == b"bye"

    async def visit(address: str) -> bytes:
        socket = WebSocket(counted)
        await socket.open(address, "/")
        before = counted.copy()
        socket.send("hello")
        message = await socket.message()
        socket.send(b"bye")
        with pytest.raises(ConnectionError):
            await socket.message()
        assert least < counted.since(before).received < most
        assert 0 < counted.since(before).sent < 100
        return message

    assert visited(talk, visit, compression=compression) == LONG.encode()


def test_a_refused_connection_is_an_error() -> None:
    async def visit(address: str) -> None:
        with pytest.raises(ConnectionError, match="403"):
            await WebSocket(Counted()).open(address, "/")

    visited(lambda _: asyncio.sleep(0), visit, process_request=lambda it, _: it.respond(403, ""))


def test_somebody_at_chainlits_page_sees_an_answer_to_its_end() -> None:
    async def talk(connection: ServerConnection) -> None:
        async def tell(*event: Any) -> None:
            await connection.send("42" + json.dumps(event))

        await connection.send('0{"sid":"a"}')
        assert str(await connection.recv()).startswith('40{"clientType":"webapp"')
        await connection.send('40{"sid":"b"}')
        assert await connection.recv() == '42["connection_successful"]'
        assert await connection.recv() == '42["fetch_favorites"]'
        await tell("task_end", {})
        await tell("clear_call_fn", {})
        asked = json.loads(str(await connection.recv())[2:])
        await connection.send("2")
        assert await connection.recv() == "3"
        await tell("task_start", {})
        await tell("task_start", {})
        await tell("first_interaction", {"interaction": asked[1]["message"]["output"]})
        answer = {"id": "1", "type": "assistant_message"}
        await tell("stream_start", answer | {"output": "So"})
        await tell("stream_token", {"id": "1", "token": " many", "isSequence": False})
        await tell("stream_token", {"id": "another", "token": "no", "isSequence": False})
        await tell("task_end", {})
        await tell("update_message", answer | {"output": "So many."})
        await tell("task_end", {})

    async def visit(address: str) -> Followed:
        person = ChainlitPerson(address)
        await person.open()
        return await person.ask("How many?")

    followed = visited(talk, visit)
    assert (followed.letters, len(followed.pieces)) == ("Somany", 3)
    assert followed.counted.sent > 0
    assert followed.counted.received > 0


def test_chainlits_page_takes_a_sequence_for_all_of_the_answer() -> None:
    page = ChainlitPage()
    page.show(["new_message", {"id": "1", "type": "user_message", "output": "a question"}])
    assert page.answer == ""
    page.show(["stream_start", {"id": "2", "type": "assistant_message", "output": "a"}])
    page.show(["stream_token", {"id": "2", "token": "b", "isSequence": True}])
    assert page.answer == "b"


def test_streamlits_page_has_the_answer_beneath_the_last_question_of_that_text() -> None:
    page = StreamlitPage()
    page.asked("Why?")
    for place, text in (((0, 0, 0), "Why?"), ((0, 1, 0), "before")):
        page.show(place, text)
    assert page.answer == "before"
    page.asked("Why?")
    page.show((0, 1, 0), "before")
    assert page.answer == ""
    page.show((0, 0, 0), "Why?")
    page.show((0, 2, 0), "Why?")
    assert page.answer == ""
    page.show((0, 3, 0), "There")
    page.show((0, 3, 0), "Therefore")
    page.show((0, 10, 0), "!")
    assert page.answer == "Therefore!"


def test_ratios_are_of_what_was_measured_in_one_round() -> None:
    def found(milliseconds: float) -> Found:
        return Found(milliseconds, 1, 1, 1, (0, 0, 0), (0, 0, 0), 1, 1, 0)

    there = {"here": [found(1), found(1), found(9)], "there": [found(2), found(4), found(10)]}
    told = ratios("here", there)["there"]["ms_per_token"]
    assert str(told) == "0.50 times as much, from 0.25 to 0.90"


def test_what_a_process_has_started_counts_as_its_own() -> None:
    ended, living = (f"python -c '{BURN}{more}'" for more in ("", "print(flush=True); input()"))
    path = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["sh", "-c", f"{ended}; {living}; true"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=path) as shell:
        assert shell.stdout
        assert shell.stdin
        shell.stdout.readline()
        seconds = tree_seconds(shell.pid)
        shell.stdin.write(b"\n")
        shell.stdin.close()
    assert seconds > 0.15


def test_who_is_not_installed_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rivals, "ENVIRONMENTS", tmp_path)
    monkeypatch.setattr(contenders, "world", lambda: pytest.fail("started"))
    assert answers.main(["--beside", "chainlit"]) == 2
    assert capsys.readouterr().err == (
        "There is no chainlit to measure: make .venv-bench/chainlit/.installed installs it.\n"
    )


def test_who_is_not_known_is_refused_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        answers.main(["--beside", "nobody"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "nobody" in told
    assert told.count("\n") == 1
