"""What the page's events answer is compressed on the wire, and each word of an answer still comes at once."""

import json
import zlib
from collections.abc import Iterator

import httpx
import pytest

from gradio_app.chat.conversation import new_id
from tests.gradio_app.chatting import DEADLINE
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import site
from tests.security.chat_api import ChatClient, told

__all__ = ["site"]

pytestmark = pytest.mark.slow

DATA = "/gradio_api/queue/data"
WORDS = " ".join(f"word{number}" for number in range(200))


@pytest.fixture
def ana(site: str) -> Iterator[ChatClient]:
    with httpx.Client(base_url=site, timeout=DEADLINE, headers={"sec-fetch-site": "same-origin"}) as http:
        yield ChatClient(http)


def test_the_first_words_are_there_while_the_model_still_writes(ana: ChatClient, fake: FakeBedrock) -> None:
    conversation_id = new_id()
    assert told(ana.start(conversation_id, "hold"))["taken"]
    ana.follow(conversation_id)
    unzipped, said = zlib.decompressobj(31), b""
    with ana.http.stream("GET", DATA, params={"session_hash": ana.session_hash}) as stream:
        assert stream.headers["content-encoding"] == "gzip"
        assert "content-length" not in stream.headers
        for part in stream.iter_raw():
            said += unzipped.decompress(part)
            if b"first words" in said:
                fake.go_on.set()
    assert b"and the rest" in said
    assert unzipped.eof


def test_a_long_answer_takes_a_fraction_of_its_bytes(ana: ChatClient) -> None:
    conversation_id = new_id()
    assert told(ana.start(conversation_id, f"answer: {WORDS}"))["taken"]
    ana.follow(conversation_id)
    with ana.http.stream("GET", DATA, params={"session_hash": ana.session_hash}) as stream:
        said = stream.read()
        assert stream.num_bytes_downloaded < len(said) / 2
    settle = ana.event("settle")
    settled = ana.send(settle, ana.data(settle, text=conversation_id))
    assert settled.headers["content-encoding"] == "gzip"
    assert "word199" in json.dumps(settled.json())
    assert settled.num_bytes_downloaded < len(settled.content) / 2


def test_who_cannot_read_gzip_gets_events_as_they_are(ana: ChatClient) -> None:
    ana.http.headers["accept-encoding"] = "identity"
    conversation_id = new_id()
    asked = ana.start(conversation_id, "answer: hello")
    assert told(asked)["taken"]
    ana.follow(conversation_id)
    assert "hello" in ana.stream()
    settle = ana.event("settle")
    settled = ana.send(settle, ana.data(settle, text=conversation_id))
    assert "content-encoding" not in settled.headers
    assert int(settled.headers["content-length"]) == len(settled.content)
