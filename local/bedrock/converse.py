"""Converse in the words of llama.cpp's Messages API and back: pure translation.

What this model can't do (tools, images, documents that are no text, guardrails) is refused by name, as
Bedrock does for a model that lacks it; the sentences are Bedrock's where it has one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from local.bedrock import attachments
from local.bedrock.caching import Cached, Point, is_point, points
from local.bedrock.errors import malformed, validation
from local.bedrock.shapes import constraint, fraction, integer, items, structure, text

USED = {"messages", "system", "inferenceConfig", "additionalModelRequestFields", "serviceTier"}
# Accepted and without effect: they are about servers, prices and reports, of which there are none here.
IGNORED = {"requestMetadata", "performanceConfig", "additionalModelResponseFieldPaths"}
TIERS = ("priority", "default", "flex", "reserved")
ROLES = ("user", "assistant")
ATTACHED = {"document", "image"}
# For requests that say nothing: the makers' own choice, in the model's generation_config.json.
DEFAULTS = {"temperature": 0.7, "top_p": 0.8, "top_k": 20}

UNCACHED = Cached()

INVALID_TIER = "The service tier provided is invalid."
NO_RESERVATION = "Reservation not found."
NO_TOOLS = "This model doesn't support tool use."
NOT_SUPPORTED = "This model doesn't support the {0} field. Remove {0} and try again."
STARTS_WITH_USER = (
    "A conversation must start with a user message. Try again with a conversation that starts with a user"
    " message."
)
ALTERNATES = (
    "A conversation must alternate between user and assistant roles. Make sure the conversation alternates"
    " between user and assistant roles and try again."
)
ENDS_WITH_USER = (
    "The model that you are using requires the last turn in the conversation to be a user message. Add a user"
    " message to the conversation and try again."
)
TOO_MANY_TOKENS = (
    "The maximum tokens you requested exceeds the model limit of {0}. Try again with a maximum tokens value"
    " that is lower than {0}."
)


class Thought(str):
    """A piece of the model's reasoning, which comes before its answer."""

    __slots__ = ()


@dataclass(frozen=True)
class Ending:
    """How an answer ended, as the model server reports it. Tokens are the model's own."""

    reason: str  # "end_turn" or "max_tokens"
    stop_sequence: str | None
    input_tokens: int
    output_tokens: int


def prompt(request: object, context_tokens: int) -> dict[str, Any]:
    """Return the Messages API request for a Converse request. Raises ApiError."""
    fields = structure(request, "the request")
    _refuse_unsupported(fields)
    given = items(fields.get("messages"), "messages")
    attachments.check_counts(_kinds(given))
    messages = [_message(each, number) for number, each in enumerate(given)]
    _check_turns([message["role"] for message in messages])
    return {
        "messages": messages,
        **_system(items(fields.get("system"), "system")),
        **DEFAULTS,
        **_inference(structure(fields.get("inferenceConfig"), "inferenceConfig"), context_tokens),
        **_model_fields(
            structure(fields.get("additionalModelRequestFields"), "additionalModelRequestFields")
        ),
    }


def service_tier(request: object) -> dict[str, Any]:
    """Return what the response says of the service tier, as Bedrock does: the one that was asked for, if any.

    One machine serves all of them alike. Raises ApiError.
    """
    told = structure(request, "the request").get("serviceTier")
    if told is None:
        return {}
    wanted = text(structure(told, "serviceTier").get("type"), "serviceTier.type")
    if wanted not in TIERS:
        raise validation(INVALID_TIER)
    if wanted == "reserved":
        raise validation(NO_RESERVATION)
    return {"serviceTier": {"type": wanted}}


def stop_reason(ending: Ending, max_tokens: int) -> str:
    """Return Bedrock's `stopReason` for an answer that was allowed `max_tokens`."""
    if ending.stop_sequence is not None:
        return "stop_sequence"
    if ending.reason == "max_tokens" and ending.output_tokens < max_tokens:
        return "model_context_window_exceeded"
    return ending.reason


def marked(request: object) -> list[Point]:
    """Return the places that the request marks for the prompt cache. Raises ApiError."""
    return points(structure(request, "the request"), _block)


def usage(ending: Ending, cached: Cached = UNCACHED) -> dict[str, Any]:
    """Return Bedrock's `usage`; its `inputTokens` leave out what the cache has to do with."""
    plain = ending.input_tokens - cached.read - cached.written
    told: dict[str, Any] = {
        "inputTokens": plain,
        "outputTokens": ending.output_tokens,
        "totalTokens": ending.input_tokens + ending.output_tokens,
        "cacheReadInputTokens": cached.read,
        "cacheWriteInputTokens": cached.written,
    }
    if cached.written:
        told["cacheDetails"] = [{"ttl": cached.ttl, "inputTokens": cached.written}]
    return told


def response(
    answer: str,
    ending: Ending,
    max_tokens: int,
    latency_ms: int,
    cached: Cached = UNCACHED,
    reasoning: str = "",
) -> dict[str, Any]:
    """Return the whole response of Converse."""
    content: list[dict[str, Any]] = [{"text": answer}] if answer else []
    if reasoning:
        content.insert(0, {"reasoningContent": {"reasoningText": {"text": reasoning}}})
    return {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason(ending, max_tokens),
        "usage": usage(ending, cached),
        "metrics": {"latencyMs": latency_ms},
    }


def _refuse_unsupported(fields: Iterable[str]) -> None:
    for name in fields:
        if name == "toolConfig":
            raise validation(NO_TOOLS)
        if name not in USED | IGNORED:
            raise validation(NOT_SUPPORTED.format(name))


def _system(blocks: list[Any]) -> dict[str, str]:
    """Return nothing for no blocks: an empty text would silence the template's own system prompt."""
    texts = [_block(each, f"system.{number}") for number, each in enumerate(blocks) if not is_point(each)]
    return {"system": "\n\n".join(texts)} if texts else {}


def _message(value: object, number: int) -> dict[str, Any]:
    place = f"messages.{number}"
    message = structure(value, place)
    role = text(message.get("role"), f"{place}.role")
    if role not in ROLES:
        raise constraint(f"{place}.role", role, "Member must satisfy enum value set: [user, assistant]")
    blocks = [each for each in items(message.get("content"), f"{place}.content") if not is_point(each)]
    if not blocks:
        raise validation(
            f"The content field in the Message object at {place} is empty. Add a ContentBlock object"
            " to the content field and try again."
        )
    kinds = set(_kinds([message]))
    if role != "user" and ATTACHED & kinds:
        raise validation(f"The message at {place} is not the user's and has an image or a document.")
    if "document" in kinds and "text" not in kinds:
        raise validation(
            f"The message at {place} has a document and no text. Add a text block and try again."
        )
    texts = [_block(block, f"{place}.content.{index}") for index, block in enumerate(blocks)]
    return {"role": role, "content": [{"type": "text", "text": each} for each in texts]}


def _kinds(messages: Iterable[Any]) -> list[str]:
    """The kinds of all content blocks, as far as the messages have any."""
    contents = [message.get("content") for message in messages if isinstance(message, dict)]
    blocks = [block for content in contents if isinstance(content, list) for block in content]
    return [kind for block in blocks if isinstance(block, dict) for kind in block]


def _block(value: object, place: str) -> str:
    """Return the text of a content block; what this model does not read is refused."""
    block = structure(value, place)
    if block.keys() == {"document"}:
        return attachments.document(block["document"], f"{place}.document")
    if block.keys() == {"image"}:
        return attachments.image(block["image"], f"{place}.image")
    for kind in block.keys() - {"text"}:
        raise validation(NO_TOOLS if kind.startswith("tool") else NOT_SUPPORTED.format(kind))
    content = text(block.get("text"), f"{place}.text")
    if not content.strip():
        raise validation(
            f"The text field in the ContentBlock object at {place} is blank. Add text to the text field,"
            " and try again."
        )
    return content


def _check_turns(roles: list[str]) -> None:
    if not roles or roles[0] != "user":
        raise validation(STARTS_WITH_USER)
    if any(role == following for role, following in pairwise(roles)):
        raise validation(ALTERNATES)
    if roles[-1] != "user":
        raise validation(ENDS_WITH_USER)


def _inference(config: dict[str, Any], context_tokens: int) -> dict[str, Any]:
    """Translate `inferenceConfig`; an answer without a limit may fill the context."""
    wanted: dict[str, Any] = {"max_tokens": context_tokens}
    if (tokens := config.get("maxTokens")) is not None:
        wanted["max_tokens"] = integer(tokens, "inferenceConfig.maxTokens", lowest=1)
    if wanted["max_tokens"] > context_tokens:
        raise validation(TOO_MANY_TOKENS.format(context_tokens))
    for theirs, ours in (("temperature", "temperature"), ("topP", "top_p")):
        if (value := config.get(theirs)) is not None:
            wanted[ours] = fraction(value, f"inferenceConfig.{theirs}")
    stops = items(config.get("stopSequences"), "inferenceConfig.stopSequences")
    wanted["stop_sequences"] = [text(each, "inferenceConfig.stopSequences") for each in stops]
    if "" in wanted["stop_sequences"]:
        raise constraint(
            "inferenceConfig.stopSequences", "", "Member must have length greater than or equal to 1"
        )
    return wanted


def _model_fields(fields: dict[str, Any]) -> dict[str, int]:
    for name in fields.keys() - {"top_k", "seed"}:
        raise malformed(f"extraneous key [{name}] is not permitted")
    return {name: integer(value, name, lowest=0) for name, value in fields.items()}
