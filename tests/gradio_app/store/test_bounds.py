"""What a turn and a view cost does not depend on how long a conversation is; what people store is bounded."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.store import conversations, deletion, schema
from gradio_app.store.conversations import ActionRefusedError, Conversations, FullError
from gradio_app.store.messages import answer_item, question_item
from gradio_app.store.table import Attr, ConflictError, Delete, Put, Table, TableUnreachable

pytestmark = pytest.mark.slow

ME, SOON = "me", 2**33
WORDS = "so many words " * 40
FIRST = 1_700_000_000_000
"""The number of the first turn of a long conversation."""


@dataclass
class Traffic:
    """What went to DynamoDB and came back."""

    calls: list[str] = field(default_factory=list)
    items: int = 0

    def heard(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        self.calls.append(model.name)
        answered = parsed.get("Responses", {}).values()
        self.items += len(parsed.get("Items", [])) + ("Item" in parsed) + sum(map(len, answered))


@pytest.fixture
def traffic(dynamodb: Any) -> Iterator[Traffic]:
    heard = Traffic()
    dynamodb.meta.events.register("after-call.dynamodb", heard.heard, unique_id="traffic")
    yield heard
    dynamodb.meta.events.unregister("after-call.dynamodb", unique_id="traffic")


def long_conversation(dynamodb: Any, name: str, turns: int) -> str:
    """A stored conversation of so many answered turns."""
    conversation_id = new_id()
    items = []
    for number in range(FIRST, FIRST + turns):
        items.append(question_item("ana", conversation_id, number, number - 1, plain(f"{number} {WORDS}")))
        items.append(answer_item("ana", conversation_id, number, Answer(plain(WORDS))))
    head = {"pk": schema.person("ana"), "sk": schema.conversation(conversation_id)}
    items.append(head | {"title": "long", "version": FIRST + turns - 1, "updated_at": 1})
    table = Table(dynamodb, name)
    requests = [{"PutRequest": {"Item": table._request(Put(item))[1]["Item"]}} for item in items]
    for start in range(0, len(requests), 25):
        dynamodb.batch_write_item(RequestItems={name: requests[start : start + 25]})
    return conversation_id


def a_turn_and_a_view(store: Conversations, conversation_id: str) -> Conversation:
    """All that the table is asked for while one question is asked, answered and shown."""
    seen = store.context("ana", conversation_id, 100_000) or Conversation(conversation_id)
    number = store.ask("ana", seen, "one more", holder=ME, lease_until=SOON)
    store.write("ana", conversation_id, number, ME, "half", SOON)
    store.answer("ana", conversation_id, number, ME, Answer(plain("whole")))
    shown = store.page("ana", conversation_id)
    assert shown is not None
    assert shown.turns[-1].question_text == "one more"
    return shown


def test_a_turn_and_a_view_cost_the_same_in_a_long_conversation(
    dynamodb: Any, table: str, traffic: Traffic
) -> None:
    store = Conversations(Table(dynamodb, table))
    costs = []
    for turns in (1, 300, 5_000):
        conversation_id = long_conversation(dynamodb, table, turns)
        before, items = len(traffic.calls), traffic.items
        shown = a_turn_and_a_view(store, conversation_id)
        costs.append((traffic.calls[before:], traffic.items - items))
        assert shown.has_earlier == (turns > 20)

    short, *long = costs
    for calls, items in long:
        assert calls.count("TransactWriteItems") == short[0].count("TransactWriteItems") == 2
        assert len(calls) <= len(short[0]) + 1, "a context of 100 kB takes two pages"
        assert items <= 1 + 200 + 1 + 43, "the head, what a model reads, the page, and the head once more"
    assert long[0] == long[1]


def test_a_short_conversation_takes_two_reads_for_a_turn_and_two_for_a_view(
    dynamodb: Any, table: str, traffic: Traffic
) -> None:
    conversation_id = long_conversation(dynamodb, table, 3)
    traffic.calls.clear()
    a_turn_and_a_view(Conversations(Table(dynamodb, table)), conversation_id)
    asked, saved, answered = ["TransactWriteItems"], ["BatchGetItem", "UpdateItem"], ["TransactWriteItems"]
    assert traffic.calls == ["GetItem", "Query", *asked, *saved, *answered, "GetItem", "Query"]


def test_a_list_costs_the_same_however_many_there_are(dynamodb: Any, table: str, traffic: Traffic) -> None:
    ours = Table(dynamodb, table)
    for number in range(150):
        head = {"pk": schema.person("ana"), "sk": schema.conversation(f"{number:032x}")}
        ours.put(head | {"title": f"{number}", "version": 1, "updated_at": number})
    traffic.calls.clear()
    traffic.items = 0
    store = Conversations(ours)
    page = store.headings("ana", None, 20)
    page = store.headings("ana", page[-1].cursor, 20)
    assert [heading.title for heading in page] == [str(number) for number in range(129, 109, -1)]
    assert traffic.calls == ["Query", "BatchGetItem"] * 2
    assert traffic.items == 2 * 2 * 20


def test_going_back_shows_every_turn_once(dynamodb: Any, table: str) -> None:
    store = Conversations(Table(dynamodb, table))
    conversation_id = long_conversation(dynamodb, table, 45)
    shown: list[int] = []
    before = None
    while page := store.page("ana", conversation_id, before):
        assert page.has_later == (before is not None)
        assert 0 < len(page.turns) <= 20
        shown = [turn.number for turn in page.turns] + shown
        before = page.turns[0].number
        if not page.has_earlier:
            break
    assert shown == list(range(FIRST, FIRST + 45))


@pytest.mark.parametrize("before", [-(10**30), -1, 0, 1, FIRST, 10**30])
def test_any_number_is_a_place_to_look_before(dynamodb: Any, table: str, before: int) -> None:
    conversation_id = long_conversation(dynamodb, table, 2)
    page = Conversations(Table(dynamodb, table)).page("ana", conversation_id, before)
    assert page is not None
    assert len(page.turns) == (2 if before > FIRST else 0)


def test_a_window_keeps_to_its_bytes_and_has_one_turn_at_least(dynamodb: Any, table: str) -> None:
    store = Conversations(Table(dynamodb, table))
    conversation_id = long_conversation(dynamodb, table, 10)
    one_turn = 2 * (len(WORDS) + 300) + 14
    for most, turns in ((0, 1), (one_turn, 1), (2 * one_turn - 1, 1), (2 * one_turn, 2), (3 * one_turn, 3)):
        page = store.page("ana", conversation_id, most_bytes=most)
        context = store.context("ana", conversation_id, most)
        assert page is not None
        assert context is not None
        assert len(page.turns) == len(context.turns) == turns
        assert page.has_earlier
        assert page.turns[-1].number == page.last == context.last == FIRST + 9


def test_a_full_conversation_takes_no_more_and_gives_room_back(
    store: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "CONVERSATION_BYTES", 2_000)
    seen = Conversation(new_id())
    store.ask("ana", seen, "x" * 1_500)
    seen = store.page("ana", seen.id)
    assert seen is not None
    with pytest.raises(FullError, match="conversation"):
        store.ask("ana", seen, "y" * 1_000)
    store.answer("ana", seen.id, seen.last, ME, Answer(plain("an answer")))
    with pytest.raises(FullError, match="conversation"):
        store.ask("ana", seen, "y" * 1_000, replaces=seen.last)
    store.ask("ana", store.undo("ana", seen, seen.last), "z" * 1_500)


def stored_bytes(table: Table) -> int:
    item = table.get(schema.person("ana"), schema.STORAGE)
    return item["bytes"] if item else 0


def test_a_person_who_has_no_room_makes_some_by_deleting(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "PERSON_BYTES", 5_000)
    ours = Table(dynamodb, table)
    store = Conversations(ours)
    old = Conversation(new_id())
    number = store.ask("ana", old, "x" * 2_000)
    store.answer("ana", old.id, number, ME, Answer(plain("y" * 2_000)))
    with pytest.raises(FullError, match="person"):
        store.ask("ana", Conversation(new_id()), "z" * 1_000)
    store.ask("berta", Conversation(new_id()), "z" * 1_000)

    store.delete("ana", old.id)
    assert stored_bytes(ours) == 0
    store.ask("ana", Conversation(new_id()), "z" * 1_000)


def test_forty_long_questions_that_fail_are_counted(store: Conversations, dynamodb: Any, table: str) -> None:
    seen = Conversation(new_id())
    for _ in range(5):
        number = store.ask("ana", seen, "😀" * 32_000)
        store.answer("ana", seen.id, number, ME, Answer((), "failed", "throttled"))
        seen = store.head("ana", seen.id) or seen
    assert seen.stored_bytes == stored_bytes(Table(dynamodb, table)) > 5 * 128_000


def test_a_question_with_other_actions_is_all_or_nothing_and_says_what_was_refused(
    dynamodb: Any, table: str
) -> None:
    ours = Table(dynamodb, table)
    store = Conversations(ours)
    seen = Conversation(new_id())
    fine = Put({"pk": "USER#ana", "sk": "RESERVATION#1"})
    with pytest.raises(ActionRefusedError) as refused:
        store.ask("ana", seen, "one", actions=[fine, Delete("USER#ana", "no", Attr("pk").exists())])
    assert refused.value.failed == (1,)
    assert ours.get("USER#ana", "RESERVATION#1") is None
    assert store.head("ana", seen.id) is None
    store.ask("ana", seen, "one", actions=[fine])
    assert ours.get("USER#ana", "RESERVATION#1") is not None
    with pytest.raises(ConflictError):
        store.ask("ana", seen, "one", actions=[Delete("USER#ana", "no", Attr("pk").exists())])


class DiesWhile:
    """A client of a process that dies at its n-th call of an operation."""

    def __init__(self, client: Any, operation: str, number: int) -> None:
        self._client, self._operation, self._left = client, operation, number

    def __getattr__(self, name: str) -> Any:
        if name == self._operation:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt
        return getattr(self._client, name)


@pytest.mark.parametrize("operation", ["query", "batch_write_item", "transact_write_items"])
@pytest.mark.parametrize("number", [0, 1])
def test_a_deletion_that_died_is_hidden_and_taken_up_by_the_next_list(
    dynamodb: Any, table: str, operation: str, number: int
) -> None:
    ours = Table(dynamodb, table)
    store = Conversations(ours)
    conversation_id = long_conversation(dynamodb, table, 30)
    other = long_conversation(dynamodb, table, 1)
    try:
        Conversations(Table(DiesWhile(dynamodb, operation, number), table)).delete("ana", conversation_id)
    except KeyboardInterrupt:
        assert store.head("ana", conversation_id) is None
        assert store.page("ana", conversation_id) is None
        with pytest.raises(ConflictError):
            store.rename("ana", conversation_id, "back again")
        with pytest.raises(ConflictError):
            store.ask("ana", Conversation(conversation_id), "late")

    assert [heading.id for heading in store.headings("ana", None, 10)] == [other]
    left = [sk for sk in ours.sort_keys("USER#ana", "") if conversation_id in sk]
    assert left == [schema.deleted(conversation_id)]


def test_a_long_deletion_goes_on_list_by_list(
    dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletion, "PURGED_AT_ONCE", 10)
    ours = Table(dynamodb, table)
    store = Conversations(ours)
    conversation_id = long_conversation(dynamodb, table, 12)
    with pytest.raises(KeyboardInterrupt):
        Conversations(Table(DiesWhile(dynamodb, "query", 0), table)).delete("ana", conversation_id)
    for left in (14, 4, 0):
        assert store.headings("ana", None, 10) == []
        assert len(ours.sort_keys("USER#ana", schema.MESSAGE)) == left


def test_a_list_is_shown_although_a_deletion_cannot_go_on(dynamodb: Any, table: str) -> None:
    conversation_id = long_conversation(dynamodb, table, 1)
    other = long_conversation(dynamodb, table, 1)
    with pytest.raises(KeyboardInterrupt):
        Conversations(Table(DiesWhile(dynamodb, "query", 0), table)).delete("ana", conversation_id)

    class Away(DiesWhile):
        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except KeyboardInterrupt:
                raise TableUnreachable from None

    crippled = Conversations(Table(Away(dynamodb, "batch_write_item", 0), table))
    assert [heading.id for heading in crippled.headings("ana", None, 10)] == [other]


def test_a_stop_asked_for_elsewhere_is_heard_with_the_next_checkpoint(store: Conversations) -> None:
    seen = Conversation(new_id())
    number = store.ask("ana", seen, "one", holder=ME, lease_until=SOON)
    assert not store.write("ana", seen.id, number, ME, "", SOON)
    assert store.request_stop("ana", seen.id, number)
    assert store.write("ana", seen.id, number, ME, "half", SOON)
    with pytest.raises(ConflictError):
        store.write("ana", seen.id, number, "somebody else", "other words", SOON)
    with pytest.raises(ConflictError):
        store.answer("ana", seen.id, number, "somebody else", Answer(plain("other words")))
    store.answer("ana", seen.id, number, ME, Answer(plain("half"), "stopped"))
    assert not store.request_stop("ana", seen.id, number)
    assert not store.request_stop("ana", seen.id, number + 1)
    assert not store.request_stop("ana", "no id", number)


def test_a_conversation_keeps_its_settings_and_its_title(store: Conversations) -> None:
    seen = Conversation(new_id())
    store.ask("ana", seen, "one", model_id="a.model", temperature=0.25, max_tokens=7)
    seen = store.page("ana", seen.id) or seen
    store.rename("ana", seen.id, "Mine")
    store.ask("ana", seen, "two", temperature=None)
    now = store.head("ana", seen.id)
    assert now is not None
    assert (now.title, now.model_id, now.temperature, now.max_tokens) == ("Mine", "a.model", 0.25, 7)
    with pytest.raises(TypeError, match="colour"):
        store.ask("ana", now, "three", colour="blue")
