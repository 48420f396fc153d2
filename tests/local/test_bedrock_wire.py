"""The local Bedrock with a real model, as boto3 and langchain-aws see it."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from langchain_aws import ChatBedrockConverse
from langchain_core.messages import AIMessageChunk, HumanMessage, SystemMessage

from tests.model_fixture import CONTEXT_TOKENS, LONG_STORY, REGION, LocalBedrock, conversation, first_words

pytestmark = pytest.mark.slow
DEADLINE_SECONDS = 20  # less than a whole long story takes, even on an idle machine


def busy_slots(bedrock: LocalBedrock) -> int:
    """How many answers are being generated."""
    with urllib.request.urlopen(f"{bedrock.endpoint_url}/health") as answer:  # noqa: S310 - loopback
        return json.load(answer)["busySlots"]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until the condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def text_of(events: Any) -> tuple[str, dict[str, Any]]:
    """Read a stream to its end: the text, and the other events by name."""
    text, others = "", {}
    for event in events:
        if "contentBlockDelta" in event:
            text += event["contentBlockDelta"]["delta"]["text"]
        else:
            others |= event
    return text, others


def test_converse_answers_and_counts(bedrock: LocalBedrock) -> None:
    answer = bedrock.client().converse(modelId=bedrock.model_id, **conversation("Say hello.", maxTokens=8))
    assert answer["output"]["message"]["content"][0]["text"]
    assert answer["stopReason"] == "max_tokens"
    assert answer["usage"]["outputTokens"] == 8
    assert answer["usage"]["totalTokens"] == answer["usage"]["inputTokens"] + 8


def test_converse_stream_says_the_same_token_by_token(bedrock: LocalBedrock) -> None:
    client, request = bedrock.client(), conversation("Say hello.", maxTokens=8)
    whole = client.converse(modelId=bedrock.model_id, **request)
    events = list(client.converse_stream(modelId=bedrock.model_id, **request)["stream"])
    text, others = text_of(events)
    assert text == whole["output"]["message"]["content"][0]["text"]
    assert others["messageStop"]["stopReason"] == "max_tokens"
    assert others["metadata"]["usage"] == whole["usage"]
    assert sum("contentBlockDelta" in event for event in events) > 4


@pytest.mark.parametrize("tokens", [1, 8])
def test_count_tokens_agrees_with_usage(bedrock: LocalBedrock, tokens: int) -> None:
    """Also for an answer without text: its one token is only the first half of an emoji."""
    client, request = bedrock.client(), conversation("¿Qué tal? 你好 👋", maxTokens=tokens)
    counted = client.count_tokens(
        modelId=bedrock.model_id, input={"converse": {"messages": request["messages"]}}
    )
    used = client.converse(modelId=bedrock.model_id, **request)["usage"]
    assert counted["inputTokens"] == used["inputTokens"]


def test_a_stop_sequence_ends_the_answer_and_is_not_in_it(bedrock: LocalBedrock) -> None:
    request = conversation(LONG_STORY, stopSequences=["e"])
    answer = bedrock.client().converse(modelId=bedrock.model_id, **request)
    assert answer["stopReason"] == "stop_sequence"
    assert "e" not in answer["output"]["message"]["content"][0]["text"]


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
def test_a_prompt_that_is_too_long_is_refused_in_bedrocks_words(
    bedrock: LocalBedrock, operation: str
) -> None:
    ask = getattr(bedrock.client(), operation)
    with pytest.raises(ClientError, match="Input is too long for requested model") as caught:
        ask(modelId=bedrock.model_id, **conversation("word " * CONTEXT_TOKENS))
    assert caught.value.response["Error"]["Code"] == "ValidationException"


@pytest.mark.parametrize("operation", ["converse", "converse_stream"])
def test_an_unknown_model_is_refused(bedrock: LocalBedrock, operation: str) -> None:
    client = bedrock.client()
    with pytest.raises(client.exceptions.ValidationException, match="provided model identifier is invalid"):
        getattr(client, operation)(modelId="amazon.nova-lite-v1:0", **conversation("Hi"))


def test_a_closed_stream_stops_the_generation(bedrock: LocalBedrock) -> None:
    answer = bedrock.client().converse_stream(modelId=bedrock.model_id, **conversation(LONG_STORY))
    first_words(answer["stream"])
    eventually(lambda: busy_slots(bedrock) == 1)
    answer["stream"].close()
    eventually(lambda: busy_slots(bedrock) == 0)


def test_a_caller_that_gives_up_waiting_stops_the_generation(bedrock: LocalBedrock) -> None:
    impatient = bedrock.client(read_timeout=1)
    with pytest.raises(ReadTimeoutError):
        impatient.converse(modelId=bedrock.model_id, **conversation(LONG_STORY))
    eventually(lambda: busy_slots(bedrock) == 0)


def test_two_are_answered_at_once(bedrock: LocalBedrock) -> None:
    streams = [
        bedrock.client().converse_stream(modelId=bedrock.model_id, **conversation(LONG_STORY))["stream"]
        for _ in range(2)
    ]
    for stream in streams:
        first_words(stream)
    eventually(lambda: busy_slots(bedrock) == 2)
    for stream in streams:
        stream.close()
    eventually(lambda: busy_slots(bedrock) == 0)


def test_more_than_there_are_slots_wait_for_their_turn(bedrock: LocalBedrock) -> None:
    client, request = bedrock.client(), conversation("Say hello.", maxTokens=8)

    def ask(_: int) -> str:
        return client.converse(modelId=bedrock.model_id, **request)["stopReason"]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(ask, range(6))) == ["max_tokens"] * 6


def test_the_control_plane_knows_the_model(bedrock: LocalBedrock) -> None:
    client = bedrock.client("bedrock")
    (summary,) = client.list_foundation_models()["modelSummaries"]
    assert summary["modelId"] == bedrock.model_id
    assert client.get_foundation_model(modelIdentifier=summary["modelArn"])["modelDetails"] == summary
    availability = client.get_foundation_model_availability(modelId=bedrock.model_id)
    assert availability["authorizationStatus"] == "AUTHORIZED"
    assert client.list_inference_profiles()["inferenceProfileSummaries"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_inference_profile(inferenceProfileIdentifier="us.amazon.nova-lite-v1:0")


@pytest.fixture
def chat(bedrock: LocalBedrock) -> ChatBedrockConverse:
    """langchain-aws's model, made as the application makes it."""
    return ChatBedrockConverse(
        model=bedrock.model_id,
        client=bedrock.client(),
        bedrock_client=bedrock.client("bedrock"),
        region_name=REGION,
        disable_streaming=False,
    )


def test_langchain_invokes(chat: ChatBedrockConverse) -> None:
    answer = chat.invoke([SystemMessage("Be kind."), HumanMessage("Say hello.")], max_tokens=8, temperature=0)
    assert answer.text
    assert answer.response_metadata["stopReason"] == "max_tokens"
    assert answer.usage_metadata is not None
    assert answer.usage_metadata["output_tokens"] == 8


def test_langchain_streams(chat: ChatBedrockConverse) -> None:
    chunks = list(chat.stream([HumanMessage("Say hello.")], max_tokens=8, temperature=0))
    assert sum(bool(chunk.text) for chunk in chunks) > 4
    whole = sum(chunks[1:], chunks[0])
    assert isinstance(whole, AIMessageChunk)
    assert whole.response_metadata["stopReason"] == "max_tokens"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == 8


def test_what_was_said_before_is_read_from_the_cache(bedrock: LocalBedrock) -> None:
    """As the application marks it: behind this question and behind the one before."""
    client, mark = bedrock.client(), {"cachePoint": {"type": "default"}}
    told = [{"role": "user", "content": [{"text": f"{LONG_STORY} {'word ' * 1_100}"}, mark]}]
    settings = {"maxTokens": 4, "temperature": 0.0}
    first = client.converse(modelId=bedrock.model_id, messages=told, inferenceConfig=settings)["usage"]
    assert first["cacheReadInputTokens"] == 0
    assert 1_100 < first["cacheWriteInputTokens"] == first["cacheDetails"][0]["inputTokens"]
    told += [
        {"role": "assistant", "content": [{"text": "Once"}]},
        {"role": "user", "content": [{"text": "Go on."}, mark]},
    ]
    then = client.converse(modelId=bedrock.model_id, messages=told, inferenceConfig=settings)["usage"]
    assert then["cacheReadInputTokens"] == first["cacheWriteInputTokens"]
    assert 0 < then["cacheWriteInputTokens"] < 20
    counted = client.count_tokens(modelId=bedrock.model_id, input={"converse": {"messages": told}})
    parts = ("inputTokens", "cacheReadInputTokens", "cacheWriteInputTokens")
    assert sum(then[part] for part in parts) == counted["inputTokens"]
