"""A table in the emulator, a Bedrock that misbehaves on request, and the chat's parts over both."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from gradio_app.chat.budget import Budget
from gradio_app.chat.conversation import Conversation, new_id
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.streaming import Running
from gradio_app.chat.turns import Request, Started, Turns
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import Table
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.tables import create_table

MODEL_ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
METRICS = Metrics("test")
DEADLINE = 20.0
"""Seconds after which something that ought to happen soon counts as not happening."""


@pytest.fixture(scope="session")
def dynamodb(emulator: RunningEmulator) -> Any:
    return emulator.client("dynamodb")


@pytest.fixture
def table(dynamodb: Any) -> str:
    """The name of a fresh table."""
    name = f"chat-{uuid4().hex}"
    create_table(dynamodb, name)
    return name


@pytest.fixture
def store(dynamodb: Any, table: str) -> Conversations:
    return Conversations(Table(dynamodb, table))


@pytest.fixture
def fake() -> Iterator[FakeBedrock]:
    with FakeBedrock() as fake:
        yield fake


def bedrock_client(service: str, endpoint_url: str, read_timeout: float = 30) -> Any:
    """A boto3 client of the fake endpoint that tries once and waits for at most `read_timeout` seconds."""
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(
            read_timeout=read_timeout,
            connect_timeout=2,
            retries={"total_max_attempts": 1},
            max_pool_connections=50,
        ),
    )


@pytest.fixture
def models(fake: FakeBedrock) -> Models:
    url = fake.endpoint_url
    return Models(bedrock_client("bedrock-runtime", url), bedrock_client("bedrock", url))


class Chatting:
    """A user who talks to the model through `Turns`, as the page does."""

    def __init__(self, turns: Turns, store: Conversations, running: Running) -> None:
        self.turns = turns
        self.store = store
        self.running = running
        self.user_id = "ana"
        self.conversation_id = new_id()
        self.model_id = MODEL_ID

    def start(self, question: str, *, keep: int | None = None, version: int | None = None) -> Started:
        """Ask with the version that the store has, or another."""
        seen = self.now().version if version is None else version
        choice = Choice(self.model_id, 0.3, 100)
        return self.turns.start(Request(self.user_id, self.conversation_id, seen, question, choice, keep))

    def ask(self, question: str, *, keep: int | None = None) -> Conversation:
        """Ask, wait for the answer to be stored, and read the conversation."""
        assert self.start(question, keep=keep).answer.done.wait(DEADLINE)
        return self.now()

    def settle(self) -> None:
        """Wait until nothing runs any more, as a server does that shuts down."""
        assert self.running.wait_idle(DEADLINE)

    def now(self) -> Conversation:
        """The conversation as it is stored."""
        stored = self.store.page(self.user_id, self.conversation_id, turns=10_000, most_bytes=10**9)
        return stored or Conversation(self.conversation_id)


@pytest.fixture
def chatting(dynamodb: Any, table: str, store: Conversations, models: Models) -> Chatting:
    """A user without any limit of tokens."""
    running = Running()
    return Chatting(Turns(store, Budget(Table(dynamodb, table), 0), models, running, METRICS), store, running)
