"""Asking llama.cpp's server: generate an answer piece by piece, count a prompt's tokens, say who is busy."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import httpx

from local.bedrock.converse import Ending, Thought
from local.bedrock.errors import ApiError, model_error, not_ready, unavailable, validation

CONNECT_SECONDS = 5
LOADING = "The local model is still being loaded."
STOPPED = "The local model has stopped."
TOO_LONG = "Input is too long for requested model."


class Inference:
    """A client of one engine, for one event loop; until it is connected, the model is being loaded."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    def connect(self, url: str, key: str) -> None:
        """Ask the engine at this address from now on."""
        # Without a limit on reading: a long prompt or a full house takes minutes, and the caller may hang up.
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS)
        limits = httpx.Limits(max_connections=None)
        headers = {"Authorization": f"Bearer {key}"}
        self._client = httpx.AsyncClient(
            base_url=url, headers=headers, timeout=timeout, limits=limits, trust_env=False
        )

    @property
    def is_ready(self) -> bool:
        """Whether there is an engine to ask."""
        return self._client is not None

    @property
    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            raise not_ready(LOADING)
        if self._client.is_closed:
            raise unavailable(STOPPED)
        return self._client

    async def generate(self, prompt: dict[str, Any]) -> AsyncGenerator[str | Ending]:
        """Yield the answer's pieces of text and, last, its Ending. Closing it stops the generation.

        Raises ApiError, before the first piece or between two.
        """
        try:
            async with self._http.stream("POST", "/v1/messages", json={**prompt, "stream": True}) as answer:
                if answer.is_error:
                    await answer.aread()
                    raise _error(answer)
                async for piece in _pieces(answer.aiter_lines()):
                    if isinstance(piece, Ending) and not piece.input_tokens:
                        # An answer without any text has no message_start, the event that tells them.
                        piece = replace(piece, input_tokens=await self.count_tokens(prompt))
                    yield piece
        except httpx.HTTPError as error:
            raise unavailable(STOPPED) from error

    async def finish(self, prompt: dict[str, Any]) -> None:
        """Have the answer generated, whatever it is, and whether it can be."""
        with suppress(ApiError):
            async for _ in self.generate(prompt):
                pass

    async def count_tokens(self, prompt: dict[str, Any]) -> int:
        """Return how many tokens the prompt has inside the model's chat template. Raises ApiError."""
        try:
            answer = await self._http.post("/v1/messages/count_tokens", json=prompt)
        except httpx.HTTPError as error:
            raise unavailable(STOPPED) from error
        if answer.is_error:
            raise _error(answer)
        return answer.json()["input_tokens"]

    async def tokens_in(self, text: str) -> int:
        """Return how many tokens a text has by itself. Raises ApiError."""
        try:
            answer = await self._http.post("/tokenize", json={"content": text})
        except httpx.HTTPError as error:
            raise unavailable(STOPPED) from error
        if answer.is_error:
            raise _error(answer)
        return len(answer.json()["tokens"])

    async def busy_slots(self) -> int:
        """Return how many requests the model is working on."""
        slots = (await self._http.get("/slots")).raise_for_status().json()
        return sum(slot["is_processing"] for slot in slots)

    async def aclose(self) -> None:
        """Break every generation off and close the connections."""
        if self._client:
            await self._client.aclose()


async def _pieces(lines: AsyncIterator[str]) -> AsyncGenerator[str | Ending]:
    """Read the Messages API's server-sent events. https://docs.anthropic.com/en/api/messages-streaming"""
    input_tokens = 0
    async for line in lines:
        if not line.startswith("data: "):
            continue
        event = json.loads(line.removeprefix("data: "))
        match event.get("type"):
            case "message_start":
                counted = event["message"]["usage"]
                # Bedrock counts the whole prompt; llama.cpp leaves out what its prompt cache already had.
                input_tokens = counted["input_tokens"] + counted.get("cache_read_input_tokens", 0)
            case "content_block_delta" if text := event["delta"].get("text"):
                yield text
            case "content_block_delta" if thinking := event["delta"].get("thinking"):
                yield Thought(thinking)
            case "message_delta":
                delta = event["delta"]
                output_tokens = event["usage"]["output_tokens"]
                yield Ending(delta["stop_reason"], delta["stop_sequence"], input_tokens, output_tokens)
                return
            case _ if "error" in event:
                raise model_error(event["error"]["message"])
    raise model_error("The model's answer broke off.")


def _error(answer: httpx.Response) -> ApiError:
    """Return Bedrock's error for llama.cpp's."""
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError):
        return model_error(f"The model server answered with HTTP status {answer.status_code}.")
    if error.get("type") == "exceed_context_size_error":
        return validation(TOO_LONG)
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        return unavailable(error["message"])
    if answer.status_code == httpx.codes.BAD_REQUEST:
        return validation(f"The model returned the following errors: {error['message']}")
    return model_error(error["message"])
