"""Temporary conversations in the store: they go as all others do, hold so much, and end."""

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain, temporary_id
from gradio_app.store import chat_table, temporary
from gradio_app.store.chat_table import ChatTable
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.table import Action, ConflictError, Table
from gradio_app.store.temporary import Temporaries, TemporaryFullError
from gradio_app.store.usage import Usage
from tests.gradio_app.in_process import InProcess

ANA, BERTA, ME, SOON = "ana", "berta", "me", 2**33
MINUTE = 60


class Untouched:
    """A client of DynamoDB that nobody calls."""

    def __getattr__(self, operation: str) -> Any:
        raise AssertionError(operation)


def in_process() -> Table:
    name = f"temporary-{uuid4().hex}"
    return Table(InProcess(name), name)


class Talk:
    """A conversation of Ana's, over a table that is asked for nothing if it is temporary."""

    def __init__(
        self, conversation_id: str, temporaries: Temporaries | None = None, stored: Table | None = None
    ) -> None:
        self.stored = stored or Table(Untouched(), "none")
        self.temporaries = temporaries or Temporaries()
        self.table = ChatTable(self.stored, self.temporaries)
        self.store = Conversations(self.table)
        self.id = conversation_id
        self.lasts: list[int] = []

    def seen(self, user_id: str = ANA) -> Conversation:
        return self.store.page(user_id, self.id, turns=100) or Conversation(self.id)

    def ask(self, question: str, place: int | None = None, actions: Sequence[Action] = ()) -> None:
        seen = self.seen()
        replaces = None if place is None or not seen.turns else seen.turns[place % len(seen.turns)].number
        holder: dict[str, Any] = {"holder": ME, "lease_until": SOON, "actions": actions}
        self.lasts.append(self.store.ask(ANA, seen, question, replaces=replaces, **holder))

    def answer(self, text: str, actions: Sequence[Action] = ()) -> None:
        number = self.lasts[-1] if self.lasts else 1
        self.store.answer(ANA, self.id, number, ME, Answer(plain(text)), actions=actions)

    def do(self, deed: str, place: int) -> str:
        """Do something, as far as it can be done; what it was refused for."""
        seen = self.seen()
        turn = seen.turns[place % len(seen.turns)] if seen.turns else None
        try:
            if deed == "ask":
                self.ask(f"question {place}")
            elif deed == "replace":
                self.ask(f"question {place}", place)
            elif deed == "write" and self.lasts:
                self.store.write(ANA, self.id, self.lasts[-1], ME, f"half {place}", SOON)
            elif deed == "answer":
                self.answer(f"answer {place}")
            elif deed == "undo":
                self.store.undo(ANA, seen, seen.last)
            elif deed == "choose" and turn and turn.versions:
                self.store.choose(ANA, seen, turn.number, turn.versions[place % len(turn.versions)])
            elif deed == "sum up" and turn:
                self.store.summarize(ANA, seen, seen.version, f"summary {place}", turn.number)
            elif deed == "take back":
                self.store.take_back_summary(ANA, seen)
            elif deed == "stop" and turn:
                self.store.request_stop(ANA, self.id, turn.number)
        except ConflictError as conflict:
            return str(conflict.failed)
        return ""

    def shown(self) -> Any:
        """The whole of it, without numbers that are made of the time."""
        seen = self.seen()
        numbers = [turn.number for turn in seen.turns]
        turns = [
            (turn.question_text, turn.answer and (turn.answer.text, turn.answer.status), len(turn.versions))
            for turn in seen.turns
        ]
        told = [number for number in numbers if number <= seen.summarized_to]
        return turns, seen.title, seen.summary, len(told), seen.stored_bytes, bool(seen.shown)


STORED = in_process()
KINDS = ["ask", "answer", "replace", "write", "undo", "choose", "sum up", "take back", "stop"]
deeds = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=14)


@given(deeds)
@settings(max_examples=25, deadline=None, phases=[Phase.generate])
def test_a_temporary_conversation_goes_as_one_that_is_stored(deeds: list[tuple[str, int]]) -> None:
    stored, held = Talk(new_id(), stored=STORED), Talk(temporary_id())
    for deed in [("ask", 0), ("answer", 0), *deeds]:
        assert held.do(*deed) == stored.do(*deed), deed
    assert held.shown() == stored.shown()


def test_it_is_its_persons_alone_and_no_other_store_knows_of_it() -> None:
    talk = Talk(temporary_id(), stored=in_process())
    talk.ask("mine")
    assert talk.seen().turns
    assert not talk.seen(BERTA).turns
    assert Conversations(talk.stored).page(ANA, talk.id) is None
    assert talk.store.headings(ANA, None, 10) == []


def test_a_draft_stays_where_it_was_typed() -> None:
    talk = Talk(temporary_id(), stored=in_process())
    drafts, kept = Drafts(talk.table), new_id()
    drafts.keep(ANA, kept, "for the table")
    drafts.keep(ANA, talk.id, "for nobody")
    assert drafts.find(ANA, talk.id, is_new=True).text == "for nobody"
    assert drafts.find(ANA, new_id(), is_new=True).text == "for the table"
    assert drafts.find(ANA, temporary_id(), is_new=True).text == ""
    assert [item["text"] for item in talk.stored.query("USER#ana")] == ["for the table"]
    drafts.sent(ANA, talk.id, "for the table")
    assert drafts.find(ANA, talk.id, is_new=True).text == ""
    assert talk.temporaries.bytes == 0
    assert drafts.find(ANA, kept, is_new=True).text == "for the table"


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def begun(clock: Clock) -> tuple[Talk, Temporaries]:
    temporaries = Temporaries(clock)
    talk = Talk(temporary_id(), temporaries)
    talk.ask("a question")
    return talk, temporaries


def test_one_that_nobody_looks_at_ends() -> None:
    clock = Clock()
    talk, temporaries = begun(clock)
    for _ in range(3):
        clock.now += temporary.IDLE_SECONDS - 1
        assert talk.seen().turns
    clock.now += temporary.IDLE_SECONDS + 1
    temporaries.sweep()
    assert temporaries.bytes == 0
    assert not talk.seen().turns
    with pytest.raises(ConflictError):
        talk.answer("nobody waits for it")


def test_one_whose_page_was_left_ends_unless_the_page_comes_back() -> None:
    clock = Clock()
    talk, temporaries = begun(clock)
    temporaries.leave(BERTA, talk.id)
    clock.now += temporary.LEFT_SECONDS + 1
    assert talk.seen().turns
    temporaries.leave(ANA, talk.id)
    clock.now += temporary.LEFT_SECONDS - 1
    talk.answer("while it is loaded anew")
    temporaries.come(ANA, talk.id)
    clock.now += temporary.LEFT_SECONDS + 1
    assert talk.seen().turns
    temporaries.leave(ANA, talk.id)
    clock.now += temporary.LEFT_SECONDS + 1
    assert not talk.seen().turns
    assert temporaries.bytes == 0


def test_it_ends_with_its_session_and_with_no_other() -> None:
    talk, temporaries = begun(Clock())
    temporaries.belongs_to(ANA, talk.id, "session 1")
    assert temporaries.is_busy("session 1")
    assert not temporaries.is_busy("session 2")
    assert not temporaries.is_busy("")
    temporaries.end_session("session 2")
    assert talk.seen().turns
    temporaries.end_session("session 1")
    assert not talk.seen().turns
    assert not temporaries.is_busy("session 1")
    assert temporaries.bytes == 0


def test_a_persons_oldest_goes_for_another_one_and_nobody_elses() -> None:
    temporaries = Temporaries()
    talks = [Talk(temporary_id(), temporaries) for _ in range(temporary.PER_PERSON + 1)]
    berta = Talk(temporary_id(), temporaries)
    berta.store.ask(BERTA, Conversation(berta.id), "hers")
    for talk in talks[:-1]:
        talk.ask("a question")
    assert talks[0].seen().turns  # it was looked at last: the second is the oldest now
    talks[-1].ask("one more")
    assert [bool(talk.seen().turns) for talk in talks] == [True, False, *[True] * (len(talks) - 2)]
    assert berta.seen(BERTA).turns


def fill(talk: Talk) -> None:
    for _ in range(100):
        talk.ask("x" * 300_000)
        talk.answer("y" * 300_000)


def test_one_takes_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(temporary_id())
    with pytest.raises(TemporaryFullError, match="temporary_full"):
        fill(talk)
    assert temporary.BYTES - 700_000 < talk.temporaries.bytes <= temporary.BYTES
    monkeypatch.setattr(temporary, "ALL_BYTES", talk.temporaries.bytes + 100_000)
    other = Talk(temporary_id(), talk.temporaries)
    with pytest.raises(TemporaryFullError, match="temporary_busy"):
        other.ask("z" * 200_000)
    assert talk.temporaries.bytes <= temporary.ALL_BYTES
    # What makes it smaller is never refused.
    talk.store.undo(ANA, talk.seen(), talk.seen().last)


def test_there_is_room_for_the_answer_to_each_question_that_is_taken() -> None:
    talk = Talk(temporary_id(), stored=in_process())
    usage, answered = Usage(talk.stored, 0), 0
    while True:
        reservation = usage.reservation(ANA, 10)
        try:
            talk.ask("x" * 100_000, actions=usage.reserving(reservation))
        except TemporaryFullError:
            break
        talk.answer("y" * 300_000, actions=usage.settling(reservation, 5))
        answered += 1
    assert temporary.BYTES - chat_table.ANSWER_BYTES - 400_000 < talk.temporaries.bytes <= temporary.BYTES
    [day] = talk.stored.query("USER#ana")  # no reservation is left, and every answer is paid for
    assert day["tokens"] == 5 * answered


def test_who_asks_is_there_whatever_another_page_has_told() -> None:
    clock, stored = Clock(), in_process()
    temporaries, usage = Temporaries(clock), Usage(stored, 1_000)
    talk = Talk(temporary_id(), temporaries, stored)
    for question in ("first", "second"):
        talk.ask(question, actions=usage.reserving(usage.reservation(ANA, 10, 10), begun=True))
        clock.now += temporary.LEFT_SECONDS - 1
        talk.answer("an answer")
        temporaries.leave(ANA, talk.id)  # the tab beside it
        clock.now += temporary.LEFT_SECONDS - 1
    clock.now += 2
    assert not talk.seen().turns  # nobody asked since the page was left


def test_who_only_asks_is_no_less_there_than_who_types() -> None:
    clock, stored = Clock(), in_process()
    temporaries, usage = Temporaries(clock), Usage(stored, 1_000)
    talk = Talk(temporary_id(), temporaries, stored)
    for asked in range(3):
        seen, _ = talk.store.to_ask(ANA, talk.id, 10_000, 10_000)
        assert len(seen.turns) == asked
        talk.store.ask(
            ANA,
            seen,
            "a question",
            actions=usage.reserving(usage.reservation(ANA, 10, 10), begun=True),
        )
        clock.now += temporary.IDLE_SECONDS - 1
