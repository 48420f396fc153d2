"""Finding what was said, against DynamoDB as the emulator plays it in the process."""

import time
from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.conversations import words
from gradio_app.store import said as said_store
from gradio_app.store import schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.said import Said
from gradio_app.store.table import Table
from tests.gradio_app.in_process import InProcess

SOON = 2**33


class Talks:
    """A person's conversations, and what a search finds in them."""

    def __init__(self) -> None:
        self.client = InProcess(f"said-{uuid4().hex}")
        self.table = Table(self.client, self.client.table_name)
        self.store = Conversations(self.table)
        self.said = Said(self.table)

    def say(
        self, question: str, answer: str = "", conversation_id: str = "", user_id: str = "ana", **how: int
    ) -> str:
        """Ask and answer; the conversation."""
        conversation_id = conversation_id or new_id()
        seen = self.store.page(user_id, conversation_id) or Conversation(conversation_id)
        number = self.store.ask(user_id, seen, question, replaces=how.get("replaces"))
        if answer:
            self.store.answer(user_id, conversation_id, number, "me", Answer(plain(answer)))
        return conversation_id

    def read(self, user_id: str = "ana") -> None:
        for _ in self.said.catch_up(user_id):
            pass

    def find(self, typed: str, user_id: str = "ana", most: int = 20) -> list[str]:
        self.read(user_id)
        return [found.conversation_id for found in self.said.find(user_id, words.asked(typed), most)]

    def kept(self, user_id: str = "ana") -> set[str]:
        """The kinds of items that search has of a person, besides how far it is."""
        keys = self.table.sort_keys(schema.said(user_id), "")
        return {key.partition("#")[0] for key in keys if key != schema.SAID}


@pytest.fixture
def talks() -> Talks:
    return Talks()


def test_titles_questions_and_answers_are_found_by_the_beginnings_of_words(talks: Talks) -> None:
    one = talks.say("¿Dónde hay un buen café en Málaga?", "Prueba **Casa Aranda**, junto al mercado.")
    two = talks.say("Error ORA-00942 en Oracle", "La tabla no existe.")
    for typed in ("cafe", "CAF", "donde malaga", "aranda mer", "mála cafe juntó", "hay "):
        assert talks.find(typed) == [one], typed
    for typed in ("ora-00942", "00942", "tab exis"):
        assert talks.find(typed) == [two], typed
    assert talks.find("en") == [two, one]
    for typed in ("afe", "cafe tabla", "nothing", "", " . "):
        assert talks.find(typed) == [], typed
    talks.store.rename("ana", two, "Bases de datos")
    assert talks.find("base datos") == [two]
    assert talks.find("ora-00942") == [two]


def test_text_without_blanks_is_found(talks: Talks) -> None:
    one = talks.say("東京都の天気は?", "晴れです。")
    for typed in ("東京", "京都", "京", "天気は"):
        assert talks.find(typed) == [one], typed
    assert talks.find("大阪") == []


def test_what_was_said_since_and_in_every_version_is_found(
    talks: Talks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(said_store, "TURNS", 2)
    one = talks.say("first apple", "yes")
    assert talks.find("apple") == [one]
    for fruit in ("pear", "plum", "cherry"):
        talks.say(fruit, "yes", one)
        assert talks.find(fruit) == [one]
    turns = talks.store.page("ana", one).turns  # pyright: ignore[reportOptionalMemberAccess]
    talks.say("second apple", "a new branch", one, replaces=turns[0].number)
    talks.say("grape", "on it", one)
    for typed in ("first", "second", "branch grape", "plum", "apple cherry"):
        assert talks.find(typed) == [one], typed
    [found] = talks.said.find("ana", ["second"], 5)
    turn, role = found.places[0]
    assert (schema.is_branched(turn), role) == (True, "user")


def test_an_answer_is_read_when_it_is_whole(talks: Talks) -> None:
    one = new_id()
    number = talks.store.ask(
        "ana", Conversation(one), "a question", holder="me", lease_until=int(time.time()) + 60
    )
    talks.store.write("ana", one, number, "me", "half an ans", int(time.time()) + 60)
    assert talks.find("half") == []
    talks.store.answer("ana", one, number, "me", Answer(plain("a whole answer")))
    assert talks.find("whole") == [one]
    assert talks.find("half") == []


def test_an_answer_that_went_on_is_read_once_more(talks: Talks) -> None:
    one = talks.say("tell", "it begins")
    assert talks.find("begins") == [one]
    seen = talks.store.page("ana", one)
    assert seen
    version = talks.store.resume("ana", seen, seen.last, holder="me", lease_until=int(time.time()) + 60)
    assert talks.find("begins") == [one]
    before = Answer(plain("it begins"))
    after = Answer(plain("it begins and comes to its conclusion"))
    talks.store.answer("ana", one, seen.last, "me", after, version, before)
    assert talks.find("conclusion") == [one]


def test_a_turn_that_is_taken_back_is_found_no_more(talks: Talks) -> None:
    one = talks.say("stays here", "yes")
    talks.say("goes away", "secret", one)
    assert talks.find("secret") == [one]
    seen = talks.store.page("ana", one)
    assert seen
    talks.store.undo("ana", seen, seen.last)
    assert talks.find("secret") == []
    assert talks.find("stays") == [one]
    talks.say("unanswered", "", one)
    assert talks.find("unanswered") == [one]
    last = talks.store.page("ana", one)
    assert last
    talks.say("unanswered", "asked again", one, replaces=last.last)
    assert talks.find("again unansw") == [one]
    assert talks.table.sort_keys(schema.said("ana"), f"{schema.WORD}secret#") == []


def test_nothing_is_left_of_a_deleted_conversation(talks: Talks) -> None:
    one, other = talks.say("secret plans", "many words"), talks.say("hers", "secret", user_id="berta")
    assert talks.find("secret") == [one]
    assert talks.find("secret", "berta") == [other]
    talks.store.delete("ana", one)
    assert talks.said.find("ana", ["secret"], 5) == []
    assert talks.find("secret") == []
    assert talks.kept() == set()
    assert talks.find("secret", "berta") == [other]


def test_words_that_are_written_while_it_is_deleted_go_too(talks: Talks) -> None:
    one = talks.say("secret plans", "many words")
    reading = talks.said.catch_up("ana")
    next(reading)
    deleted_in_between(talks, one)
    for _ in reading:
        pass
    assert talks.find("secret") == []
    assert talks.kept() == set()


def deleted_in_between(talks: Talks, conversation_id: str) -> None:
    """Delete it, and write a word as a task would that read it before and dies now."""
    talks.store.delete("ana", conversation_id)
    key = schema.said_word("secret", conversation_id, 1)
    stretch = {"sk": schema.stretch(conversation_id, 1), "last": 1, "words": "secret"}
    talks.table.put({"pk": schema.said("ana"), "sk": key, "places": "1:0"})
    talks.table.put({"pk": schema.said("ana"), **stretch})


def cost(talks: Talks, work: Callable[[], object]) -> tuple[int, int]:
    """Calls, and items that they read."""
    talks.client.calls.clear()
    talks.client.items_read = 0
    work()
    return len(talks.client.calls), talks.client.items_read


def long_ago(talks: Talks, conversation_id: str, number: int) -> None:
    talks.table.update(
        schema.person("ana"), schema.conversation(conversation_id), {"updated_at": 10**9 + number}
    )


@pytest.mark.slow
def test_a_search_costs_the_same_however_much_there_is(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_store, "READ", 4)
    monkeypatch.setattr(said_store, "LISTED", 8)
    monkeypatch.setattr(said_store, "LAG_SECONDS", 0)
    for number in range(12):
        long_ago(talks, talks.say(f"common words in {number}", f"rare{number} and common"), number)
    talks.read()
    search = partial(talks.find, "common rare5 words")
    assert len(search()) == 1, "what only one of them has is found among all"
    few = cost(talks, search)
    for number in range(12, 40):
        long_ago(talks, talks.say(f"common words in {number}", f"rare{number} and common"), number)
    talks.read()
    assert cost(talks, search) == few
    assert few[0] <= 8


def test_what_is_said_costs_nobody_a_call_who_does_not_search(talks: Talks) -> None:
    one = talks.say("first", "yes")
    talks.client.calls.clear()
    talks.say("second", "yes", one)
    assert not [request for _, request in talks.client.calls if "SAID#" in str(request)]


def test_reading_goes_on_where_it_ended(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_store, "LISTED", 2)
    ids = [talks.say(f"about {number}", "yes") for number in range(7)]
    reading = talks.said.catch_up("ana")
    for _ in range(3):
        next(reading)
    reading.close()
    calls, _ = cost(talks, talks.read)
    assert set(talks.find("about")) == set(ids)
    assert cost(talks, talks.read)[0] < calls


def test_long_texts_and_many_words_are_bounded(talks: Talks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(said_store, "WORDS_BYTES", 100)
    one = talks.say(" ".join(f"word{number}" for number in range(1000)), "zebra")
    assert talks.find("word1") == [one]
    stretches = talks.table.query(schema.said("ana"), prefix=schema.stretch(one))
    assert all(len(each["words"]) <= 100 for each in stretches)


def test_an_interrupted_answer_is_read_as_it_is(talks: Talks) -> None:
    one = new_id()
    number = talks.store.ask("ana", Conversation(one), "q", holder="me", lease_until=int(time.time()) - 60)
    talks.store.write("ana", one, number, "me", "cut off here", int(time.time()) - 60)
    assert talks.find("cut off") == [one]
