"""What the chat refuses although no page would send it, and how much of it one user may have."""

import json
import secrets
import time
from collections.abc import Callable, Iterator

import pytest

from gradio_app.chat.turns import ANSWERS_AT_ONCE, QUESTION_CHARACTERS
from tests.gradio_app.chat.fake_bedrock import FakeBedrock
from tests.security.chat_api import ChatClient
from tests.security.site import DEADLINE, Site

QUESTION, INDEX, CONVERSATION, VERSION, MODEL, TEMPERATURE, MAX_TOKENS = range(7)
"""Where the values stand in the event that asks."""


@pytest.fixture
def ana(site: Site) -> ChatClient:
    site.add_user("ana@example.com")
    return ChatClient(site.client("ana@example.com"))


@pytest.fixture
def held(fake: FakeBedrock) -> Iterator[FakeBedrock]:
    """A model whose answers wait until the test is over."""
    fake.requests.clear()
    fake.go_on.clear()
    yield fake
    fake.go_on.set()


@pytest.mark.asvs("2.2.1", "2.2.2")
@pytest.mark.parametrize(
    ("position", "value"),
    [
        (QUESTION, "x" * (QUESTION_CHARACTERS + 1)),
        (QUESTION, None),
        (INDEX, None),
        (INDEX, "0; DROP TABLE"),
        (CONVERSATION, "../../etc/passwd"),
        (CONVERSATION, ""),
        (CONVERSATION, "0" * 33),
        (CONVERSATION, ["0" * 32]),
        (VERSION, "first"),
        (MODEL, "us.somebody-elses-model-v1:0"),
        (MODEL, ["us.amazon.nova-lite-v1:0"]),
        (MODEL, None),
        (TEMPERATURE, -0.1),
        (TEMPERATURE, 1.1),
        (TEMPERATURE, "hot"),
        (TEMPERATURE, None),
        (MAX_TOKENS, 0),
        (MAX_TOKENS, 101),
        (MAX_TOKENS, 10**12),
        (MAX_TOKENS, None),
    ],
)
def test_a_value_that_the_page_never_offers_reaches_no_model(
    ana: ChatClient, fake: FakeBedrock, position: int, value: object
) -> None:
    fake.requests.clear()
    event = ana.event("answer")
    data = ana.data(event, text=secrets.token_hex(16))
    data[QUESTION], data[INDEX] = "answer: hello", -1
    data[position] = value
    answer = ana.send(event, data)
    if answer.status_code == 200:
        said = ana.stream()
        assert "Traceback" not in said
        assert "gradio_app" not in said
    assert fake.requests == []


@pytest.mark.asvs("2.2.1")
def test_what_it_takes_reaches_the_model(ana: ChatClient, fake: FakeBedrock) -> None:
    """The counterpart: without it, the test above would pass if nothing ever reached the model."""
    fake.requests.clear()
    assert "hello" in ana.ask(secrets.token_hex(16), "answer: hello")
    assert len(fake.requests) == 1


@pytest.mark.asvs("2.4.1", "15.2.2")
def test_one_answer_more_than_a_user_may_have_at_once_is_refused(ana: ChatClient, held: FakeBedrock) -> None:
    for _ in range(ANSWERS_AT_ONCE):
        ask_and_go_on(ana, "hold")
    until(lambda: len(held.requests) == ANSWERS_AT_ONCE)
    tab = ChatClient(ana.http)  # another tab: its stream holds no answer that waits
    said = tab.ask(secrets.token_hex(16), "hold")
    assert "process_completed" in said
    assert len(held.requests) == ANSWERS_AT_ONCE


def ask_and_go_on(user: ChatClient, question: str) -> None:
    """Ask in a new conversation and do not wait."""
    event = user.event("answer")
    data = user.data(event, text=secrets.token_hex(16))
    data[QUESTION], data[INDEX] = question, -1
    answer = user.send(event, data)
    assert json.loads(answer.text)["event_id"]


def until(condition: Callable[[], object]) -> None:
    """Wait until it comes true; fails at the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.01)
