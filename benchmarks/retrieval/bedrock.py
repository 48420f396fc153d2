"""The local Bedrock with real weights, as `make local` has it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks.errors import CannotMeasure
from local.bedrock import BedrockServer, EngineError
from local.model import CATALOG, ModelUnavailable, ensure_embedding_model, ensure_model

REGION = "us-east-1"
FOR_VECTORS = "smollm2"
"""The endpoint wants a model that chats: the smallest, for nothing is asked of it."""
READ_SECONDS = 600


@contextmanager
def local_bedrock(chat: str) -> Iterator[BedrockServer]:
    """It runs meanwhile. Raises CannotMeasure."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "asistente", "models")
    try:
        gguf = ensure_model(CATALOG[chat], cache)
        server = BedrockServer(gguf, CATALOG[chat].model_id, embedding_model=ensure_embedding_model(cache))
        with server:
            yield server
    except (ModelUnavailable, EngineError) as error:
        raise CannotMeasure(f"There is no local model: {error}") from error


def runtime(server: BedrockServer) -> Any:
    """A client of bedrock-runtime that makes one attempt, as the application's does."""
    return boto3.Session("local", "local", region_name=REGION).client(
        "bedrock-runtime",
        endpoint_url=server.endpoint_url,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=READ_SECONDS),
    )
