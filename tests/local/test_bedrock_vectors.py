"""Vectors of texts by the local Bedrock: Titan's API as documented, and the real model behind it."""

from __future__ import annotations

import asyncio
import math
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from gradio_app.library.embeddings import Embeddings
from gradio_app.library.ports import EmbeddingRefusedError, Passage
from gradio_app.store import schema
from local.bedrock import titan
from local.bedrock.embedder import QUESTION_WORDS, Embedder, EmbedderError
from local.bedrock.inference import Inference
from local.bedrock.server import create_app
from local.bedrock.titan import MODEL_ID
from local.model import ModelUnavailable, ensure_embedding_model
from tests.local.test_bedrock_server import SIGNED
from tests.model_fixture import STOP_SECONDS, LocalBedrock, address_of, small_model, start_bedrock

PATH = f"/model/{MODEL_ID}/invoke"


class Told(Embedder):
    """A model with a vector of three numbers."""

    def __init__(self, error: str = "") -> None:
        super().__init__(Path("/nowhere"))
        self.error = error

    def embed(self, text: str) -> tuple[list[float], int]:
        if self.error:
            raise EmbedderError(self.error)
        return [0.6, -0.8, 0.0], len(text.split())


def send(embedder: Embedder | None, method: str, path: str, **request: Any) -> httpx.Response:
    async def sending() -> httpx.Response:
        app = create_app("local.m", "eu-west-1", 1000, Inference(), embedder)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            return await client.request(method, path, headers=SIGNED, **request)

    return asyncio.run(sending())


def invoke(**body: Any) -> httpx.Response:
    return send(Told(), "POST", PATH, json=body)


@pytest.mark.parametrize("dimensions", [256, 512, 1024])
def test_a_vector_has_the_dimensions_that_were_asked_for_and_length_one(dimensions: int) -> None:
    answer = invoke(inputText="two words", dimensions=dimensions, normalize=True)
    vector = answer.json()["embedding"]
    assert (len(vector), vector[:3], set(vector[3:])) == (dimensions, [0.6, -0.8, 0.0], {0.0})
    assert math.hypot(*vector) == pytest.approx(1)
    assert answer.json()["inputTextTokenCount"] == 2
    assert answer.headers["x-amzn-bedrock-input-token-count"] == "2"


def test_a_vector_that_is_cut_has_length_one_again() -> None:
    asked = titan.asked({"inputText": "text", "dimensions": 256})
    vector = titan.answer(asked, [1 / math.sqrt(384)] * 384, 1)["embedding"]
    assert (len(vector), math.hypot(*vector)) == (256, pytest.approx(1))


def test_what_is_not_said_is_as_titan_has_it() -> None:
    answer = invoke(inputText="text").json()
    assert len(answer["embedding"]) == 1024
    assert answer["embeddingsByType"] == {"float": answer["embedding"]}


def test_binary_vectors_are_signs() -> None:
    answer = invoke(inputText="text", embeddingTypes=["binary"], dimensions=256).json()
    assert answer["embeddingsByType"] == {"binary": [1, 0, 0] + [0] * 253}
    assert "embedding" not in answer


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "required key [inputText] not found"),
        ({"inputText": ""}, "expected minLength: 1, actual: 0"),
        ({"inputText": 1}, "#/inputText: not a string"),
        ({"inputText": ["a"]}, "#/inputText: not a string"),
        ({"inputText": "x" * 50_001}, "expected maxLength: 50000, actual: 50001"),
        ({"inputText": "x", "dimensions": 384}, "#/dimensions: 384 is not a valid enum value"),
        ({"inputText": "x", "dimensions": "512"}, "#/dimensions: 512 is not a valid enum value"),
        ({"inputText": "x", "dimensions": True}, "#/dimensions: True is not a valid enum value"),
        ({"inputText": "x", "normalize": "yes"}, "#/normalize: not a boolean"),
        ({"inputText": "x", "embeddingTypes": []}, "#/embeddingTypes"),
        ({"inputText": "x", "embeddingTypes": ["int8"]}, "#/embeddingTypes: int8 is not a valid enum value"),
        ({"inputText": "x", "texts": []}, "extraneous key [texts] is not permitted"),
    ],
)
def test_what_titan_does_not_take_is_refused_in_its_words(body: dict[str, Any], said: str) -> None:
    answer = invoke(**body)
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (400, "ValidationException")
    assert said in answer.json()["message"]


def test_other_models_make_no_vectors() -> None:
    other = send(Told(), "POST", "/model/local.m/invoke", json={"inputText": "x"})
    assert (other.status_code, other.json()["message"]) == (400, "The provided model identifier is invalid.")
    assert send(None, "POST", PATH, json={"inputText": "x"}).status_code == 404


def test_a_model_that_fails_says_so_as_one() -> None:
    answer = send(Told("the weights can't be loaded"), "POST", PATH, json={"inputText": "x"})
    assert (answer.status_code, answer.headers["x-amzn-errortype"]) == (424, "ModelErrorException")
    assert "the weights can't be loaded" in answer.json()["message"]


def test_the_catalog_knows_it_where_it_is() -> None:
    details = send(Told(), "GET", f"/foundation-models/{MODEL_ID}").json()["modelDetails"]
    assert (details["outputModalities"], details["responseStreamingSupported"]) == (["EMBEDDING"], False)
    assert send(Told(), "GET", f"/foundation-model-availability/{MODEL_ID}").status_code == 200
    listed = send(Told(), "GET", "/foundation-models").json()["modelSummaries"]
    assert [each["modelId"] for each in listed] == ["local.m", MODEL_ID]
    assert send(None, "GET", f"/foundation-models/{MODEL_ID}").status_code == 400


def test_a_folder_without_a_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="can't be loaded"):
        Embedder(tmp_path).embed("text")


@pytest.fixture(scope="module")
def real() -> Iterator[LocalBedrock]:
    """The local Bedrock with its real model for documents."""
    try:
        folder = ensure_embedding_model(small_model().parent)
    except ModelUnavailable as error:
        pytest.skip(str(error))
    process = start_bedrock("--embedding-model", str(folder))
    try:
        yield LocalBedrock(address_of(process), "local.m")
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def close(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.slow
def test_the_application_gets_vectors_that_mean_something_in_both_languages(real: LocalBedrock) -> None:
    embeddings = Embeddings(real.client(), MODEL_ID)
    texts = [
        "Holidays: every employee has thirty days of holidays a year, of which ten can be taken over.",
        "The coffee machine in the kitchen on the second floor has to be cleaned every Friday evening.",
        "Expenses of a journey are paid back within two weeks, once the receipts have been handed in.",
    ]
    made = embeddings.of_passages(texts)
    passages = made.vectors
    assert made.tokens > 40
    for vector in passages:
        assert len(vector) == schema.DIMENSIONS
        assert close(vector, vector) == pytest.approx(1)
    for question, answer in (
        ("How much vacation do I get?", 0),
        ("¿Cuántos días de vacaciones tengo?", 0),
        ("¿Quién limpia la cafetera?", 1),
        ("When do I get back what I spent on the train?", 2),
    ):
        asked = embeddings.of_question(question)
        scores = [close(asked.vectors[0], vector) for vector in passages]
        assert scores.index(max(scores)) == answer, question
        assert asked.tokens > 3


@pytest.mark.slow
def test_a_short_text_counts_as_a_question_and_a_long_one_as_a_passage(real: LocalBedrock) -> None:
    """One word more makes another kind of text of it, and so another vector than one word more would."""
    embeddings = Embeddings(real.client(), MODEL_ID)
    short, long = " ".join(["word"] * QUESTION_WORDS), " ".join(["word"] * (QUESTION_WORDS + 1))
    (one, other) = embeddings.of_passages([short, long]).vectors
    assert close(one, other) < 0.99


@pytest.mark.slow
def test_bedrocks_refusals_reach_the_application_as_its_own(real: LocalBedrock) -> None:
    with pytest.raises(ClientError, match="ValidationException"):
        real.client().invoke_model(modelId=MODEL_ID, body="{}")
    with pytest.raises(EmbeddingRefusedError, match="refused"):
        Embeddings(real.client(), MODEL_ID).embed([Passage(0, "x" * 50_001, 0, 50_001)])
