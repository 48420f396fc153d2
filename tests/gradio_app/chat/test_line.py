"""A call to the model ends wherever it stands, over TLS as in AWS, and takes nothing else along."""

import threading
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from gradio_app.chat.model import Choice, Models, ModelStream
from tests.gradio_app.chatting import DEADLINE, MODEL_ID, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.security.certificates import make_certificate


def over(scheme: str, fake: FakeBedrock, folder: Path) -> Any:
    """A client that has room for one connection, so that each call meets that of the one before."""
    certificate = make_certificate(folder)
    if scheme == "https":
        fake.speak_tls(certificate.chain, certificate.key)
    return boto3.client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=fake.endpoint_url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        verify=str(certificate.authority),
        config=Config(read_timeout=60, max_pool_connections=1, retries={"total_max_attempts": 1}),
    )


@pytest.fixture(params=["http", "https"])
def models(request: pytest.FixtureRequest, fake: FakeBedrock, tmp_path: Path) -> Models:
    client = over(request.param, fake, tmp_path)
    return Models(client, client)


class Reader:
    """A thread that reads an answer to its end."""

    def __init__(self, stream: ModelStream) -> None:
        self.stream = stream
        self.text = ""
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            for piece in self.stream.pieces():
                self.text += piece.text
        except Exception as error:  # noqa: BLE001 (the test looks at it)
            self.error = error

    def ends(self) -> None:
        """Before any time-out."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()


def ask(models: Models, question: str) -> Reader:
    return Reader(models.stream(Choice(MODEL_ID, 0.3, 50), "be brief", [("human", question)]))


def test_calls_are_cut_one_after_the_other(models: Models, fake: FakeBedrock) -> None:
    for question in ("hang", "silence", "endless", "silence", "hang", "endless"):
        fake.hang_up.clear()
        before = len(fake.requests)
        reader = ask(models, question)
        until(lambda: len(fake.requests) > before)  # noqa: B023
        until(lambda: question == "hang" or reader.text)  # noqa: B023
        reader.stream.abort()
        reader.ends()
        assert reader.error
        assert fake.hang_up.wait(DEADLINE)
        whole = ask(models, "answer: all of it")
        whole.ends()
        assert (whole.text, whole.error) == ("all of it", None)


def test_a_late_cut_leaves_the_next_call_on_the_same_connection_alone(
    models: Models, fake: FakeBedrock
) -> None:
    first = ask(models, "answer: first")
    first.ends()
    second = ask(models, "hold")
    until(lambda: second.text)
    first.stream.abort()
    fake.go_on.set()
    second.ends()
    assert (second.text, second.error) == ("first words and the rest", None)


def test_a_call_that_was_cut_before_it_began_sends_nothing(models: Models, fake: FakeBedrock) -> None:
    stream = models.stream(Choice(MODEL_ID, 0.3, 50), "be brief", [("human", "answer: no")])
    stream.abort()
    reader = Reader(stream)
    reader.ends()
    assert reader.error
    assert fake.requests == []


def test_a_client_without_connections_stays_as_it_is() -> None:
    class Fake:
        """As in tests that never call a model."""

    client: Any = Fake()
    assert Models(client, client).runtime is client
