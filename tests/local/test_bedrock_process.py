"""The local Bedrock as a process: it starts or says why not, and it ends cleanly however it is ended."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from botocore.exceptions import EventStreamError

from local.bedrock import BedrockServer
from tests.model_fixture import (
    LONG_STORY,
    MODEL,
    ROOT,
    STOP_SECONDS,
    LocalBedrock,
    address_of,
    conversation,
    first_words,
    small_model,
    start_bedrock,
    without_aws_settings,
)

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_the_middle_of_an_answer(number: signal.Signals) -> None:
    process = start_bedrock()
    bedrock = LocalBedrock(address_of(process), MODEL.model_id)
    stream = bedrock.client().converse_stream(modelId=bedrock.model_id, **conversation(LONG_STORY))["stream"]
    first_words(stream)
    process.send_signal(number)
    with pytest.raises(EventStreamError, match="serviceUnavailableException"):
        list(stream)
    assert process.wait(STOP_SECONDS) == 0


def run_python(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    command = [sys.executable, "-c", program, str(small_model()), *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=without_aws_settings(), capture_output=True, text=True, timeout=60, check=False
    )


# Generates in the background while the program comes to its end.
FORGETFUL = """
import sys, threading
from pathlib import Path
from local.bedrock import BedrockServer
from tests.model_fixture import LONG_STORY, LocalBedrock, conversation, first_words

server = BedrockServer(Path(sys.argv[1]), "local.m", context_tokens=2048)
server.start()
stream = LocalBedrock(server.endpoint_url, "local.m").client().converse_stream(
    modelId="local.m", **conversation(LONG_STORY)
)["stream"]
first_words(stream)
"""


@pytest.mark.parametrize(("ending", "code"), [("", 0), ("sys.exit(3)", 3), ("1 / 0", 1)])
def test_a_program_that_forgets_to_stop_it_ends_as_it_wanted(ending: str, code: int) -> None:
    assert run_python(FORGETFUL + ending).returncode == code


def test_it_says_that_the_model_is_being_loaded_and_then_answers() -> None:
    server = BedrockServer(small_model(), MODEL.model_id, context_tokens=512)
    server.listen()
    try:
        client = LocalBedrock(server.endpoint_url, MODEL.model_id).client()
        assert server.is_loading, "it takes longer than a process to start"
        with pytest.raises(client.exceptions.ModelNotReadyException):
            client.converse(modelId=MODEL.model_id, **conversation("Hi", maxTokens=2))
        server.wait_until_loaded()
        assert not server.is_loading
        answer = client.converse(modelId=MODEL.model_id, **conversation("Hi", maxTokens=2))
        assert answer["usage"]["outputTokens"] == 2
    finally:
        server.stop()


def test_a_stop_does_not_wait_for_the_loading() -> None:
    server = BedrockServer(small_model(), MODEL.model_id, context_tokens=512)
    server.listen()
    server.stop()
    with pytest.raises(RuntimeError):
        server.wait_until_loaded()


def test_what_was_read_ahead_is_not_read_again() -> None:
    system = "You are a careful assistant who answers in one short sentence. " * 8
    with BedrockServer(small_model(), MODEL.model_id, context_tokens=512) as server:
        server.read_ahead(system)
        assert server._running
        engine = server._running._engine
        asked = {"system": system, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}
        headers = {"Authorization": f"Bearer {engine.key}"}
        answer = httpx.post(f"{engine.url}/v1/messages", json=asked, headers=headers, timeout=60).json()
    assert answer["usage"]["cache_read_input_tokens"] > 80
    assert answer["usage"]["input_tokens"] < 20


def test_it_starts_again_after_a_stop() -> None:
    server = BedrockServer(small_model(), MODEL.model_id, context_tokens=512)
    for _ in range(2):
        with server:
            bedrock = LocalBedrock(server.endpoint_url, MODEL.model_id)
            answer = bedrock.client().converse(modelId=MODEL.model_id, **conversation("Hi", maxTokens=2))
            assert answer["usage"]["outputTokens"] == 2
    server.stop()  # once more does no harm


def test_an_answer_that_fills_the_context_says_so() -> None:
    with BedrockServer(small_model(), MODEL.model_id, context_tokens=256) as server:
        bedrock = LocalBedrock(server.endpoint_url, MODEL.model_id)
        answer = bedrock.client().converse(modelId=MODEL.model_id, **conversation(LONG_STORY))
    assert answer["stopReason"] == "model_context_window_exceeded"
    assert answer["usage"]["totalTokens"] == 256


def fails_to_start(*arguments: str) -> str:
    """Start it with these arguments; return the one sentence with which it gives up."""
    command = [sys.executable, "-m", "local.bedrock", "--model-id", "local.m", *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    return ended.stderr


def test_a_damaged_model_is_one_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(small_model().read_bytes()[:1_000_000])
    assert "the file is damaged or of a kind it does not know" in fails_to_start("--gguf", str(damaged))


def test_a_taken_port_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert f"can't listen on port {port}" in fails_to_start(
            "--gguf", str(small_model()), "--port", str(port)
        )
