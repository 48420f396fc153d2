"""A chat with a model, as Chainlit's documentation streams one.

botocore waits for the model, which nothing on Chainlit's event loop may do: a thread for each answer reads.
"""

import asyncio
import threading
from collections.abc import AsyncIterator
from typing import Any

import boto3
import chainlit as cl
from botocore.config import Config

bedrock = boto3.client("bedrock-runtime", config=Config(max_pool_connections=1000))


async def answer(messages: list[dict[str, Any]]) -> AsyncIterator[str]:
    """The texts of the model's stream."""
    loop = asyncio.get_running_loop()
    texts: asyncio.Queue[str | None] = asyncio.Queue()

    def read() -> None:
        try:
            for event in bedrock.converse_stream(modelId="fake.model", messages=messages)["stream"]:
                if text := event.get("contentBlockDelta", {}).get("delta", {}).get("text"):
                    loop.call_soon_threadsafe(texts.put_nowait, text)
        finally:
            loop.call_soon_threadsafe(texts.put_nowait, None)

    threading.Thread(target=read, daemon=True).start()
    while (text := await texts.get()) is not None:
        yield text


@cl.on_message
async def ask(question: cl.Message) -> None:
    """Show the answer as it is written."""
    messages = cl.user_session.get("messages", [])
    cl.user_session.set("messages", messages)
    messages.append({"role": "user", "content": [{"text": question.content}]})
    shown = cl.Message(content="")
    async for text in answer(messages):
        await shown.stream_token(text)
    messages.append({"role": "assistant", "content": [{"text": shown.content}]})
    await shown.update()
