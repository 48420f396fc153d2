"""The API around a model that says what the test wants: errors, streams, and who is let in."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from botocore.eventstream import EventStreamBuffer
from starlette.types import Message

from local.bedrock.converse import Ending, Thought, usage
from local.bedrock.errors import ApiError, model_error, unavailable
from local.bedrock.inference import Inference
from local.bedrock.server import create_app

MODEL = "local.told-what-to-say"
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=any/20300101/us-east-1/bedrock/aws4_request"}
HELLO = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]}
ENDING = Ending("end_turn", None, 5, 2)


class Told(Inference):
    """A model that yields these pieces, and raises those that are errors."""

    def __init__(self, *script: str | Ending | ApiError) -> None:
        super().__init__()
        self.connect("http://127.0.0.1", "no key")
        self.script = script
        self.closed = False

    async def generate(self, prompt: dict[str, Any]) -> AsyncGenerator[str | Ending]:  # noqa: ARG002
        try:
            for piece in self.script:
                if isinstance(piece, ApiError):
                    raise piece
                yield piece
        finally:
            self.closed = True

    async def busy_slots(self) -> int:
        return 0


def send(model: Inference, method: str, path: str, **request: Any) -> httpx.Response:
    """Send one request to the API in front of this model; signed unless it has its own headers."""

    async def sending() -> httpx.Response:
        transport = httpx.ASGITransport(
            create_app(MODEL, "eu-west-1", 1000, model), raise_app_exceptions=False
        )
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, **{"headers": SIGNED, **request})

    return asyncio.run(sending())


def frames(answer: httpx.Response) -> list[tuple[str, Any]]:
    """The names and payloads of a stream's events."""
    buffer = EventStreamBuffer()
    buffer.add_data(answer.content)
    names = (":event-type", ":exception-type")
    return [
        (
            next(message.headers[name] for name in names if name in message.headers),
            json.loads(message.payload),
        )
        for message in buffer
    ]


def test_a_stream_has_bedrocks_events_in_bedrocks_order() -> None:
    answer = send(Told("Hel", "lo", ENDING), "POST", f"/model/{MODEL}/converse-stream", json=HELLO)
    assert answer.headers["content-type"] == "application/vnd.amazon.eventstream"
    *events, (last, metadata) = frames(answer)
    assert events == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"delta": {"text": "Hel"}, "contentBlockIndex": 0}),
        ("contentBlockDelta", {"delta": {"text": "lo"}, "contentBlockIndex": 0}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "end_turn"}),
    ]
    assert last == "metadata"
    assert metadata["usage"] == usage(ENDING)


def test_reasoning_comes_in_a_block_before_the_answer() -> None:
    told = Told(Thought("Let me "), Thought("see."), "Hello", ENDING)
    answer = send(told, "POST", f"/model/{MODEL}/converse-stream", json=HELLO)
    blocks = [payload for name, payload in frames(answer) if name.startswith("contentBlock")]
    assert blocks == [
        {"delta": {"reasoningContent": {"text": "Let me "}}, "contentBlockIndex": 0},
        {"delta": {"reasoningContent": {"text": "see."}}, "contentBlockIndex": 0},
        {"contentBlockIndex": 0},
        {"delta": {"text": "Hello"}, "contentBlockIndex": 1},
        {"contentBlockIndex": 1},
    ]
    whole = send(told, "POST", f"/model/{MODEL}/converse", json=HELLO).json()["output"]["message"]["content"]
    assert whole == [{"reasoningContent": {"reasoningText": {"text": "Let me see."}}}, {"text": "Hello"}]


@pytest.mark.parametrize("tier", ["flex", "priority", "default"])
def test_a_service_tier_is_told_again_as_the_one_that_served(tier: str) -> None:
    asked = HELLO | {"serviceTier": {"type": tier}}
    *_, (_, metadata) = frames(
        send(Told("Hello", ENDING), "POST", f"/model/{MODEL}/converse-stream", json=asked)
    )
    whole = send(Told("Hello", ENDING), "POST", f"/model/{MODEL}/converse", json=asked).json()
    assert metadata["serviceTier"] == whole["serviceTier"] == {"type": tier}
    assert "serviceTier" not in send(Told("x", ENDING), "POST", f"/model/{MODEL}/converse", json=HELLO).json()


@pytest.mark.parametrize("tier", ["reserved", "cheapest", "", None, 7])
def test_a_tier_that_there_is_not_is_refused(tier: Any) -> None:
    for operation in ("converse", "converse-stream"):
        asked = HELLO | {"serviceTier": {"type": tier}}
        assert (
            send(Told("Hello", ENDING), "POST", f"/model/{MODEL}/{operation}", json=asked).status_code == 400
        )


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (model_error("It broke."), "modelStreamErrorException"),
        (unavailable("It stopped."), "serviceUnavailableException"),
    ],
)
def test_an_error_in_mid_stream_is_the_streams_last_event(error: ApiError, name: str) -> None:
    answer = send(Told("Hel", error), "POST", f"/model/{MODEL}/converse-stream", json=HELLO)
    assert answer.status_code == 200
    assert frames(answer)[-1] == (name, {"message": error.message})


def test_a_caller_that_hangs_up_while_it_is_sent_to_stops_the_model() -> None:
    """The frames are then suspended inside the sending, where a cancellation alone does not reach them."""

    async def hanging_up(model: Told) -> bool:
        body, sending = json.dumps(HELLO).encode(), asyncio.Event()

        async def receive() -> Message:
            if not received:
                received.append(body)
                return {"type": "http.request", "body": body, "more_body": False}
            await sending.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                sending.set()
                await asyncio.Event().wait()

        received: list[bytes] = []
        path = f"/model/{MODEL}/converse-stream"
        headers = {"host": "127.0.0.1", **SIGNED}.items()
        pairs = [(name.lower().encode(), value.encode()) for name, value in headers]
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": pairs}
        await create_app(MODEL, "eu-west-1", 1000, model)(scope, receive, send)
        return model.closed

    assert asyncio.run(hanging_up(Told("Hel", "lo", ENDING)))


@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_an_error_before_the_first_word_is_an_http_error(operation: str) -> None:
    answer = send(Told(model_error("It broke.")), "POST", f"/model/{MODEL}/{operation}", json=HELLO)
    assert answer.status_code == 424
    assert answer.headers["x-amzn-errortype"] == "ModelErrorException"
    assert answer.json() == {"message": "It broke."}


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": NaN}', rb'{"\ud800": 1}', b"[" * 100_000])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    answer = send(Told(), "POST", f"/model/{MODEL}/converse", content=body)
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert answer.json()["message"].startswith("Malformed input request: the body is not JSON")


@pytest.mark.parametrize("body", [{}, {"input": {}}, {"input": {"invokeModel": {"body": ""}}}])
def test_only_converse_requests_are_counted(body: dict[str, Any]) -> None:
    answer = send(Told(), "POST", f"/model/{MODEL}/count-tokens", json=body)
    assert answer.status_code == 400
    assert "give input.converse" in answer.json()["message"]


def test_a_model_can_be_named_by_its_arn() -> None:
    arn = f"arn:aws:bedrock:eu-west-1::foundation-model%2F{MODEL}"
    assert send(Told("Hi", ENDING), "POST", f"/model/{arn}/converse", json=HELLO).status_code == 200


@pytest.mark.parametrize("path", ["/model/local.another/converse", "/model/local.another/count-tokens"])
def test_any_other_model_is_invalid(path: str) -> None:
    answer = send(Told(), "POST", path, json=HELLO)
    assert answer.headers["x-amzn-errortype"] == "ValidationException"
    assert answer.json() == {"message": "The provided model identifier is invalid."}


@pytest.mark.parametrize(
    ("method", "path"), [("POST", f"/model/{MODEL}/invoke"), ("DELETE", "/foundation-models")]
)
def test_other_operations_are_unknown(method: str, path: str) -> None:
    answer = send(Told(), method, path, json={})
    assert answer.status_code == 404
    assert answer.headers["x-amzn-errortype"] == "UnknownOperationException"


def test_pages_in_a_browser_are_kept_out() -> None:
    path = f"/model/{MODEL}/converse"
    unsigned = send(Told("Hi", ENDING), "POST", path, json=HELLO, headers={})
    assert unsigned.status_code == 403
    assert unsigned.headers["x-amzn-errortype"] == "MissingAuthenticationTokenException"
    rebound = send(
        Told("Hi", ENDING), "POST", path, json=HELLO, headers={**SIGNED, "Host": "rebound.example"}
    )
    assert rebound.status_code == 400


@pytest.mark.parametrize("operation", ["converse", "converse-stream"])
def test_until_the_model_is_loaded_it_is_not_ready(operation: str) -> None:
    answer = send(Inference(), "POST", f"/model/{MODEL}/{operation}", json=HELLO)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (429, "ModelNotReadyException")
    assert send(Inference(), "GET", "/foundation-models").status_code == 200
    assert send(Inference(), "GET", "/health", headers={}).json() == {"status": "loading"}


def test_health_needs_no_signature() -> None:
    assert send(Told(), "GET", "/health", headers={}).json() == {"status": "ok", "busySlots": 0}
