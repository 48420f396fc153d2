"""Versions of messages: what they cost, what of them is shown, and what a person may do with them."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.store import schema
from gradio_app.store.branches import MOST_VERSIONS, TooManyVersionsError
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, Table
from tests.gradio_app.in_process import InProcess

ANA, ME, SOON = "ana", "me", 2**33


class Talk:
    """A conversation in a table in memory, whose calls are counted."""

    def __init__(self) -> None:
        name = f"branches-{uuid4().hex}"
        self.client = InProcess(name)
        self.table = Table(self.client, name)
        self.store = Conversations(self.table)
        self.id = new_id()

    def seen(self) -> Conversation:
        return self.store.page(ANA, self.id) or Conversation(self.id)

    def ask(self, question: str, replaces: int | None = None) -> int:
        number = self.store.ask(ANA, self.seen(), question, replaces=replaces)
        self.store.answer(ANA, self.id, number, ME, Answer(plain(question.upper())))
        return number

    def shown(self) -> list[str]:
        return [turn.question_text for turn in self.seen().turns]

    def choose(self, place: int, version: int) -> None:
        """Show that version of the turn at a place, both from 0."""
        seen = self.seen()
        turn = seen.turns[place]
        self.store.choose(ANA, seen, turn.number, turn.versions[version])

    def cost(self, work: Any) -> tuple[Counter[str], int]:
        """The calls of some work, and the items that it reads."""
        self.client.calls.clear()
        self.client.items_read = 0
        work()
        return Counter(operation for operation, _ in self.client.calls), self.client.items_read


@pytest.fixture
def talk() -> Talk:
    return Talk()


def test_an_edited_message_keeps_the_one_before_with_all_that_followed(talk: Talk) -> None:
    one, two, _ = talk.ask("one"), talk.ask("two"), talk.ask("three")
    zwei = talk.ask("zwei", replaces=two)
    talk.ask("drei")
    assert talk.shown() == ["one", "zwei", "drei"]
    turn = talk.seen().turns[1]
    assert (turn.parent, turn.versions) == (one, (two, zwei))

    talk.choose(1, 0)
    assert talk.shown() == ["one", "two", "three"]
    talk.ask("four")
    talk.choose(1, 1)
    assert talk.shown() == ["one", "zwei", "drei"]
    uno = talk.ask("uno", replaces=one)
    assert talk.shown() == ["uno"]
    assert talk.seen().turns[0].versions == (one, uno)
    talk.choose(0, 0)
    assert talk.shown() == ["one", "zwei", "drei"], "as that branch was left"
    talk.choose(1, 0)
    assert talk.shown() == ["one", "two", "three", "four"]


def test_what_the_release_before_reads_is_one_line(talk: Talk) -> None:
    talk.ask("one")
    two = talk.ask("two")
    talk.ask("zwei", replaces=two)
    talk.ask("drei")
    talk.choose(1, 0)
    talk.ask("three")
    talk.choose(1, 1)
    pk = schema.person(ANA)
    items = talk.table.query(pk, prefix=f"{schema.MESSAGE}{talk.id}#")
    assert [item["text"] for item in items if item["role"] == "user"] == ["one", "two", "three"]


def test_undoing_a_version_shows_the_one_beside_it_and_the_last_goes_whole(talk: Talk) -> None:
    one = talk.ask("one")
    two = talk.ask("two", replaces=one)
    three = talk.ask("three", replaces=two)
    talk.choose(0, 1)
    left = talk.store.undo(ANA, talk.seen(), two)
    assert (left.turns, left.last) == ((), one)
    assert talk.shown() == ["one"]
    assert talk.seen().turns[0].versions == (one, three)
    left = talk.store.undo(ANA, left, one)
    assert talk.shown() == ["three"]
    talk.ask("more")
    assert [turn.parent for turn in talk.seen().turns] == [0, three]
    for _ in range(2):
        talk.store.undo(ANA, talk.seen(), talk.seen().last)
    assert talk.shown() == []
    storage = talk.table.get(schema.person(ANA), schema.STORAGE)
    assert storage is not None
    assert storage["bytes"] == talk.seen().stored_bytes == 0
    assert [
        sk for part in schema.parts_of(talk.id) for sk in talk.table.sort_keys(schema.person(ANA), part)
    ] == []
    talk.ask("anew")
    assert talk.shown() == ["anew"]


def test_a_question_without_an_answer_is_no_version(talk: Talk) -> None:
    talk.ask("one")
    for _ in range(MOST_VERSIONS + 1):
        seen = talk.seen()
        lost = talk.store.ask(ANA, seen, "two", replaces=None if len(seen.turns) < 2 else seen.last)
        talk.store.answer(ANA, talk.id, lost, ME, Answer((), "failed", "throttled"))
    assert talk.shown() == ["one", "two"]
    talk.ask("two", replaces=talk.seen().last)
    assert talk.seen().turns[-1].versions == ()
    talk.ask("zwei", replaces=talk.seen().last)
    talk.ask("drei")
    other = talk.store.ask(ANA, talk.seen(), "vier")
    talk.ask("vier", replaces=other)
    assert talk.shown() == ["one", "zwei", "drei", "vier"]
    assert sum(item.get("bytes", 0) for item in messages(talk)) == talk.seen().stored_bytes


def messages(talk: Talk) -> list[Any]:
    pk = schema.person(ANA)
    return [item for part in schema.parts_of(talk.id) for item in talk.table.query(pk, prefix=part)]


def test_a_message_has_so_many_versions_at_most(talk: Talk) -> None:
    number = talk.ask("0")
    for version in range(1, MOST_VERSIONS):
        number = talk.ask(str(version), replaces=number)
    with pytest.raises(TooManyVersionsError):
        talk.ask("one more", replaces=number)
    assert len(talk.seen().turns[0].versions) == MOST_VERSIONS
    assert talk.shown() == [str(MOST_VERSIONS - 1)]


def test_nothing_can_be_chosen_or_replaced_that_is_not_shown(talk: Talk) -> None:
    one = talk.ask("one")
    two = talk.ask("two")
    uno = talk.ask("uno", replaces=one)
    dos = talk.ask("dos")
    tres = talk.ask("tres", replaces=dos)
    seen = talk.seen()
    for shown, wanted in ((one, uno), (uno, uno), (uno, two), (uno, dos), (dos, tres), (0, one), (uno, -1)):
        with pytest.raises(ConflictError):
            talk.store.choose(ANA, seen, shown, wanted)
    for replaces in (one, two, dos, 0, -1, 10**30):
        with pytest.raises(ConflictError):
            talk.store.ask(ANA, seen, "anew", replaces=replaces)
    with pytest.raises(ConflictError):
        talk.store.choose("berta", seen, uno, one)
    assert talk.shown() == ["uno", "tres"]


def test_of_two_tabs_one_chooses(talk: Talk) -> None:
    one = talk.ask("one")
    two = talk.ask("two", replaces=one)
    seen = talk.seen()
    talk.store.choose(ANA, seen, two, one)
    with pytest.raises(ConflictError):
        talk.store.choose(ANA, seen, two, one)
    with pytest.raises(ConflictError):
        talk.store.ask(ANA, seen, "to what that tab shows")
    assert talk.shown() == ["one"]


def test_an_answer_is_stopped_by_its_number_in_any_branch(talk: Talk) -> None:
    one = talk.ask("one")
    number = talk.store.ask(ANA, talk.seen(), "two", replaces=one, holder=ME, lease_until=SOON)
    assert not talk.store.write(ANA, talk.id, number, ME, "half", SOON)
    assert talk.store.request_stop(ANA, talk.id, number)
    assert talk.store.write(ANA, talk.id, number, ME, "half", SOON)
    talk.store.choose(ANA, talk.seen(), number, one)
    with pytest.raises(ConflictError):
        talk.store.answer(ANA, talk.id, number, ME, Answer(plain("late")))


def test_a_summary_is_taken_back_where_it_was_made_and_not_twice(talk: Talk) -> None:
    one, two, three = talk.ask("one"), talk.ask("two"), talk.ask("three")
    talk.store.summarize(ANA, talk.seen(), three, "one and two", two)
    seen = talk.seen()
    talk.store.take_back_summary(ANA, seen)
    assert (talk.seen().summary, talk.seen().summarized_to, talk.seen().is_whole) == ("", 0, True)
    with pytest.raises(ConflictError):
        talk.store.take_back_summary(ANA, seen)
    context = talk.store.context(ANA, talk.id, 10**6)
    assert context
    assert [turn.number for turn in context.turns] == [one, two, three]


def test_a_summary_of_another_branch_is_not_used_and_comes_back_with_its_own(talk: Talk) -> None:
    one, two, three = talk.ask("one"), talk.ask("two"), talk.ask("three")
    talk.store.summarize(ANA, talk.seen(), three, "one and two", two)
    talk.ask("zwei", replaces=two)
    assert talk.seen().summary == ""
    drei = talk.ask("drei")
    talk.store.summarize(ANA, talk.seen(), drei, "one and zwei", talk.seen().turns[1].number)
    context = talk.store.context(ANA, talk.id, 10**6)
    assert context is not None
    assert (context.summary, [turn.question_text for turn in context.turns]) == ("one and zwei", ["drei"])
    talk.choose(1, 0)
    assert (talk.seen().summary, talk.seen().summarized_to) == ("one and two", two)
    talk.ask("tres", replaces=three)
    assert talk.seen().summary == "one and two", "it tells of nothing that is left"
    talk.store.undo(ANA, talk.seen(), talk.seen().last)
    assert talk.seen().summary == "one and two"
    talk.ask("uno", replaces=one)
    assert talk.seen().summary == ""


@pytest.mark.parametrize("place", [0, 1])
def test_earlier_turns_and_the_oldest_are_those_of_the_branch(talk: Talk, place: int) -> None:
    for number in range(30):
        talk.ask(f"{number}")
    page = talk.store.page(ANA, talk.id, turns=100)
    assert page is not None
    talk.store.ask(ANA, page, "edited", replaces=page.turns[25 * place].number)
    for number in range(70):
        talk.ask(f"new {number}")
    expected = [f"{number}" for number in range(25 * place)] + ["edited"] + [f"new {n}" for n in range(70)]

    shown: list[str] = []
    before = None
    while page := talk.store.page(ANA, talk.id, before):
        shown = [turn.question_text for turn in page.turns] + shown
        before = page.turns[0].number
        if not page.has_earlier:
            break
    assert shown == expected
    head = talk.store.head(ANA, talk.id)
    assert head is not None
    for most in (0, 1_000, 10**9):
        oldest = [turn.question_text for turn in talk.store.oldest(ANA, head, most)]
        assert oldest == expected[: len(oldest)]
    assert len(oldest) == len(expected)


def branched(turns: int, versions: int) -> Talk:
    """A conversation of so many turns in a branch, each message of which has so many versions."""
    talk = Talk()
    for number in range(turns + 1):
        asked = talk.ask(f"{number}")
        for version in range(1, versions if number else 2):
            asked = talk.ask(f"{number} {version}", replaces=asked)
    return talk


def costs(talk: Talk) -> dict[str, tuple[Counter[str], int]]:
    """What everything takes that a person does."""
    turn = talk.seen().turns[5]
    return {
        "page": talk.cost(talk.seen),
        "earlier": talk.cost(lambda: talk.store.page(ANA, talk.id, turn.number)),
        "context": talk.cost(lambda: talk.store.context(ANA, talk.id, 10_000)),
        "choose": talk.cost(lambda: talk.choose(5, 0)),
        "back": talk.cost(lambda: talk.choose(-1, -1)),
        "edit": talk.cost(lambda: talk.ask("changed", replaces=turn.number)),
        "ask": talk.cost(lambda: talk.ask("more")),
        "undo": talk.cost(lambda: talk.store.undo(ANA, talk.seen(), talk.seen().last)),
    }


@pytest.mark.slow
def test_no_action_costs_more_with_more_turns_or_versions() -> None:
    few, more_versions, more_turns = (
        costs(branched(turns, versions)) for turns, versions in ((90, 2), (90, 5), (180, 2))
    )
    for action, cost in few.items():
        assert more_versions[action] == more_turns[action] == cost, action
    calls, items = few["page"]
    assert calls.total() <= 6
    assert items <= 1 + 2 * (1 + 20 + 10) + 20


def test_deleting_goes_through_every_branch_and_is_taken_up_when_it_died(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gradio_app.store.deletion.PURGED_AT_ONCE", 3)
    one = talk.ask("one")
    talk.ask("two")
    uno = talk.ask("uno", replaces=one)
    talk.ask("dos", replaces=talk.ask("two again"))
    real = talk.table.delete_all
    monkeypatch.setattr(talk.table, "delete_all", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        talk.store.delete(ANA, talk.id)
    monkeypatch.setattr(talk.table, "delete_all", real)
    assert talk.store.turn(ANA, talk.id, uno) is None, "hidden"
    for _ in range(5):
        assert talk.store.headings(ANA, None, 5) == []
    assert messages(talk) == []
    storage = talk.table.get(schema.person(ANA), schema.STORAGE)
    assert storage is not None
    assert storage["bytes"] == 0
