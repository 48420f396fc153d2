"""Questions that the model words anew before documents are searched: when, as what, and what goes wrong."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gradio_app.chat import budget, lookup, other_words, rewording
from gradio_app.chat.conversation import COMPLETE, STOPPED
from gradio_app.chat.model import Models
from gradio_app.chat.searching import fused
from gradio_app.chat.sources import Source
from gradio_app.library.ports import EmbeddingBusyError
from gradio_app.store.table import Table
from tests.gradio_app.asked import QUESTION_TOKENS, Asked, own
from tests.gradio_app.chatting import Chatting, bedrock_client, make_chatting, until
from tests.gradio_app.fake_bedrock import FakeBedrock, asks_for_words

pytestmark = pytest.mark.slow

MODEL = "us.amazon.nova-lite-v1:0"
FIRST = "answer: The battery of the Heron drone lasts for ten hours."
FOLLOW_UP = "and what does that cost"
IN_ITS_TALK = f"{FIRST} {FOLLOW_UP}"
WORDED = "What is the price of the Heron drone's battery"
EVERYDAY = "What is there for all of them and the box when it hums and hums and hums?"
SMALL_WORDS = "\n\n".join(f"What is there for all of them and {number}, and when" for number in range(20))
"""They are near to the question, and nothing is looked up by them."""
TERMS = "refrigerator noise, compressor"


def passage(text: str, number: int) -> Source:
    return Source("user-ana", "a" * 64, number, "Handbook.pdf", "pdf", text, heading="Prices")


def test_both_rankings_have_their_best_in_front() -> None:
    worded, asked = [passage("w", number) for number in range(3)], [passage("a", number) for number in (5, 6)]
    both = passage("both", 9)
    assert fused([*worded, both], [*asked, both]) == (
        both,
        worded[0],
        asked[0],
        worded[1],
        asked[1],
        worded[2],
    )


class Place:
    """A library with two documents, and somebody who has asked about the first."""

    def __init__(self, dynamodb: Any, table: str, models: Models, fake: FakeBedrock) -> None:
        self.asked, self.fake = Asked(dynamodb, table), fake
        self._table = Table(dynamodb, table)
        self._make: Callable[[int], Chatting] = lambda tokens: make_chatting(
            dynamodb, table, models, tokens, documents=self.asked.documents, rewords=True
        )
        self.ana = self.make()
        self.asked.add(own("ana"), "Handbook.md", "The battery of the Heron drone lasts for ten hours.")
        self.asked.add(own("ana"), "Prices.md", "The price of the battery of the Heron drone: 70 euros.")

    def make(self, tokens: int = 0) -> Chatting:
        chatting = self._make(tokens)
        chatting.model_id = MODEL
        return chatting

    def requests(self) -> list[dict[str, Any]]:
        """Those that ask for other words."""
        return [each for each in self.fake.requests if asks_for_words(each)]

    def spent(self) -> int:
        items = list(self._table.query("USER#ana", prefix="RESERVATION#"))
        assert items == [], "everything that was set aside is settled"
        [day] = list(self._table.query("USER#ana", prefix="USAGE#"))
        return day["tokens"]


@pytest.fixture
def place(dynamodb: Any, table: str, fake: FakeBedrock) -> Place:
    # What is left behind must end by being cut, long before the client gives it up.
    patient = [
        bedrock_client(name, fake.endpoint_url, read_timeout=600) for name in ("bedrock-runtime", "bedrock")
    ]
    models = Models(*patient)
    place = Place(dynamodb, table, models, fake)
    place.ana.ask(FIRST, asks="own")
    fake.rewordings = f"answer: {WORDED}"
    return place


def test_a_follow_up_is_searched_for_by_what_it_means_too(place: Place) -> None:
    place.ana.ask(FOLLOW_UP, asks="own")
    assert place.asked.embedder.asked == [FIRST, FOLLOW_UP, IN_ITS_TALK, WORDED]
    backing = place.ana.last().backing
    assert backing is not None
    assert backing.searched_for == WORDED
    told = place.fake.requests[-1]["messages"][-1]["content"][0]["text"]
    assert told.index("70 euros") < told.index("ten hours"), "what was meant comes first"
    assert told.endswith(FOLLOW_UP), "the question itself is as it was asked"
    [asked] = place.requests()
    assert "The battery of the Heron drone lasts" in str(asked), "the talk goes along"
    assert asked["inferenceConfig"]["maxTokens"] == rewording.OUTPUT_TOKENS


def test_a_question_by_itself_is_searched_for_as_it_is(place: Place) -> None:
    place.ana.ask("Which battery does the Heron drone of the handbook have?", asks="own")
    place.ana.ask("x " * 400 + FOLLOW_UP, asks="own")
    place.ana.ask(FOLLOW_UP)
    assert place.requests() == []
    backing = place.ana.now().turns[-2].answer
    assert backing is not None
    assert backing.backing is not None
    assert backing.backing.searched_for == ""


def test_in_the_documents_language_where_the_question_is_in_another(place: Place) -> None:
    place.fake.rewordings = "answer: ¿Cuánto cuesta la batería del dron?"
    for number in range(3):
        place.asked.add(
            own("ana"), f"{number}.md", f"La batería {number} del dron que se vende con el Heron."
        )
    place.ana.conversation_id = "0" * 32
    place.ana.ask("What is the price of the batería for a dron that I can buy?", asks="own")
    [asked] = place.requests()
    text = asked["messages"][-1]["content"][0]["text"]
    assert "in Spanish" in text
    assert "Part" in text, "with the headings of what was found"
    assert "<conversation>" not in text
    assert place.asked.embedder.asked[-1] == "¿Cuánto cuesta la batería del dron?"


def test_everyday_words_are_searched_for_with_the_documents_terms_too(place: Place) -> None:
    place.fake.rewordings = "answer: refrigerator noise, compressor, refrigerator noise"
    place.asked.add(own("ana"), "House.md", SMALL_WORDS)
    place.asked.add(own("ana"), "Kitchen.md", "Refrigerator noise comes of a worn compressor.")
    place.ana.conversation_id = "0" * 32
    place.ana.ask(EVERYDAY, asks="own")
    assert place.asked.embedder.asked[-2:] == [EVERYDAY, f"{EVERYDAY} {TERMS}"]
    backing = place.ana.last().backing
    assert backing is not None
    assert backing.searched_for == TERMS
    told = place.fake.requests[-1]["messages"][-1]["content"][0]["text"]
    assert told.index("worn compressor") < told.index("What is there"), "it is in front"
    [asked] = place.requests()
    messages = asked["messages"]
    assert [each["role"] for each in messages] == ["user", "assistant"] * 3 + ["user"]
    assert EVERYDAY in messages[-1]["content"][0]["text"]
    assert "House.md" in messages[-1]["content"][0]["text"]
    place.spent()  # all of it is settled


def test_it_is_paid_for_once_like_all_the_rest(place: Place) -> None:
    place.fake.usage = lambda _, words: {
        "inputTokens": 100,
        "outputTokens": words,
        "totalTokens": 100 + words,
    }
    before = place.spent()
    place.ana.ask(FOLLOW_UP, asks="own")
    words = len(WORDED.split()) + len(f"echo {FOLLOW_UP}".split())
    assert place.spent() - before == 2 * 100 + words + 3 * QUESTION_TOKENS


def test_what_is_set_aside_is_enough_for_it_and_for_its_vector(place: Place) -> None:
    held: list[int] = []
    table = place._table
    place.asked.embedder.before = lambda: held.append(
        sum(item["tokens"] for item in table.query("USER#ana", prefix="RESERVATION#"))
    )
    place.ana.ask(FOLLOW_UP, asks="own")
    [asked] = place.requests()
    worded = budget.most_tokens(asked["messages"][-1]["content"][0]["text"])
    answered = budget.most_tokens(place.fake.requests[-1]["messages"][-1]["content"][0]["text"])
    assert held[0] >= answered + sum(map(lookup.most_tokens, (FOLLOW_UP, IN_ITS_TALK, WORDED)))
    assert worded < other_words.QUESTION_CHARACTERS * 4


def test_without_tokens_for_it_the_question_is_searched_for_itself(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    asks = [item["tokens"] for item in _reserved_by(place)]
    frugal = place.make(place.spent() + asks[0] + 400)
    frugal.conversation_id = place.ana.conversation_id
    with caplog.at_level(logging.INFO):
        frugal.ask(FOLLOW_UP, asks="own")
    assert (frugal.last().status, len(place.requests())) == (COMPLETE, 1)
    assert "no tokens left" in caplog.text


def _reserved_by(place: Place) -> list[dict[str, Any]]:
    """What a follow-up sets aside for its answer, before anything is worded anew."""
    found: list[dict[str, Any]] = []
    table = place._table
    place.asked.embedder.before = lambda: found.extend(table.query("USER#ana", prefix="RESERVATION#"))
    place.ana.ask(FOLLOW_UP, asks="own")
    place.asked.embedder.before = lambda: None
    return found


@pytest.mark.parametrize(
    ("trouble", "logged"),
    [
        ("throttle", "throttled"),
        ("deny", "denied"),
        ("odd", "refused"),
        ("down", "unavailable"),
        ("break", "cut"),
        ("cut", "cut"),
        ("nothing", "of no use"),
        ("long", "of no use: it was cut"),
        ("answer: one\ntwo", "of no use"),
        ("huge", "of no use"),
    ],
)
def test_whatever_goes_wrong_the_question_itself_is_answered(
    place: Place, caplog: pytest.LogCaptureFixture, trouble: str, logged: str
) -> None:
    place.fake.rewordings = trouble
    place.ana.ask(FOLLOW_UP, asks="own")
    answer = place.ana.last()
    assert (answer.status, answer.text, len(place.requests())) == (COMPLETE, f"echo {FOLLOW_UP}", 1)
    assert answer.backing is not None
    assert answer.backing.searched_for == ""
    assert place.asked.embedder.asked == [FIRST, FOLLOW_UP, IN_ITS_TALK]
    assert logged in caplog.text
    assert WORDED not in caplog.text
    assert place.spent() > 0


@pytest.mark.parametrize("failing", [{WORDED}, {WORDED, IN_ITS_TALK}])
def test_a_search_for_other_words_that_fails_leaves_the_first_one(place: Place, failing: set[str]) -> None:
    def fail() -> None:
        if place.asked.embedder.asked[-1] in failing:
            raise EmbeddingBusyError("throttled")

    place.asked.embedder.before = fail
    place.ana.ask(FOLLOW_UP, asks="own")
    answer = place.ana.last()
    assert (answer.status, answer.text) == (COMPLETE, f"echo {FOLLOW_UP}")
    assert answer.backing is not None
    assert answer.backing.searched_for == ""


@pytest.mark.parametrize("trouble", ["hang", "silence"])
def test_a_stop_ends_it_at_once_and_it_is_settled(place: Place, trouble: str) -> None:
    place.fake.rewordings = trouble
    started = place.ana.start(FOLLOW_UP, asks="own")
    until(place.requests)
    place.ana.turns.stop("ana", place.ana.conversation_id)
    assert started.answer.done.wait(10)
    assert place.ana.last().status == STOPPED
    place.ana.settle()
    until(place.fake.hang_up.is_set)
    assert len(place.fake.requests) == 2, "the model is not asked for an answer"
    assert place.spent() > 0


def test_one_that_takes_too_long_is_left_behind(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(rewording, "SECONDS", 0.2)
    place.fake.rewordings = "hang"
    place.ana.ask(FOLLOW_UP, asks="own")
    assert (place.ana.last().status, place.ana.last().text) == (COMPLETE, f"echo {FOLLOW_UP}")
    assert "took too long" in caplog.text
    place.ana.settle()
    assert place.spent() > 0


def test_by_parameter_nothing_is_worded_anew(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    asked = Asked(dynamodb, table)
    asked.add(own("ana"), "Handbook.md", "The battery lasts for ten hours.")
    ana = make_chatting(dynamodb, table, models, documents=asked.documents)
    for question in (FIRST, FOLLOW_UP):
        ana.ask(question, asks="own")
    assert asked.embedder.asked == [FIRST, FOLLOW_UP, IN_ITS_TALK]
    assert len(fake.requests) == 2


def test_a_shutdown_waits_for_no_other_words(place: Place) -> None:
    looked = threading.Event()
    place.asked.embedder.before = lambda: (looked.set(), place.fake.go_on.wait(30))
    place.ana.start(FOLLOW_UP, asks="own")
    assert looked.wait(30)
    waiting = threading.Thread(target=place.ana.running.close, args=[60])
    waiting.start()
    until(lambda: place.ana.running.draining)
    place.fake.go_on.set()
    waiting.join(60)
    assert (place.ana.last().status, place.requests()) == (COMPLETE, [])
