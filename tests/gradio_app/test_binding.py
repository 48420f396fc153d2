"""Two users by raw HTTP: what one of them started, the other neither reads nor stops."""

import json
from collections.abc import Iterator

import httpx
import pytest

from tests.gradio_app.fakes import World, make_world, over_http, served

pytestmark = pytest.mark.slow

JOIN, DATA = "/gradio_api/queue/join", "/gradio_api/queue/data"
STREAM_OF_ANA = {"session_hash": "stream-of-ana"}


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(streams=True)


def joined(client: httpx.Client, **body: object) -> httpx.Response:
    return client.post(JOIN, json={"fn_index": 0, "data": ["tick"], **STREAM_OF_ANA, **body})


def looked_at(client: httpx.Client) -> httpx.Response:
    """The answer to whoever wants to read the stream, which may have no end."""
    with client.stream("GET", DATA, params=STREAM_OF_ANA) as stream:
        return stream


def messages(lines: Iterator[str], wanted: str) -> None:
    """Read a stream's lines until a message of this kind comes."""
    for line in lines:
        if line.startswith("data: ") and json.loads(line[6:])["msg"] == wanted:
            return
    raise AssertionError(f"the stream ended without {wanted}")


@pytest.mark.asvs("8.2.2")
def test_a_stream_and_its_events_belong_to_who_started_them(world: World) -> None:
    with served(world) as base:
        # Signed in beforehand: a TestClient runs the application in a loop of its own.
        ana = over_http(base, world.signed_in("ana@example.com"))
        eva = over_http(base, world.signed_in("eva@example.com"))
        event_id = joined(ana).json()["event_id"]
        with ana.stream("GET", DATA, params=STREAM_OF_ANA) as stream:
            lines = stream.iter_lines()
            messages(lines, "process_generating")
            for attempt in (
                lambda: looked_at(eva),
                lambda: joined(eva),
                lambda: eva.post(
                    "/gradio_api/run/predict", json={"fn_index": 1, "data": [], **STREAM_OF_ANA}
                ),
                lambda: eva.post(
                    "/gradio_api/cancel", json={"fn_index": 0, "event_id": event_id, **STREAM_OF_ANA}
                ),
                lambda: eva.post(
                    "/gradio_api/cancel", json={"fn_index": 0, "event_id": event_id, "session_hash": "of-eva"}
                ),
                lambda: eva.post("/gradio_api/reset", json={"event_id": event_id}),
                lambda: joined(eva, session_hash="of-eva", event_id=event_id),
            ):
                assert attempt().status_code == 403
            messages(lines, "process_generating")  # still alive
            stop = {"fn_index": 0, "event_id": event_id, **STREAM_OF_ANA}
            assert ana.post("/gradio_api/cancel", json=stop).status_code == 200
            messages(lines, "process_completed")


@pytest.mark.asvs("8.2.2")
def test_a_stream_ends_with_its_browser_and_another_user_cannot_take_it_over() -> None:
    world = make_world(streams=True)
    with served(world) as base:
        ana = over_http(base, world.signed_in("ana@example.com"))
        eva = over_http(base, world.signed_in("eva@example.com"))
        joined(ana)
        with ana.stream("GET", DATA, params=STREAM_OF_ANA) as stream:
            messages(stream.iter_lines(), "process_generating")
        assert looked_at(eva).status_code == 403


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (JOIN, b"{}"),
        (JOIN, b"[]"),
        (JOIN, b"no json"),
        (JOIN, b'{"session_hash": 7, "data": []}'),
        (JOIN, b'{"session_hash": "", "data": []}'),
        (JOIN, json.dumps({"session_hash": "x" * 200, "data": []}).encode()),
        (JOIN, '{"session_hash": "utf-16", "data": []}'.encode("utf-16")),
        ("/gradio_api/run/predict", b'{"data": []}'),
        ("/gradio_api/cancel", b'{"event_id": "x", "fn_index": 0}'),
    ],
)
def test_an_event_that_does_not_name_its_session_is_refused(world: World, path: str, body: bytes) -> None:
    answer = world.signed_in("ana@example.com").post(
        path, content=body, headers={"content-type": "application/json"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "query", ["", "session_hash=", "session_hash=of-eva&session_hash=stream-of-ana", "Session_Hash=a"]
)
def test_a_stream_must_name_one_session(world: World, query: str) -> None:
    assert world.signed_in("eva@example.com").get(f"{DATA}?{query}").status_code == 400


def test_an_event_that_nobody_started_is_refused(world: World) -> None:
    eva = world.signed_in("eva@example.com")
    assert eva.post("/gradio_api/reset", json={"event_id": "unknown"}).status_code == 403


def test_many_sessions_of_one_user_take_nothing_from_another(world: World) -> None:
    ana, eva = world.signed_in("ana@example.com"), world.signed_in("eva@example.com")
    mine = {"fn_index": 1, "data": [], **STREAM_OF_ANA}
    assert ana.post("/gradio_api/run/predict", json=mine).status_code == 200
    for number in range(600):
        eva.post("/gradio_api/run/predict", json={"session_hash": f"of-eva-{number}"})
    assert eva.post("/gradio_api/run/predict", json=mine).status_code == 403
