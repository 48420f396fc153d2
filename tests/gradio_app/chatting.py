"""A table in the emulator, a Bedrock that misbehaves on request, and the chat's parts over both."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from gradio_app.chat import answering, preparing, summaries, writing
from gradio_app.chat.conversation import Answer, Conversation, new_id
from gradio_app.chat.instructing import Instructing
from gradio_app.chat.lookup import Documents
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.running import Running
from gradio_app.chat.turns import Started, TurnRequest, Turns
from gradio_app.store.bucket import Bucket
from gradio_app.store.chat_table import ChatTable
from gradio_app.store.conversations import Conversations
from gradio_app.store.files import AttachedFiles
from gradio_app.store.preferences import Preferences
from gradio_app.store.table import Table
from gradio_app.store.temporary import Temporaries
from gradio_app.store.usage import Usage
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.tables import create_table

MODEL_ID = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
METRICS = Metrics("test")
DEADLINE = 60.0
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
def s3() -> FakeS3:
    """A client of an empty bucket in memory."""
    return FakeS3()


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


def until(condition: Callable[[], object]) -> None:
    """Wait until it comes true; fails at the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.01)


class Chatting:
    """A user who talks to the model through `Turns`, as the page does."""

    def __init__(self, turns: Turns, store: Conversations, running: Running) -> None:
        self.turns = turns
        self.store = store
        self.running = running
        self.user_id = "ana"
        self.conversation_id = new_id()
        self.model_id = MODEL_ID

    def request(self, question: str, **others: Any) -> TurnRequest:
        """What the page would ask for, having seen what the store has."""
        choice = Choice(self.model_id, 0.3, 100)
        asked = TurnRequest(self.user_id, self.conversation_id, self.now().version, question, choice)
        return replace(asked, **others)

    def start(self, question: str, **others: Any) -> Started:
        """Ask, and go on as soon as the question is stored."""
        return self.turns.start(self.turns.admit(self.request(question, **others)))

    def ask(self, question: str, **others: Any) -> Conversation:
        """Ask, wait for the answer to be stored and paid, and read the conversation."""
        assert self.start(question, **others).answer.done.wait(DEADLINE)
        until(lambda: self.running.is_idle)
        return self.now()

    def last(self) -> Answer:
        """The last answer as it is stored."""
        answer = self.now().turns[-1].answer
        assert answer is not None
        return answer

    def settle(self) -> None:
        """Wait until nothing runs any more."""
        until(lambda: self.running.is_idle)

    def now(self) -> Conversation:
        """The conversation as it is stored."""
        stored = self.store.page(self.user_id, self.conversation_id, turns=10_000, most_bytes=10**9)
        return stored or Conversation(self.conversation_id)


def make_chatting(
    client: Any,
    table: str,
    models: Models,
    budget: int = 0,
    running: Running | None = None,
    metrics: Metrics = METRICS,
    s3: Any = None,
    documents: Documents | None = None,
    *,
    instructing: Instructing | None = None,
    rewords: bool = False,
    names: bool = False,
    temporaries: Temporaries | None = None,
) -> Chatting:
    """A user of a task of its own, with so many tokens a day; 0 is no limit. Files lie in `s3`."""
    core, running = Table(client, table), running or Running()
    files = AttachedFiles(core, Bucket(s3 or FakeS3(), "files"))
    store = Conversations(ChatTable(core, temporaries or Temporaries()), files)
    turns = Turns(
        store,
        Usage(core, budget),
        Preferences(core),
        models,
        running,
        metrics,
        files,
        documents,
        instructing=instructing,
        rewords=rewords,
        names=names,
    )
    return Chatting(turns, store, running)


def give_room(monkeypatch: pytest.MonkeyPatch, tokens: int) -> None:
    """Have every model take so many tokens of a conversation, so that a few turns fill it."""
    for module in (preparing, answering, writing, summaries):
        monkeypatch.setattr(module, "context_tokens", lambda _: tokens)


@pytest.fixture
def chatting(dynamodb: Any, table: str, models: Models) -> Chatting:
    """A user without any limit of tokens."""
    return make_chatting(dynamodb, table, models)
