"""Bedrock Runtime's operations: Converse, ConverseStream and CountTokens on the local model.

InvokeModel is there for one that makes vectors of texts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Send

from local.bedrock import converse, eventstream, titan
from local.bedrock.caching import Cached, Point, PromptCache
from local.bedrock.catalog import check_model
from local.bedrock.converse import Ending, Thought
from local.bedrock.embedder import Embedder, EmbedderError
from local.bedrock.errors import ApiError, model_error, validation
from local.bedrock.http import answer, body_of, request_id, unless_gone
from local.bedrock.inference import Inference
from local.bedrock.shapes import structure

# The errors that may stand in a stream; a model's error has another name there than in front of it.
# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStreamOutput.html
STREAM_ERRORS = {
    "ModelErrorException": "modelStreamErrorException",
    "ServiceUnavailableException": "serviceUnavailableException",
    "ValidationException": "validationException",
}


class Runtime:
    """The routes of one model."""

    def __init__(self, model_id: str, context_tokens: int, inference: Inference) -> None:
        self._model_id = model_id
        self._context_tokens = context_tokens
        self._inference = inference
        self._cache = PromptCache()

    def routes(self) -> list[Route]:
        """Return the operations; a model identifier may be an ARN, which has slashes."""
        return [
            Route("/model/{model:path}/converse", self._converse, methods=["POST"]),
            Route("/model/{model:path}/converse-stream", self._converse_stream, methods=["POST"]),
            Route("/model/{model:path}/count-tokens", self._count_tokens, methods=["POST"]),
        ]

    async def _converse(self, request: Request) -> Response:
        started = time.monotonic()
        body = await self._body(request)
        prompt = converse.prompt(body, self._context_tokens)
        tier = converse.service_tier(body)
        marked = await self._marked(body)
        reasoning, text, ending = await unless_gone(request, self._whole(prompt))
        cached, took = self._cache.account(marked), _milliseconds_since(started)
        return answer(converse.response(text, ending, prompt["max_tokens"], took, cached, reasoning) | tier)

    async def _marked(self, body: object) -> list[tuple[Point, int]]:
        """The places that a request marks for the prompt cache, each with the tokens before it."""
        return [(point, await self._inference.tokens_in(point.text)) for point in converse.marked(body)]

    async def _whole(self, prompt: dict) -> tuple[str, str, Ending]:
        """The reasoning, the answer, and how it ended."""
        reasoning: list[str] = []
        text: list[str] = []
        async with aclosing(self._inference.generate(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Ending):
                    return "".join(reasoning), "".join(text), piece
                (reasoning if isinstance(piece, Thought) else text).append(piece)
        raise AssertionError("a generation ends with its Ending or an error")

    async def _converse_stream(self, request: Request) -> Response:
        started = time.monotonic()
        body = await self._body(request)
        prompt = converse.prompt(body, self._context_tokens)
        tier = converse.service_tier(body)
        marked = await self._marked(body)
        pieces = self._inference.generate(prompt)
        # What goes wrong before the first piece is an ordinary HTTP error; the caller may hang up meanwhile.
        first = await unless_gone(request, anext(pieces))
        cached = self._cache.account(marked)
        return EventStream(_frames(first, pieces, prompt["max_tokens"], started, cached, tier))

    async def _count_tokens(self, request: Request) -> Response:
        asked = structure(structure(await self._body(request), "the request").get("input"), "input")
        if set(asked) != {"converse"}:
            raise validation(
                "The local model counts the tokens of Converse requests only: give input.converse."
            )
        prompt = converse.prompt(asked["converse"], self._context_tokens)
        return answer({"inputTokens": await self._inference.count_tokens(prompt)})

    async def _body(self, request: Request) -> object:
        check_model(request.path_params["model"], self._model_id)
        return await body_of(request)


class Vectors:
    """The route of the model that makes vectors."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def routes(self) -> list[Route]:
        """Return the one operation."""
        return [Route("/model/{model:path}/invoke", self._invoke, methods=["POST"])]

    async def _invoke(self, request: Request) -> Response:
        check_model(request.path_params["model"], titan.MODEL_ID)
        asked = titan.asked(await body_of(request))
        try:
            vector, tokens = await asyncio.to_thread(self._embedder.embed, asked.text)
        except EmbedderError as error:
            raise model_error(f"The local model for documents failed: {error}.") from error
        made = answer(titan.answer(asked, vector, tokens))
        made.headers["X-Amzn-Bedrock-Input-Token-Count"] = str(tokens)
        return made


class EventStream(StreamingResponse):
    """A stream of frames that stops its source when the caller hangs up, wherever that source stands."""

    def __init__(self, frames: AsyncGenerator[bytes]) -> None:
        super().__init__(frames, media_type=eventstream.CONTENT_TYPE, headers=request_id())
        self._frames = frames

    async def stream_response(self, send: Send) -> None:
        """Send the frames."""
        async with aclosing(self._frames):
            await super().stream_response(send)


async def _frames(
    first: str | Ending,
    rest: AsyncGenerator[str | Ending],
    max_tokens: int,
    started: float,
    cached: Cached,
    tier: dict[str, Any],
) -> AsyncGenerator[bytes]:
    try:
        async with aclosing(rest):
            yield eventstream.event("messageStart", {"role": "assistant"})
            piece, block, reasons = first, 0, isinstance(first, Thought)
            while isinstance(piece, str):
                if reasons and not isinstance(piece, Thought):
                    yield eventstream.event("contentBlockStop", {"contentBlockIndex": block})
                    block, reasons = block + 1, False
                said = {"text": str(piece)}
                delta = {"reasoningContent": said} if isinstance(piece, Thought) else said
                yield eventstream.event("contentBlockDelta", {"delta": delta, "contentBlockIndex": block})
                piece = await anext(rest)
    except ApiError as error:
        yield eventstream.exception(STREAM_ERRORS[error.code], error.message)
        return
    yield eventstream.event("contentBlockStop", {"contentBlockIndex": block})
    yield eventstream.event("messageStop", {"stopReason": converse.stop_reason(piece, max_tokens)})
    metrics = {"latencyMs": _milliseconds_since(started)}
    yield eventstream.event("metadata", {"usage": converse.usage(piece, cached), "metrics": metrics} | tier)


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
