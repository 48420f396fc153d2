"""The local Bedrock with the small test model, as a process of its own: what tests talk to over the wire."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.model import CATALOG, ensure_model

MODEL = CATALOG["smollm2"]
ROOT = Path(__file__).parent.parent
SLOTS = 2
CONTEXT_TOKENS = 2048  # enough for every test, and small enough to be exceeded quickly
REGION = "us-east-1"
STOP_SECONDS = 30


def small_model() -> Path:
    """Return the test model's file, fetched once for all tests on this machine."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "asistente" / "models"
    return ensure_model(MODEL, cache)


def without_aws_settings() -> dict[str, str]:
    """Return this process's environment without what would lead an SDK elsewhere."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}


@dataclass(frozen=True)
class LocalBedrock:
    """Where the local Bedrock listens and what its model is called."""

    endpoint_url: str
    model_id: str

    def environment(self) -> dict[str, str]:
        """Return the variables that lead a child process to it."""
        return {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.endpoint_url,
            "AWS_ENDPOINT_URL_BEDROCK": self.endpoint_url,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }

    def client(self, service: str = "bedrock-runtime", read_timeout: float = 120) -> Any:
        """Return a boto3 client that sends each request once."""
        session = boto3.Session("test", "test", region_name=REGION)
        config = Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout)
        return session.client(service, endpoint_url=self.endpoint_url, config=config)


def start_bedrock(*arguments: str) -> subprocess.Popen[str]:
    """Start `python -m local.bedrock` with the small model."""
    command = [
        sys.executable,
        "-m",
        "local.bedrock",
        "--gguf",
        str(small_model()),
        "--model-id",
        MODEL.model_id,
    ]
    size = ["--slots", str(SLOTS), "--context-tokens", str(CONTEXT_TOKENS)]
    return subprocess.Popen(
        [*command, *size, *arguments], cwd=ROOT, env=without_aws_settings(), stdout=subprocess.PIPE, text=True
    )


def address_of(process: subprocess.Popen[str]) -> str:
    """Wait until it listens and return its address."""
    assert process.stdout is not None
    word, _, address = process.stdout.readline().strip().partition(" ")
    assert word == "ready", f"the local Bedrock ended with exit code {process.wait(STOP_SECONDS)}"
    return address


# SmolLM2 goes on with it for as long as it may, at temperature 0.
LONG_STORY = "Write a very long story about a dog."


def conversation(text: str, **settings: Any) -> dict[str, Any]:
    """A request with one question, answered the same way each time."""
    return {
        "messages": [{"role": "user", "content": [{"text": text}]}],
        "inferenceConfig": {"temperature": 0, **settings},
    }


def first_words(stream: Any) -> None:
    """Read a stream until the model has said something."""
    next(event for event in stream if "contentBlockDelta" in event)


@pytest.fixture(scope="session")
def bedrock() -> Iterator[LocalBedrock]:
    """The local Bedrock with SmolLM2, one for each worker; tests that use it are slow."""
    process = start_bedrock()
    try:
        yield LocalBedrock(address_of(process), MODEL.model_id)
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
