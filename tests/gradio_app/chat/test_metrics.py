"""What an answer leaves in numbers: lines that CloudWatch makes metrics of."""

import io
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from gradio_app.chat.metrics import DIMENSION_CHARACTERS, OF_DEPLOYMENT, OF_MODEL, Metrics
from gradio_app.chat.model import Models
from gradio_app.settings import WITHOUT_LOGIN
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.chatting import DEADLINE, MODEL_ID, Chatting, give_room, make_chatting
from tests.gradio_app.emf import measured
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.tables import create_table
from tests.gradio_app.test_process import START_SECONDS, started
from tests.security.chat_api import ChatClient

TRACE = "1-67891233-abcdef012345678912345678"
HERE = (("Deployment", "shop"),)
THIS_MODEL = (*HERE, ("Model", MODEL_ID))


@pytest.fixture
def said() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def chatting(dynamodb: Any, table: str, models: Models, said: io.StringIO) -> Chatting:
    return make_chatting(dynamodb, table, models, metrics=Metrics("shop", said))


def lines(said: io.StringIO) -> list[str]:
    return said.getvalue().splitlines()


@pytest.mark.parametrize(
    ("question", "status", "reason", "failures", "begun"),
    [
        ("answer: hello to you", "complete", "", 0, True),
        ("long", "complete", "length", 0, True),
        ("throttle", "failed", "throttled", 1, False),
        ("no access", "failed", "not_enabled", 1, False),
        ("cut", "failed", "cut", 1, True),
    ],
)
def test_each_answer_is_one_line_of_numbers(
    chatting: Chatting,
    said: io.StringIO,
    question: str,
    status: str,
    reason: str,
    failures: int,
    begun: bool,
) -> None:
    answer = chatting.ask(question).turns[0].answer
    assert answer
    [line] = lines(said)
    numbers = measured(line)
    assert numbers["Asistente", HERE, "Failures"] == failures
    assert numbers["Asistente", HERE, "AnswerSeconds"] > 0
    assert numbers["Asistente", THIS_MODEL, "InputTokens"] == answer.input_tokens
    assert numbers["Asistente", THIS_MODEL, "OutputTokens"] == answer.output_tokens
    assert (("Asistente", THIS_MODEL, "FirstTokenSeconds") in numbers) == begun
    assert {name for *_, name in numbers} <= {*OF_DEPLOYMENT, *OF_MODEL}
    told = json.loads(line)
    assert (told["type"], told["status"], told["reason"]) == ("answer", status, reason)


def test_a_stopped_answer_counts_and_is_no_failure(chatting: Chatting, said: io.StringIO) -> None:
    started = chatting.start("endless")
    started.answer.stop()
    assert started.answer.done.wait(DEADLINE)
    [line] = lines(said)
    assert measured(line)["Asistente", HERE, "Failures"] == 0
    assert json.loads(line)["status"] == "stopped"


def test_a_line_names_nobody_and_holds_nothing_of_what_was_said(
    chatting: Chatting, said: io.StringIO
) -> None:
    chatting.ask("answer: a private matter")
    for secret in ("private", chatting.user_id, chatting.conversation_id):
        assert secret not in said.getvalue()


def test_a_summary_costs_tokens_and_is_no_answer(
    chatting: Chatting, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_room(monkeypatch, 300)
    for number in range(6):
        chatting.ask(f"answer: fact {number} " + "and so on " * 5)
    told = [line for line in lines(said) if json.loads(line)["type"] == "summary"]
    assert told
    assert set(measured(told[0])) == {
        ("Asistente", THIS_MODEL, name) for name in ("InputTokens", "OutputTokens")
    }


def test_a_model_with_an_endless_name_is_still_measured(said: io.StringIO) -> None:
    Metrics("shop", said).summary("m" * 2048, 1, 2)
    [(_, dimensions, _), *_] = measured(said.getvalue())
    assert dict(dimensions)["Model"] == "m" * DIMENSION_CHARACTERS


def test_a_line_is_written_in_one_piece() -> None:
    """Answers end in threads of their own: two writes of one could have another's between them."""

    class Pieces(io.StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.pieces: list[str] = []

        def write(self, text: str) -> int:
            self.pieces.append(text)
            return len(text)

    stream = Pieces()
    Metrics("shop", stream).summary("m", 1, 2)
    [piece] = stream.pieces
    assert piece.endswith("}\n")


@pytest.mark.slow
@pytest.mark.asvs("16.2.1")
def test_the_running_program_writes_them_to_standard_output(
    emulator: RunningEmulator, fake: FakeBedrock
) -> None:
    """As in a task: its own process, its own environment, and what arrives at the end of its output."""
    table = f"metrics-{uuid4().hex}"
    create_table(emulator.client("dynamodb"), table)
    settings = emulator.environment | {
        "AUTHENTICATION": WITHOUT_LOGIN,
        "PUBLIC_SCHEME": "http",
        "TABLE_NAME": table,
        "BUCKET_NAME": "files",
        "MODEL_IDS": MODEL_ID,
        "DEPLOYMENT": "shop",
        "TRUSTED_PROXIES": "127.0.0.1/32",
        "DRAIN_SECONDS": "0",
        "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": fake.endpoint_url,
        "AWS_ENDPOINT_URL_BEDROCK": fake.endpoint_url,
    }
    with started(settings) as (process, address):
        own = {"origin": address, "sec-fetch-site": "same-origin", "x-amzn-trace-id": f"Root={TRACE}"}
        with httpx.Client(base_url=address, headers=own, timeout=START_SECONDS) as http:
            assert "hello" in ChatClient(http).ask("0" * 32, "answer: hello to you")
            ChatClient(http).ask("1" * 32, "throttle")
        process.terminate()
        output = process.communicate(timeout=START_SECONDS)[0]
    answered, failed = [line for line in output.splitlines() if line.startswith("{")]
    assert json.loads(failed)["reason"] == "throttled"
    logged = [line for line in output.splitlines() if "reason=throttled" in line]
    assert len(logged) > 1, "each try is told"
    assert all(f"request={TRACE}" in line for line in logged), "its threads know whose request they work for"
    numbers = measured(answered)
    assert numbers["Asistente", THIS_MODEL, "InputTokens"] == 11
    assert numbers["Asistente", THIS_MODEL, "OutputTokens"] == 3
    assert {name for *_, name in numbers} == {*OF_DEPLOYMENT, *OF_MODEL}
