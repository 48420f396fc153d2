"""The page of an answer without reading it again: the same as if it were read, or not at all."""

import time
from dataclasses import replace
from uuid import uuid4

import pytest

from gradio_app.chat.conversation import Answer, Conversation, Turn, new_id, plain
from gradio_app.chat.sources import Backing
from gradio_app.store.conversations import Conversations
from gradio_app.store.reading import PAGE_TURNS, page_with
from gradio_app.store.table import Table
from gradio_app.store.thumbs import Thumb, Thumbs
from tests.gradio_app.in_process import InProcess

ALL = 10**9


class Talk:
    """Ana's conversation."""

    def __init__(self) -> None:
        name = f"settled-{uuid4().hex}"
        self.table = Table(InProcess(name), name)
        self.store = Conversations(self.table)
        self.id = new_id()

    def read(self) -> Conversation:
        """As a turn does."""
        return self.store.to_ask("ana", self.id, ALL, ALL)[0]

    def page(self) -> Conversation:
        found = self.store.page("ana", self.id)
        assert found
        return found

    def ask(self, question: str, replaces: int | None = None) -> int:
        lease = int(time.time()) + 60
        return self.store.ask("ana", self.read(), question, replaces=replaces, holder="me", lease_until=lease)

    def turn(self, question: str) -> int:
        number = self.ask(question)
        self.store.answer("ana", self.id, number, "me", Answer(plain(f"answer to {question}")))
        return number


@pytest.fixture
def talk() -> Talk:
    return Talk()


def unanswered(page: Conversation) -> tuple[Turn, ...]:
    return (*page.turns[:-1], replace(page.turns[-1], answer=None, parent=0))


@pytest.mark.parametrize("turns", [0, 1, PAGE_TURNS - 1, PAGE_TURNS, PAGE_TURNS + 5])
def test_the_page_with_a_new_turn_is_what_would_be_read(talk: Talk, turns: int) -> None:
    for number in range(turns):
        talk.turn(f"question {number}")
    seen = talk.read()
    number = talk.ask("the last")
    known, read = page_with(seen, Turn(number, plain("the last"))), talk.page()
    assert known
    assert known.turns == unanswered(read)
    assert (known.version, known.last, known.has_earlier) == (read.version, read.last, read.has_earlier)


def test_where_not_all_of_the_page_was_read_it_is_not_known(talk: Talk) -> None:
    for number in range(4):
        talk.turn(f"question {number}")
    new = Turn(10**15, plain("new"))
    assert page_with(replace(talk.read(), has_earlier=True), new) is None, "a summary tells of the others"
    seen = talk.read()
    versioned = replace(seen.turns[-1], first=seen.turns[-1].number)
    assert page_with(replace(seen, turns=(*seen.turns[:-1], versioned)), new) is None
    backed = replace(seen.turns[-1], answer=Answer(plain("so"), backing=Backing()))
    assert page_with(replace(seen, turns=(*seen.turns[:-1], backed)), new) is None
    talk.ask("in other words", replaces=talk.page().last)
    assert page_with(talk.read(), new) is None, "a branch is shown"


def test_what_has_settled_is_what_would_be_read(talk: Talk) -> None:
    talk.turn("one")
    thumbed = talk.turn("two")
    last = talk.ask("three")
    followed = talk.page()
    talk.store.answer("ana", talk.id, last, "me", Answer(plain("answer to three"), input_tokens=7))
    turn = next(each for each in followed.turns if each.number == thumbed)
    Thumbs(talk.table).give("ana", talk.id, turn, None, Thumb(up=False))
    found = talk.store.settled("ana", followed)
    assert found == (talk.page(), {thumbed: False})


def test_where_turns_have_changed_nothing_has_settled(talk: Talk) -> None:
    talk.turn("one")
    followed = talk.page()
    talk.turn("by another tab")
    assert talk.store.settled("ana", followed) is None
    followed = talk.page()
    talk.store.delete("ana", talk.id)
    assert talk.store.settled("ana", followed) is None
