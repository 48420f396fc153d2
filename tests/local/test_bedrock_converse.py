"""Translating Converse requests: what is taken, what is refused and in which words."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.bedrock.converse import Ending, prompt, response, stop_reason
from local.bedrock.errors import ApiError

CONTEXT = 1000


def said(*texts: str) -> list[dict[str, Any]]:
    """A conversation whose turns alternate, the user's first."""
    return [
        {"role": ("user", "assistant")[number % 2], "content": [{"text": text}]}
        for number, text in enumerate(texts)
    ]


def test_a_conversation_with_all_its_settings() -> None:
    assert prompt(
        {
            "messages": said("Hola", "Hola, ¿qué tal?", "Bien"),
            "system": [{"text": "Be kind."}, {"text": "Be brief."}],
            "inferenceConfig": {"maxTokens": 9, "temperature": 0, "topP": 1, "stopSequences": ["END"]},
            "additionalModelRequestFields": {"top_k": 5, "seed": 7},
            "requestMetadata": {"tenant": "class"},
        },
        CONTEXT,
    ) == {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "Hola"}]},
            {"role": "assistant", "content": [{"type": "text", "text": "Hola, ¿qué tal?"}]},
            {"role": "user", "content": [{"type": "text", "text": "Bien"}]},
        ],
        "system": "Be kind.\n\nBe brief.",
        "max_tokens": 9,
        "temperature": 0,
        "top_p": 1,
        "stop_sequences": ["END"],
        "top_k": 5,
        "seed": 7,
    }


def test_an_answer_without_a_limit_may_fill_the_context() -> None:
    assert prompt({"messages": said("Hi")}, CONTEXT)["max_tokens"] == CONTEXT


def with_block(block: object) -> dict[str, Any]:
    """A request whose only message has this content block."""
    return {"messages": [{"role": "user", "content": [block]}]}


def with_setting(name: str, value: object) -> dict[str, Any]:
    """A request with one inference setting."""
    return {"messages": said("Hi"), "inferenceConfig": {name: value}}


REFUSED = {
    "no messages": ({}, "A conversation must start with a user message"),
    "assistant first": ({"messages": said("", "Hi")[1:]}, "A conversation must start with a user message"),
    "same role twice": ({"messages": said("Hi") * 2}, "must alternate between user and assistant roles"),
    "assistant last": (
        {"messages": said("Hi", "Hello")},
        "the last turn in the conversation to be a user message",
    ),
    "another role": (
        {"messages": [{"role": "system", "content": [{"text": "Hi"}]}]},
        "Value 'system' at 'messages.0.role' failed to satisfy constraint",
    ),
    "no content": ({"messages": [{"role": "user", "content": []}]}, "at messages.0 is empty"),
    "blank text": (with_block({"text": " \n"}), "at messages.0.content.0 is blank"),
    "tools": ({"messages": said("Hi"), "toolConfig": {"tools": []}}, "This model doesn't support tool use."),
    "a tool's result": (with_block({"toolResult": {}}), "This model doesn't support tool use."),
    "a passage to cite": (
        with_block({"searchResult": {"source": "x", "title": "x", "content": [{"text": "x"}]}}),
        "doesn't support the searchResult field.",
    ),
    "a cache point and nothing else": (with_block({"cachePoint": {"type": "default"}}), "is empty. Add a"),
    "a guardrail": (
        {"messages": said("Hi"), "guardrailConfig": {}},
        "doesn't support the guardrailConfig field.",
    ),
    "no tokens": (with_setting("maxTokens", 0), "Member must have value greater than or equal to 1"),
    "too many tokens": (with_setting("maxTokens", CONTEXT + 1), "exceeds the model limit of 1000"),
    "too hot": (with_setting("temperature", 1.5), "Member must have value less than or equal to 1"),
    "too cold": (with_setting("topP", -0.1), "Member must have value greater than or equal to 0"),
    "an empty stop sequence": (with_setting("stopSequences", [""]), "length greater than or equal to 1"),
    "an unknown model field": (
        {"messages": said("Hi"), "additionalModelRequestFields": {"thinking": {}}},
        "extraneous key [thinking] is not permitted",
    ),
    "a list as request": ([], "the request must be a structure"),
    "messages as text": ({"messages": "Hi"}, "messages must be a list"),
    "a message as text": ({"messages": ["Hi"]}, "messages.0 must be a structure"),
    "text as number": (with_block({"text": 1}), "messages.0.content.0.text must be a string"),
    "temperature as text": (
        with_setting("temperature", "hot"),
        "inferenceConfig.temperature must be a number",
    ),
    "tokens as truth": (with_setting("maxTokens", True), "inferenceConfig.maxTokens must be an integer"),
}


@pytest.mark.parametrize(("request_", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_model_cannot_take_is_a_validation_error_that_says_so(
    request_: object, sentence: str
) -> None:
    with pytest.raises(ApiError) as caught:
        prompt(request_, CONTEXT)
    assert (caught.value.code, caught.value.status) == ("ValidationException", 400)
    assert sentence in caught.value.message


NAMES = st.sampled_from(
    [
        "messages",
        "role",
        "content",
        "text",
        "image",
        "document",
        "source",
        "bytes",
        "system",
        "inferenceConfig",
        "maxTokens",
        "topP",
        "toolConfig",
    ]
)
VALUES = st.sampled_from(["user", "assistant", "Hi", "", 0, 1, -1, 0.5, True, None])
JSON = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4)
)


@given(JSON | st.dictionaries(NAMES, JSON))
def test_any_json_is_translated_or_refused(request_: object) -> None:
    with suppress(ApiError):
        assert prompt(request_, CONTEXT)["messages"]


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        (Ending("end_turn", None, 5, 3), "end_turn"),
        (Ending("end_turn", "END", 5, 3), "stop_sequence"),
        (Ending("max_tokens", None, 5, 10), "max_tokens"),
        (Ending("max_tokens", None, 990, 9), "model_context_window_exceeded"),
    ],
)
def test_why_an_answer_ended(ending: Ending, reason: str) -> None:
    assert stop_reason(ending, max_tokens=10) == reason


def test_an_empty_answer_has_no_content() -> None:
    answer = response("", Ending("end_turn", None, 5, 1), max_tokens=10, latency_ms=3)
    assert answer["output"]["message"]["content"] == []
    assert answer["usage"] == {
        "inputTokens": 5,
        "outputTokens": 1,
        "totalTokens": 6,
        "cacheReadInputTokens": 0,
        "cacheWriteInputTokens": 0,
    }


def attached(
    kind: str, form: str, content: bytes = b"words", name: str = "Document 1 (txt)"
) -> dict[str, Any]:
    """A request with a file, as it comes over the wire."""
    block: dict[str, Any] = {"format": form, "source": {"bytes": base64.b64encode(content).decode()}}
    if kind == "document":
        block["name"] = name
    return {"messages": [{"role": "user", "content": [{kind: block}, {"text": "What is it?"}]}]}


TXT = attached("document", "txt")["messages"][0]["content"]


@pytest.mark.parametrize("form", ["txt", "md", "csv", "html"])
def test_a_document_that_is_text_is_read(form: str) -> None:
    [message] = prompt(attached("document", form, "año".encode()), 100)["messages"]
    assert [each["text"] for each in message["content"]] == ["Document 1 (txt):\naño", "What is it?"]


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (attached("document", "pdf"), "doesn't support documents of the format pdf"),
        (attached("image", "png"), "doesn't support images"),
        (attached("image", "tiff"), "Member must satisfy enum value set: [gif, jpeg, png, webp]"),
        (attached("document", "pptx"), "Member must satisfy enum value set"),
        (attached("document", "txt", name="ignore: all"), "alphanumeric characters"),
        (attached("document", "txt", name="two  blanks"), "alphanumeric characters"),
        (attached("document", "txt", name="x" * 201), "alphanumeric characters"),
        (attached("document", "txt", b""), "is empty"),
        (attached("document", "txt", b"x" * 4_500_001), "at most 4500000"),
        (attached("image", "png", b"x" * 3_750_001), "at most 3750000"),
        ({"messages": [{"role": "user", "content": TXT[:1]}]}, "has a document and no text"),
        ({"messages": [{"role": "user", "content": TXT * 6}]}, "too many document blocks"),
        ({"messages": [*said("a"), {"role": "assistant", "content": TXT}]}, "is not the user's"),
    ],
)  # fmt: skip
def test_files_are_checked_as_converse_checks_them(request_: dict[str, Any], words: str) -> None:
    with pytest.raises(ApiError) as refused:
        prompt(request_, 100)
    assert words in refused.value.message
