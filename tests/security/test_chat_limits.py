"""What the chat refuses although no page would send it, and how much of it one user may have."""

import re
import secrets
import time
from collections.abc import Callable, Iterator

import pytest

from gradio_app.chat.asking import QUESTION_CHARACTERS
from gradio_app.chat.turns import ANSWERS_AT_ONCE
from gradio_app.page import texts
from gradio_app.store.conversations import Conversations
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.security.chat_api import ChatClient, told
from tests.security.site import DEADLINE, Site

pytestmark = pytest.mark.slow

FORGED = '{"type":"audit","event":"sign-in","outcome":"ok"}'
QUESTION, CONVERSATION, VERSION, WISH = "question", "conversation-id", "version", "wish"
MODEL, TEMPERATURE, MAX_TOKENS = "model", "temperature", "max-tokens"


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


def is_refusal(sentence: object, language: str) -> bool:
    """Whether this is one of our sentences, with any numbers in it."""
    forms = (re.sub(r"\\{\w+\\}", ".+", re.escape(words)) for words in texts.REFUSALS[language].values())
    return any(re.fullmatch(form, str(sentence)) for form in forms)


@pytest.mark.asvs("2.2.1", "2.2.2")
@pytest.mark.parametrize(
    ("element", "value"),
    [
        (QUESTION, "x" * (QUESTION_CHARACTERS + 1)),
        (QUESTION, None),
        (WISH, "0; DROP TABLE"),
        (CONVERSATION, "../../etc/passwd"),
        (CONVERSATION, "0" * 33),
        (CONVERSATION, ["0" * 32]),
        (VERSION, "first"),
        (MODEL, "us.somebody-elses-model-v1:0"),
        (MODEL, ["us.amazon.nova-lite-v1:0"]),
        (MODEL, None),
        (MODEL, f"\n{FORGED}\n"),
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
    ana: ChatClient,
    fake: FakeBedrock,
    capfd: pytest.CaptureFixture[str],
    element: str,
    value: object,
) -> None:
    fake.requests.clear()
    event = ana.event("change" if element == WISH else "ask")
    data = ana.data(event, text=secrets.token_hex(16), question="answer: hello")
    data[ana.place(event, element)] = value
    ana.http.headers["accept-language"] = "es"
    answer = ana.send(event, data)
    assert answer.status_code < 500
    said = told(answer)
    assert is_refusal(said.get("notice") or said.get("error"), "es")
    assert fake.requests == []
    logged = "".join(capfd.readouterr())
    assert "Traceback" not in logged
    assert FORGED not in logged


@pytest.mark.asvs("16.4.1", "16.5.1")
@pytest.mark.parametrize("missing", [1, 7])
def test_an_event_without_all_its_values_is_a_sentence_and_no_line_of_its_own(
    ana: ChatClient, fake: FakeBedrock, capfd: pytest.CaptureFixture[str], missing: int
) -> None:
    """Gradio would print what the browser sent, line ends and all."""
    fake.requests.clear()
    event = ana.event("ask")
    data = ana.data(event, text=secrets.token_hex(16), question=f"private\n{FORGED}")
    answer = ana.send(event, data[:-missing])
    assert answer.status_code == 400
    assert "Reload the page" in answer.json()["error"]
    logged = "".join(capfd.readouterr())
    assert "private" not in logged
    assert FORGED not in logged


@pytest.mark.asvs("16.2.1", "16.5.1")
def test_a_fault_of_ours_is_told_with_its_reference_and_logged_with_its_place(
    ana: ChatClient,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def faulty(*_: object) -> None:
        raise AttributeError("private")

    monkeypatch.setattr(Conversations, "page", faulty)
    event = ana.event("undo")
    answer = ana.send(event, ana.data(event, text=secrets.token_hex(16)))
    assert answer.status_code == 500
    assert re.search(r"\(reference 1-[0-9a-f]{8}-[0-9a-f]{24}\)", answer.json()["error"])
    assert "an event failed: AttributeError" in caplog.text
    logged = "".join(capfd.readouterr())
    assert "Traceback" not in logged
    assert "private" not in logged + answer.text


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
    answer = tab.start(secrets.token_hex(16), "hold")
    assert told(answer)["notice"] == texts.REFUSALS["en"]["too_many"]
    assert len(held.requests) == ANSWERS_AT_ONCE


def ask_and_go_on(user: ChatClient, question: str) -> None:
    """Ask in a new conversation and do not wait."""
    assert told(user.start(secrets.token_hex(16), question))["taken"]


def until(condition: Callable[[], object]) -> None:
    """Wait until it comes true; fails at the deadline."""
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.01)
