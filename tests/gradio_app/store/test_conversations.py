"""The store, against DynamoDB as the emulator plays it."""

import contextlib
from threading import Thread
from typing import Any

import pytest

from gradio_app.chat.conversation import (
    COMPLETE,
    WRITING,
    Answer,
    Conversation,
    new_id,
    plain,
    title_of,
    valid_id,
)
from gradio_app.store.conversations import Conversations
from gradio_app.store.messages import TEXT_BYTES, cut_to_bytes
from gradio_app.store.table import ConflictError, Table

pytestmark = pytest.mark.slow

ME = "me"
"""Whoever writes an answer."""
SOON = 2**33


def talk(store: Conversations, conversation_id: str, *questions: str, user_id: str = "ana") -> Conversation:
    """Ask each question and answer it with its capitals."""
    seen = read(store, conversation_id, user_id)
    for question in questions:
        number = store.ask(user_id, seen, question)
        whole = Answer(plain(question.upper()), input_tokens=10, output_tokens=2)
        store.answer(user_id, seen.id, number, ME, whole)
        seen = read(store, conversation_id, user_id)
    return seen


def read(store: Conversations, conversation_id: str, user_id: str = "ana") -> Conversation:
    whole = store.page(user_id, conversation_id, turns=10_000, most_bytes=10**9)
    return whole or Conversation(conversation_id)


def questions(conversation: Conversation) -> list[str]:
    return [turn.question_text for turn in conversation.turns]


def test_what_was_said_comes_back_in_order_with_its_totals(store: Conversations) -> None:
    seen = talk(store, new_id(), "one", "two")

    assert [(turn.question_text, turn.answer) for turn in seen.turns] == [
        ("one", Answer(plain("ONE"), COMPLETE, "", 10, 2)),
        ("two", Answer(plain("TWO"), COMPLETE, "", 10, 2)),
    ]
    assert [turn.parent for turn in seen.turns] == [0, seen.turns[0].number]
    assert (seen.title, seen.input_tokens, seen.output_tokens) == ("one", 20, 4)


def test_a_conversation_is_its_owners_only(store: Conversations) -> None:
    seen = talk(store, new_id(), "mine")

    assert store.head("berta", seen.id) is None
    assert store.headings("berta", None, 10) == []
    store.delete("berta", seen.id)
    assert questions(read(store, seen.id)) == ["mine"]
    with pytest.raises(ConflictError):
        store.rename("berta", seen.id, "hers")
    with pytest.raises(ConflictError):
        store.ask("berta", seen, "hers too")


@pytest.mark.parametrize("given", ["", "../x", "0" * 31, "g" * 32, "0" * 32 + "\n", "A" * 32, None, 7])
def test_what_is_no_id_reads_as_not_found(store: Conversations, given: Any) -> None:
    assert not valid_id(given)
    assert store.head("ana", given) is None
    assert store.page("ana", given) is None
    assert store.context("ana", given, 1) is None
    store.delete("ana", given)


def test_the_list_shows_what_changed_last_first_in_pages(
    store: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [new_id() for _ in range(5)]
    for second, number in enumerate([0, 1, 2, 3, 4, 1]):
        monkeypatch.setattr("gradio_app.store.conversations.time.time", lambda now=second: 1_000 + now)
        talk(store, ids[number], f"question {number}")

    pages: list[list[str]] = []
    after = None
    while page := store.headings("ana", after, 2):
        pages.append([heading.title for heading in page])
        after = page[-1].cursor
    assert pages == [["question 1", "question 4"], ["question 3", "question 2"], ["question 0"]]


def test_ids_sort_by_age() -> None:
    first, second = "0" * 12, new_id()
    assert first < second
    assert valid_id(second)
    assert len({new_id() for _ in range(1000)}) == 1000


def test_of_two_tabs_that_saw_the_same_one_wins(store: Conversations) -> None:
    seen = talk(store, new_id(), "one")
    store.ask("ana", seen, "from this tab")

    with pytest.raises(ConflictError):
        store.ask("ana", seen, "from that tab")
    with pytest.raises(ConflictError):
        store.undo("ana", seen, seen.turns[0].number)
    assert questions(read(store, seen.id)) == ["one", "from this tab"]


def test_of_many_at_the_same_moment_one_wins(store: Conversations) -> None:
    seen = talk(store, new_id(), "one")
    outcomes: list[object] = []

    def ask(number: int) -> None:
        try:
            outcomes.append(store.ask("ana", seen, f"question {number}"))
        except ConflictError as conflict:
            outcomes.append(conflict)

    threads = [Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(isinstance(outcome, int) for outcome in outcomes) == 1
    assert len(read(store, seen.id).turns) == 2


@pytest.mark.parametrize("looks", [True, False])
def test_a_late_answer_to_a_question_taken_back_is_dropped(store: Conversations, looks: bool) -> None:
    seen = talk(store, new_id(), "one")
    number = store.ask("ana", seen, "two", holder=ME, lease_until=SOON)
    store.undo("ana", read(store, seen.id), number)

    with pytest.raises(ConflictError):
        store.write("ana", seen.id, number, ME, "late", SOON, looks=looks)
    with pytest.raises(ConflictError):
        store.answer("ana", seen.id, number, ME, Answer(plain("late")))
    assert questions(read(store, seen.id)) == ["one"]
    with pytest.raises(ConflictError):
        store.undo("ana", read(store, seen.id), number)


def test_nothing_is_asked_or_answered_late_under_a_deleted_id(store: Conversations) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "one")
    store.delete("ana", conversation_id)

    with pytest.raises(ConflictError):
        store.answer("ana", conversation_id, number, ME, Answer(plain("late")))
    with pytest.raises(ConflictError):
        store.ask("ana", Conversation(conversation_id), "another")
    never_asked = new_id()
    store.delete("ana", never_asked)
    with pytest.raises(ConflictError):
        store.ask("ana", Conversation(never_asked), "on its way when it was deleted")


@pytest.mark.parametrize("looks", [True, False])
def test_a_checkpoint_is_replaced_by_the_whole_answer(store: Conversations, looks: bool) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "one", holder=ME, lease_until=5)
    assert read(store, conversation_id).turns[0].answer == Answer((), WRITING, lease_until=5)
    assert not store.write("ana", conversation_id, number, ME, "half", SOON, looks=looks)
    half = read(store, conversation_id).turns[0].answer
    assert half
    assert half == Answer(plain("half"), WRITING, lease_until=SOON)
    assert half.is_being_written(SOON - 1)
    assert not half.is_being_written(SOON)

    whole = Answer(plain("half and half"), input_tokens=3, output_tokens=4)
    for _ in range(2):  # whoever did not hear that it is stored stores it again
        store.answer("ana", conversation_id, number, ME, whole)
    seen = read(store, conversation_id)
    assert seen.turns[0].answer == whole
    assert (seen.input_tokens, seen.output_tokens) == (3, 4)
    with pytest.raises(ConflictError):
        store.write("ana", conversation_id, number, ME, "half", SOON, looks=looks)


@pytest.mark.parametrize("looks", [True, False])
def test_who_writes_hears_that_it_is_stopped(store: Conversations, looks: bool) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "one", holder=ME, lease_until=SOON)
    assert not store.write("ana", conversation_id, number, ME, "half", SOON, looks=looks)
    assert store.request_stop("ana", conversation_id, number)
    assert store.write("ana", conversation_id, number, ME, "half and more", SOON, looks=looks)
    assert read(store, conversation_id).turns[0].answer == Answer(plain("half"), WRITING, lease_until=SOON)


@pytest.mark.parametrize("looks", [True, False])
def test_only_whoever_holds_an_answer_writes_it(store: Conversations, looks: bool) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "one", holder=ME, lease_until=5)
    store.write("ana", conversation_id, number, ME, "half", SOON)
    with pytest.raises(ConflictError):
        store.write("ana", conversation_id, number, "another", "another's", SOON, looks=looks)
    with pytest.raises(ConflictError):
        store.answer("ana", conversation_id, number, "another", Answer(plain("another's")))
    assert read(store, conversation_id).turns[0].answer == Answer(plain("half"), WRITING, lease_until=SOON)


def test_a_summary_goes_when_a_turn_in_it_is_dropped(store: Conversations) -> None:
    seen = talk(store, new_id(), "one", "two", "three")
    store.summarize("ana", seen, seen.version, "one and two", seen.turns[1].number)
    seen = read(store, seen.id)
    assert (seen.summary, seen.summarized_to) == ("one and two", seen.turns[1].number)

    seen = store.undo("ana", seen, seen.turns[2].number)
    assert read(store, seen.id).summary == "one and two"
    seen = store.undo("ana", seen, seen.turns[1].number)
    assert (read(store, seen.id).summary, read(store, seen.id).summarized_to) == ("", 0)


def test_a_summary_of_an_older_state_is_dropped(store: Conversations) -> None:
    seen = talk(store, new_id(), "one", "two")
    with pytest.raises(ConflictError):
        store.summarize("ana", seen, seen.version - 1, "one", seen.turns[0].number)


def test_a_summary_that_was_taken_back_meanwhile_does_not_come_back(store: Conversations) -> None:
    seen = talk(store, new_id(), "one", "two", "three")
    store.summarize("ana", seen, seen.version, "one", seen.turns[0].number)
    seen = read(store, seen.id)
    store.take_back_summary("ana", seen)
    with pytest.raises(ConflictError):
        store.summarize("ana", seen, seen.version, "one and two", seen.turns[1].number)
    assert read(store, seen.id).summary == ""


def test_reasoning_takes_no_room_from_what_a_model_reads(store: Conversations) -> None:
    seen = Conversation(new_id())
    for question in ("one", "two", "three"):
        number = store.ask("ana", seen, question)
        store.answer("ana", seen.id, number, ME, Answer(plain("yes"), thought="x" * 3_000))
        seen = read(store, seen.id)
    whole = store.context("ana", seen.id, 4_000)
    assert whole
    assert (len(whole.turns), whole.has_gap) == (3, False)
    assert len(store.oldest("ana", seen, 4_000)) == 3
    bounded = store.context("ana", seen.id, 1_500)
    assert bounded
    assert (len(bounded.turns), bounded.has_gap) == (1, True)


def test_titles(store: Conversations) -> None:
    seen = talk(store, new_id(), "  a\nquestion   of two lines ")
    assert seen.title == "a question of two lines"
    store.rename("ana", seen.id, "Mine")
    assert talk(store, seen.id, "more").title == "Mine"
    assert len(title_of("word " * 100)) <= 80


def test_deleting_removes_every_item(store: Conversations, dynamodb: Any, table: str) -> None:
    seen = talk(store, new_id(), *(f"question {number}" for number in range(14)))
    other = talk(store, new_id(), "stays")

    store.delete("ana", seen.id)

    assert store.head("ana", seen.id) is None
    left = {item["sk"]["S"] for item in dynamodb.scan(TableName=table)["Items"]}
    kept = {item for item in left if other.id in item}
    assert left - kept == {"STORAGE", f"DELETED#{seen.id}"}
    assert len(kept) == 3
    assert questions(read(store, other.id)) == ["stays"]


def test_texts_beyond_an_items_size_are_cut_and_not_refused(store: Conversations) -> None:
    conversation_id = new_id()
    number = store.ask("ana", Conversation(conversation_id), "ñ" * TEXT_BYTES)
    store.answer("ana", conversation_id, number, ME, Answer(plain("€" * TEXT_BYTES)))

    turn = read(store, conversation_id).turns[0]
    assert turn.question_text == "ñ" * (TEXT_BYTES // 2)
    assert turn.answer
    assert turn.answer.text == "€" * (TEXT_BYTES // 3)


def test_a_conversation_of_several_pages_of_the_table_comes_back_whole(store: Conversations) -> None:
    text = "x" * 300_000
    seen = talk(store, new_id(), *(f"{number} {text}" for number in range(4)))
    assert [question[:1] for question in questions(seen)] == ["0", "1", "2", "3"]


def test_cutting_never_tears_a_character() -> None:
    assert cut_to_bytes("aé", 2) == "a"
    assert cut_to_bytes("aé", 3) == "aé"
    assert cut_to_bytes("broken \ud800", 100) == "broken ?"


class Died(BaseException):
    """Nothing of the process runs any more."""


class DiesAt:
    """A client of a process that dies at its n-th transaction: just before it, or just after."""

    def __init__(self, client: Any, number: int, *, after: bool) -> None:
        self._client, self._left, self._after = client, number, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def transact_write_items(self, **request: Any) -> Any:
        self._left -= 1
        answer = None
        if self._left >= 0 or self._after:
            answer = self._client.transact_write_items(**request)
        if self._left < 0:
            raise Died
        return answer


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("keep", [0, 2])
def test_a_process_that_dies_while_it_asks_again_loses_no_question(
    dynamodb: Any, table: str, keep: int, after: bool
) -> None:
    store = Conversations(Table(dynamodb, table))
    seen = talk(store, new_id(), "one", "two", "three")
    old = questions(seen)
    dying = Conversations(Table(DiesAt(dynamodb, 0, after=after), table))
    with contextlib.suppress(Died):
        dying.ask("ana", seen, "asked anew", replaces=seen.turns[keep].number)
    now = read(store, seen.id)
    assert questions(now) == ([*old[:keep], "asked anew"] if after else old)
    if after:
        store.choose("ana", now, now.turns[keep].number, seen.turns[keep].number)
        assert questions(read(store, seen.id)) == old


def test_asking_again_is_one_transaction(dynamodb: Any, table: str) -> None:
    seen = talk(Conversations(Table(dynamodb, table)), new_id(), "one", "two", "three")
    once = Conversations(Table(DiesAt(dynamodb, 1, after=False), table))
    once.ask("ana", seen, "zwei", replaces=seen.turns[1].number)
    assert questions(read(Conversations(Table(dynamodb, table)), seen.id)) == ["one", "zwei"]
