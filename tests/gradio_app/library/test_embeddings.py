"""Vectors by Bedrock: what is asked, counted and tried again, and what failures are called."""

import io
import json
import logging
import threading
from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)

from gradio_app import logs
from gradio_app.library.embeddings import AT_ONCE, ATTEMPTS, FIRST_WAIT, Embeddings
from gradio_app.library.ports import EmbeddingBusyError, EmbeddingRefusedError, Passage
from gradio_app.store import schema

TITAN, COHERE = "amazon.titan-embed-text-v2:0", "eu.cohere.embed-v4:0"
SECRET = "what nobody else may read"


class Bedrock:
    """A client of bedrock-runtime; its next calls go as planned: an error is raised, a body is answered."""

    def __init__(self, *plan: Any) -> None:
        self.plan = list(plan)
        self.asked: list[dict[str, Any]] = []
        self.now, self.most = 0, 0
        self.lock = threading.Lock()

    def invoke_model(self, **request: Any) -> dict[str, Any]:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            body = json.loads(request["body"])
            self.asked.append({"modelId": request["modelId"], **body})
            planned = self.plan.pop(0) if self.plan else None
        try:
            if isinstance(planned, Exception):
                raise planned
            return self.answer(body if planned is None else planned, planned is None)
        finally:
            with self.lock:
                self.now -= 1

    def answer(self, body: dict[str, Any], usual: bool) -> dict[str, Any]:
        text = body.get("inputText") or "".join(body.get("texts", []))
        vector = [float(len(text)), *[0.0] * (schema.DIMENSIONS - 1)]
        made = {"embedding": vector, "embeddings": {"float": [vector]}} if usual else body
        return {
            "body": io.BytesIO(json.dumps(made).encode()),
            "ResponseMetadata": {"HTTPHeaders": {"x-amzn-bedrock-input-token-count": str(len(text))}},
        }


def refused(code: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "InvokeModel")


def made_of(bedrock: Bedrock, waits: list[float] | None = None, model: str = TITAN) -> Embeddings:
    return Embeddings(bedrock, model, [].append if waits is None else waits.append)


def test_each_text_has_its_vector_of_length_one_and_all_tokens_count() -> None:
    bedrock, texts = Bedrock(), ["one", "three", "seven"]
    made = made_of(bedrock).of_passages(texts)
    assert [vector[0] for vector in made.vectors] == [1.0] * 3
    assert made.tokens == sum(map(len, texts))
    assert sorted(bedrock.asked, key=lambda each: texts.index(each["inputText"])) == [
        {"modelId": TITAN, "inputText": text, "dimensions": 512} for text in texts
    ]


def test_passages_keep_their_order_whoever_is_done_first() -> None:
    passages = [Passage(number, "x", 0, 1) for number in range(20)]
    plan = [{"embedding": [0.0] * number + [1.0] + [0.0] * (511 - number)} for number in range(20)]
    first = Bedrock(*plan)
    vectors = made_of(first).embed(passages)
    assert sorted(vector.index(1.0) for vector in vectors) == list(range(20))
    assert len(first.asked) == 20


def test_a_passage_is_embedded_with_its_heading() -> None:
    """langchain-aws makes blanks of line feeds."""
    bedrock = Bedrock()
    passages = [Passage(0, "It takes one.", 0, 13, heading="Tools > setquota"), Passage(1, "x", 0, 1)]
    made_of(bedrock).embed(passages)
    assert {each["inputText"] for each in bedrock.asked} == {"Tools > setquota  It takes one.", "x"}


def test_no_more_calls_than_that_are_under_way_at_once() -> None:
    class Slow(Bedrock):
        gate = threading.Barrier(AT_ONCE)

        def answer(self, body: dict[str, Any], usual: bool) -> dict[str, Any]:
            self.gate.wait(20)
            return super().answer(body, usual)

    bedrock = Slow()
    made_of(bedrock).of_passages(["x"] * 3 * AT_ONCE)
    assert bedrock.most == AT_ONCE


def test_a_model_that_tells_questions_from_passages_is_told_which_it_is() -> None:
    bedrock = Bedrock()
    embeddings = made_of(bedrock, model=COHERE)
    embeddings.of_passages(["a passage"])
    embeddings.of_question("a question?")
    assert [each["input_type"] for each in bedrock.asked] == ["search_document", "search_query"]
    assert {each["output_dimension"] for each in bedrock.asked} == {schema.DIMENSIONS}


@pytest.mark.parametrize(
    "passing",
    [
        refused("ThrottlingException"),
        refused("ServiceUnavailableException"),
        refused("ModelNotReadyException"),
        EndpointConnectionError(endpoint_url="https://bedrock"),
    ],
)
def test_what_passes_is_tried_again_with_growing_waits(passing: Exception) -> None:
    waits: list[float] = []
    bedrock = Bedrock(*[passing] * (ATTEMPTS - 1))
    made = made_of(bedrock, waits).of_question("text")
    assert (made.vectors[0][0], made.tokens) == (1.0, 4)
    assert len(bedrock.asked) == ATTEMPTS
    assert all(0 <= wait <= FIRST_WAIT * 2**number for number, wait in enumerate(waits))
    assert len(waits) == ATTEMPTS - 1


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (refused("ThrottlingException"), ATTEMPTS),
        # The model may have seen these, and what it has seen is paid for.
        (refused("InternalServerException"), 1),
        (refused("ModelTimeoutException"), 1),
        (ReadTimeoutError(endpoint_url="https://bedrock"), 1),
        # An administrator sets these right; until then documents wait.
        (refused("AccessDeniedException"), 1),
        (refused("ResourceNotFoundException"), 1),
        (NoCredentialsError(), 1),
    ],
)
def test_what_works_later_is_said_to_be_busy(error: Exception, attempts: int) -> None:
    bedrock = Bedrock(*[error] * ATTEMPTS)
    with pytest.raises(EmbeddingBusyError) as raised:
        made_of(bedrock).of_question(SECRET)
    assert raised.value.__cause__ is error
    assert len(bedrock.asked) == attempts


@pytest.mark.parametrize(
    "answer",
    [
        refused("ValidationException", f"Malformed input request: {SECRET}"),
        refused("ValidationException", "Too many input tokens. Max input tokens: 8192"),
        {"embedding": [1.0] * 384},
        {"embedding": [0.0] * 512},
        {"embedding": [float("nan")] * 512},
        {"embedding": None},
        {},
    ],
    ids=["refused", "too long", "short", "no length", "nan", "none", "empty"],
)
def test_what_never_works_is_refused_without_a_word_of_the_text(
    answer: Any, caplog: pytest.LogCaptureFixture
) -> None:
    logs.configure("INFO")
    caplog.set_level(logging.DEBUG)
    bedrock = Bedrock(answer)
    with pytest.raises(EmbeddingRefusedError) as raised:
        made_of(bedrock).embed([Passage(0, SECRET, 0, 1)])
    assert len(bedrock.asked) == 1
    assert SECRET not in str(raised.value) + caplog.text
    assert "Traceback" not in caplog.text


def test_one_bad_passage_is_the_whole_batchs() -> None:
    bedrock = Bedrock(None, refused("ValidationException"), None)
    with pytest.raises(EmbeddingRefusedError):
        made_of(bedrock).of_passages(["a", "b", "c"])
