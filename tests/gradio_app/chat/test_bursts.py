"""A model's stream in bursts says what botocore's own says, however it arrives, in fewer events."""

import random
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import EventStreamError
from urllib3.exceptions import HTTPError, ProtocolError

from gradio_app.chat import bursts
from gradio_app.chat.bursts import Bursts
from tests.gradio_app.chat.test_line import over
from tests.gradio_app.chatting import until
from tests.gradio_app.fake_bedrock import (
    HANG_UP,
    FakeBedrock,
    citation,
    delta,
    ending,
    event,
    exception,
    signature,
    thought,
)

BLOCK_END = event("contentBlockStop", {"contentBlockIndex": 0})
ALL = [
    thought("Is it? "),
    thought("It is."),
    delta("So", 0),
    signature(),
    BLOCK_END,
    *(delta(word, 1) for word in ("It", " is", " so", ", \U0001f600 ñ.")),
    citation(0, "words"),
    delta(" And", 1),
    delta(" more", 2),
    delta(" of it.", 2),
    BLOCK_END,
    ending(9),
]


@pytest.fixture(params=["http", "https"])
def client(request: pytest.FixtureRequest, fake: FakeBedrock, tmp_path: Path) -> Any:
    return over(request.param, fake, tmp_path)


def stream(client: Any, fake: FakeBedrock, pieces: list[bytes]) -> Any:
    """botocore's own of these pieces, each sent by itself."""
    fake.write = lambda _: pieces
    question = [{"role": "user", "content": [{"text": "x"}]}]
    return client.converse_stream(modelId="a.model", messages=question, system=[])["stream"]


def joined(events: Iterator[dict[str, Any]]) -> list[Any]:
    """Events, with text that goes on put together."""
    found: list[Any] = []
    for each in events:
        told = each.get("contentBlockDelta")
        last = found[-1] if found else None
        for kind in ("text", "reasoningContent"):
            if told and kind in told["delta"] and "signature" not in str(told) and last:
                before = last.get("contentBlockDelta", {"delta": {}})
                if kind in before["delta"] and before["contentBlockIndex"] == told["contentBlockIndex"]:
                    here, there = before["delta"], told["delta"]
                    here, there = (here, there) if kind == "text" else (here[kind], there[kind])
                    here["text"] += there["text"]
                    break
        else:
            found.append(each)
    return found


def test_what_has_arrived_is_one_event(client: Any, fake: FakeBedrock) -> None:
    theirs = joined(iter(stream(client, fake, ALL)))
    ours = Bursts(stream(client, fake, ALL))
    until(lambda: not fake.being_answered)  # all of it is there before it is read
    assert list(ours) == theirs
    assert ours.pieces == 10


def test_frames_may_be_cut_anywhere(client: Any, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bursts, "BURST_SECONDS", 0.0)
    whole = b"".join(ALL)
    _, *wanted = joined(iter(stream(client, fake, ALL)))
    source = random.Random(7)  # noqa: S311 (the same each time)
    for _ in range(5):
        cuts = sorted(source.sample(range(1, len(whole)), 25))
        parts = [whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        cut = stream(client, fake, [])
        cut._raw_stream = SimpleNamespace(stream=lambda: iter(parts), _fp=SimpleNamespace(fp=None))  # noqa: B023
        assert joined(iter(Bursts(cut))) == wanted


def test_what_came_before_a_connection_broke_is_told(client: Any, fake: FakeBedrock) -> None:
    def parts() -> Iterator[bytes]:
        yield delta("half")
        yield delta(" an answer")
        raise ProtocolError

    socket = SimpleNamespace(gettimeout=lambda: 60, settimeout=lambda _: None)
    file = SimpleNamespace(peek=lambda _: b"more", raw=SimpleNamespace(_sock=socket))
    broken = stream(client, fake, [])
    broken._raw_stream = SimpleNamespace(stream=parts, _fp=SimpleNamespace(fp=file))
    read = iter(Bursts(broken))
    assert next(read) == {"contentBlockDelta": {"delta": {"text": "half an answer"}, "contentBlockIndex": 0}}
    with pytest.raises(ProtocolError):
        next(read)


def test_a_connection_is_used_again_after_a_stream_that_was_read_to_its_end(
    client: Any, fake: FakeBedrock
) -> None:
    for _ in range(3):
        read = Bursts(stream(client, fake, ALL))
        list(read)
        read.close()
    [pool] = client._endpoint.http_session._manager.pools._container.values()
    assert pool.num_connections == 1


BROKEN = [
    (exception("modelStreamErrorException", "broken"), EventStreamError),
    (exception("throttlingException", "slow down"), EventStreamError),
    (HANG_UP, HTTPError),
]


@pytest.mark.parametrize(("end", "error"), BROKEN)
def test_what_came_before_an_error_is_told(
    client: Any, fake: FakeBedrock, end: bytes, error: type[Exception]
) -> None:
    read = Bursts(stream(client, fake, [delta("half"), delta(" an answer"), end]))
    until(lambda: not fake.being_answered)
    told: list[Any] = []
    with pytest.raises(error):
        told.extend(read)
    assert "".join(each["contentBlockDelta"]["delta"]["text"] for each in told[1:]) == "half an answer"


@pytest.mark.parametrize("place", [2, 9, 40, -2])
def test_a_frame_that_was_changed_on_its_way_is_refused(client: Any, fake: FakeBedrock, place: int) -> None:
    frame = bytearray(delta("text"))
    frame[place] ^= 1
    read = Bursts(stream(client, fake, [delta("before"), bytes(frame), ending(1)]))
    told: list[Any] = []
    with pytest.raises(Exception, match=r"(?i)checksum|invalid|exceeded"):
        told.extend(read)
    assert "before" in str(told)


def test_it_waits_after_text_also_where_something_else_follows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(bursts.time, "sleep", waits.append)
    begin = event("messageStart", {"role": "assistant"})
    parts = [begin, *(delta(word, 0) + citation(0, word) for word in ("one", "two"))]
    parts.append(delta("three", 0) + BLOCK_END)
    response = SimpleNamespace(stream=lambda: iter(parts), _fp=SimpleNamespace(fp=None))
    told = SimpleNamespace(_raw_stream=response, _parse_event=lambda each: {each.headers[":event-type"]: {}})
    events = list(Bursts(told))
    assert [next(iter(each)) for each in events][-2:] == ["contentBlockDelta", "contentBlockStop"]
    assert len(waits) == 2
