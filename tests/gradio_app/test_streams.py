"""A stream that runs ends with its session: signed out, revoked, or the user disabled (ASVS 7.4.1, 7.4.2)."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator

import anyio
import httpx
import pytest
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from gradio_app.chat.asking import TurnRequest
from gradio_app.chat.model import Choice
from gradio_app.gate import streams
from gradio_app.gate.streams import WatchedStream
from gradio_app.sessions.sessions import CHECK_SECONDS
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.chatting import until
from tests.gradio_app.fakes import World, make_world, over_http, served

pytestmark = pytest.mark.slow

JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data"
ANA = "ana@example.com"


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_app.sessions.sessions.CACHE_SECONDS", 0)
    monkeypatch.setattr("gradio_app.gate.streams.WATCH_SECONDS", 0.02)


def sign_out(_: World, elsewhere: httpx.Client) -> None:
    assert elsewhere.post("/logout").status_code == 303


def sign_out_everywhere(world: World, _: httpx.Client) -> None:
    with_another_browser = world.browser()
    with_another_browser.post("/login", data={"email": ANA, "password": "Correct-Horse-1"})
    assert with_another_browser.post("/logout/everywhere").status_code == 303


def disable(world: World, elsewhere: httpx.Client) -> None:
    assert elsewhere.get("/account").status_code == 200
    world.directory.users[ANA].disabled = True
    for (_pk, sk), item in world.table.items.items():
        if sk == "SESSION":  # as if the last check were long ago
            item["checked_at"] -= CHECK_SECONDS


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, disable])
def test_a_running_stream_ends_with_its_session_and_so_does_its_work(
    end: Callable[[World, httpx.Client], None], capsys: pytest.CaptureFixture[str]
) -> None:
    world = make_world(streams=True)
    stopped = threading.Event()
    world.on_stop.append(stopped.set)
    ana_browser, eva_browser = world.signed_in(ANA), world.signed_in("eva@example.com")
    with served(world) as base:
        ana, tab, eva = (over_http(base, who) for who in (ana_browser, ana_browser, eva_browser))
        for who, name in ((ana, "of-ana"), (eva, "of-eva")):
            joined = who.post(JOIN, json={"fn_index": 0, "data": ["tick"], "session_hash": name})
            assert joined.status_code == 200
        with (
            ana.stream("GET", DATA, params={"session_hash": "of-ana"}) as mine,
            eva.stream("GET", DATA, params={"session_hash": "of-eva"}) as hers,
        ):
            lines, others = mine.iter_lines(), hers.iter_lines()
            wait_for(lines, "process_generating")
            end(world, tab)
            for _ in lines:  # to the end, which comes although the work would go on for hours
                pass
            assert stopped.wait(20), "and the work is stopped"
            wait_for(others, "process_generating")  # somebody else's goes on
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"stream"' in line]
    assert [(e["event"], e["outcome"], e["user_id"]) for e in events] == [("stream", "cut", f"id-of-{ANA}")]


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, disable])
def test_an_event_whose_stream_nobody_reads_ends_with_its_session(
    end: Callable[[World, httpx.Client], None],
) -> None:
    world = make_world(streams=True)
    begun, stopped = threading.Event(), threading.Event()
    world.on_start.append(begun.set)
    world.on_stop.append(stopped.set)
    ana_browser = world.signed_in(ANA)
    with served(world) as base:
        ana, tab = over_http(base, ana_browser), over_http(base, ana_browser)
        event = {"fn_index": 0, "data": ["tick"], "session_hash": "unread"}
        assert ana.post(JOIN, json=event).status_code == 200
        assert begun.wait(20)
        end(world, tab)
        assert stopped.wait(20)


@pytest.mark.asvs("7.4.1")
@pytest.mark.parametrize("end", [sign_out, sign_out_everywhere, disable])
def test_an_answer_that_goes_on_without_its_page_ends_with_its_session(
    end: Callable[[World, httpx.Client], None],
) -> None:
    """Nothing of it is in Gradio's queue any more, which the page's other events only pass."""
    world = make_world(streams=True)
    running = world.application.running
    ana_browser = world.signed_in(ANA)
    [key] = [pk.removeprefix("SESSION#") for pk, sk in world.table.items if sk == "SESSION"]
    world.signed_in("eva@example.com")
    with served(world) as base:
        ana, tab = over_http(base, ana_browser), over_http(base, ana_browser)
        choice = Choice("model", 0.0, 1)
        mine, hers = (
            running.admit(TurnRequest("user", name, None, "?", choice, session_key=session), 10)
            for name, session in (("mine", key), ("hers", "another"))
        )
        event = {"fn_index": 1, "data": [], "session_hash": "left"}
        assert ana.post("/gradio_api/run/predict", json=event).status_code == 200
        end(world, tab)
        until(mine.stop_requested.is_set)
        assert not hers.stop_requested.is_set()
        for answer in (mine, hers):
            running.release(answer)


def wait_for(lines: Iterator[str], wanted: str) -> None:
    for line in lines:
        if line.startswith("data: ") and json.loads(line[6:])["msg"] == wanted:
            return
    raise AssertionError(f"the stream ended without {wanted}")


def test_a_stream_of_nothing_is_not_found_and_leaves_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    world = make_world(streams=True)
    answer = world.signed_in(ANA).get(DATA, params={"session_hash": "nobody-joined"})
    assert answer.status_code == 404
    seen = capsys.readouterr()
    assert "a stream of nothing" in seen.out
    assert "Traceback" not in seen.out + seen.err


@pytest.mark.parametrize("waits", [True, False], ids=["while Starlette waits", "alone"])
def test_looking_whether_the_page_is_there_asks_the_server_once_and_hears_that_it_has_gone(
    waits: bool,
) -> None:
    """Gradio looks before each message that it sends."""
    asked, looks = 0, 20

    async def scenario() -> list[bool]:
        gone = anyio.Event()
        seen: list[bool] = []

        async def receive() -> Message:
            nonlocal asked
            asked += 1
            if not gone.is_set():
                await gone.wait()
            return {"type": "http.disconnect"}

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)

            async def sent() -> AsyncIterator[str]:
                for _ in range(looks):
                    seen.append(await request.is_disconnected())
                    yield "data: {}\n\n"
                gone.set()
                if waits:
                    await anyio.sleep_forever()
                seen.append(await request.is_disconnected())

            # Since 2.4 of ASGI's own numbers it is `send` that says that nobody is there: nothing waits then.
            scope["asgi"] = {"spec_version": "2.3" if waits else "2.4"}
            await StreamingResponse(sent())(scope, receive, send)

        async def send(_: object) -> None:
            """As the server's, which gives way only when the connection is full."""

        stream = WatchedStream(receive, send, always)
        with anyio.fail_after(60):
            await stream.serve(app, {"type": "http"})
        return seen

    assert anyio.run(scenario) == [False] * looks + [True] * (not waits)
    assert asked == 1 if waits else asked > looks


def test_between_two_messages_others_have_their_turn() -> None:
    messages = 20

    async def scenario() -> int:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        async def receive() -> Message:
            await anyio.sleep_forever()
            raise AssertionError

        async def app(_: Scope, __: Receive, send: Send) -> None:
            for _message in range(messages):
                await send({"type": "http.response.body", "body": b"", "more_body": True})

        async def send(_: object) -> None:
            """As the server's, which gives way only when the connection is full."""

        other = asyncio.create_task(others())
        await WatchedStream(receive, send, always).serve(app, {"type": "http"})
        other.cancel()
        return turns

    assert asyncio.run(scenario()) >= messages


async def always() -> bool:
    return True


def test_a_table_that_is_away_for_a_moment_ends_no_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can say whether the session goes on: borne as long as a check may be old, and no longer."""
    clock = [1000.0]
    monkeypatch.setattr(streams, "monotonic", lambda: clock[0])

    async def lasts() -> bool:
        clock[0] += CHECK_SECONDS / 4
        raise TableUnreachable

    async def scenario() -> tuple[bool, float]:
        async def app(_: object, receive: Callable[[], object], __: object) -> None:
            assert await receive() == {"type": "http.disconnect"}  # type: ignore[misc]

        async def receive() -> dict[str, str]:
            await anyio.sleep_forever()
            raise AssertionError

        async def send(_: object) -> None:
            """Nothing is sent."""

        stream = WatchedStream(receive, send, lasts)
        cut = await stream.serve(app, {"type": "http"})  # pyright: ignore[reportArgumentType]
        return cut, clock[0] - 1000

    assert anyio.run(scenario) == (True, CHECK_SECONDS)
