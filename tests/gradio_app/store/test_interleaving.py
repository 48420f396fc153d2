"""Two tasks at one person's conversation: whatever happens in between and whoever dies, nothing is torn."""

import contextlib
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gradio_app.chat.conversation import WRITING, Answer, Conversation, new_id, plain
from gradio_app.conversations import words
from gradio_app.store import branches, deletion, reading, schema
from gradio_app.store.branches import TooManyVersionsError
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.retention import Retention
from gradio_app.store.said import Said
from gradio_app.store.sharing import Sharing
from gradio_app.store.table import ConflictError, Item, Table, TableUnreachable

pytestmark = pytest.mark.slow

SOON = 2**33
GO, BUSY, LOST, DEAD_BEFORE, DEAD_AFTER = "go", "busy", "lost", "dead before", "dead after"
BUSY_ERROR = ClientError(
    {
        "Error": {"Code": "TransactionCanceledException", "Message": ""},
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    },  # pyright: ignore[reportArgumentType]
    "TransactWriteItems",
)


class Died(BaseException):
    """Nothing of the process runs any more."""


class Task:
    """A process of its own, which stops before each call of DynamoDB until it is told how that call goes."""

    def __init__(self, client: Any, table: str, work: Callable[[Conversations], None]) -> None:
        self._client = client
        self._told = threading.Semaphore(0)
        self._stands = threading.Semaphore(0)
        self._fate = GO
        self.is_over = False
        self._thread = threading.Thread(target=self._run, args=(table, work), daemon=True)
        self._thread.start()
        self._stands.acquire()

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            self._stands.release()
            self._told.acquire()
            if self._fate == DEAD_BEFORE:
                raise Died
            if self._fate == BUSY:
                raise BUSY_ERROR
            answer = getattr(self._client, operation)(**request)
            if self._fate == DEAD_AFTER:
                raise Died
            if self._fate == LOST:
                raise ReadTimeoutError(endpoint_url="https://table")
            return answer

        return call

    def step(self, fate: str) -> None:
        """Let it go on to its next call, or to its end."""
        self._fate = fate
        self._told.release()
        self._stands.acquire()

    def _run(self, table: str, work: Callable[[Conversations], None]) -> None:
        try:
            work(Conversations(Table(self, table, sleep=lambda _: None)))
        except Died:
            pass
        finally:
            self.is_over = True
            self._stands.release()


@dataclass
class Person:
    """Does in a task what a person does on a page, with a conversation that may not be there any more."""

    user_id: str
    conversation_id: str
    deeds: list[tuple[str, int]]
    holder: str
    deleted: list[str]
    asked: list[tuple[int, str]] = field(default_factory=list)

    def __call__(self, store: Conversations) -> None:
        for deed, place in self.deeds:
            try:
                getattr(self, f"_{deed}")(store, place)
            except (ConflictError, FullError, TooManyVersionsError, TableUnreachable):
                continue

    def _ask(self, store: Conversations, _: int) -> None:
        self._store_question(store, self._seen(store), None)

    def _replace(self, store: Conversations, place: int) -> None:
        seen = self._seen(store)
        if seen.turns:
            self._store_question(store, seen, seen.turns[place % len(seen.turns)].number)

    def _store_question(self, store: Conversations, seen: Conversation, replaces: int | None) -> None:
        question = uuid4().hex
        number = store.ask(
            self.user_id, seen, question, replaces=replaces, holder=self.holder, lease_until=SOON
        )
        self.asked.append((number, question))

    def _write(self, store: Conversations, place: int) -> None:
        if self.asked:
            number, question = self.asked[-1 - place % len(self.asked)]
            where = (self.user_id, self.conversation_id, number, self.holder)
            store.write(*where, f"half of {question}", SOON)

    def _answer(self, store: Conversations, place: int) -> None:
        if self.asked:
            number, question = self.asked[-1 - place % len(self.asked)]
            where = (self.user_id, self.conversation_id, number, self.holder)
            store.answer(*where, Answer(plain(f"all of {question}"), input_tokens=1))

    def _go_on(self, store: Conversations, _: int) -> None:
        seen = self._seen(store)
        if not seen.turns or not (before := seen.turns[-1].answer) or not before.text:
            return
        lease: dict[str, Any] = {"holder": self.holder, "lease_until": SOON}
        version = store.resume(self.user_id, seen, seen.last, **lease)
        where = (self.user_id, self.conversation_id, seen.last, self.holder)
        store.write(*where, f"{before.text} and", SOON, version)
        more = Answer(plain(f"{before.text} and more"), input_tokens=before.input_tokens + 1)
        store.answer(*where, more, version, before)

    def _undo(self, store: Conversations, _: int) -> None:
        seen = self._seen(store)
        if seen.turns:
            store.undo(self.user_id, seen, seen.last)

    def _choose(self, store: Conversations, place: int) -> None:
        seen = self._seen(store)
        for turn in seen.turns:
            if len(turn.versions) > 1:
                store.choose(self.user_id, seen, turn.number, turn.versions[place % len(turn.versions)])
                return

    def _sum_up(self, store: Conversations, place: int) -> None:
        seen = self._seen(store)
        if seen.turns:
            to = seen.turns[place % len(seen.turns)].number
            told = " ".join(str(turn.number) for turn in seen.turns if turn.number <= to)
            store.summarize(self.user_id, seen, seen.version, told, to)

    def _take_back(self, store: Conversations, _: int) -> None:
        seen = self._seen(store)
        if seen.summarized_to:
            store.take_back_summary(self.user_id, seen)

    def _rename(self, store: Conversations, place: int) -> None:
        store.rename(self.user_id, self.conversation_id, f"title {place}")

    def _pin(self, store: Conversations, place: int) -> None:
        store.pin(self.user_id, self.conversation_id, pinned=bool(place % 2))

    def _move(self, store: Conversations, place: int) -> None:
        folders = store.folders(self.user_id) or [store.add_folder(self.user_id, "Work")]
        store.move(self.user_id, self.conversation_id, ("", folders[-1].id)[place % 2])

    def _delete(self, store: Conversations, _: int) -> None:
        store.delete(self.user_id, self.conversation_id)
        self.deleted.append(self.conversation_id)

    def _search(self, store: Conversations, _: int) -> None:
        said = Said(store._table)
        list(said.catch_up(self.user_id))
        said.find(self.user_id, ["half", "of"], 5)

    def _share(self, store: Conversations, _: int) -> None:
        seen = self._seen(store)
        if seen.turns:
            Sharing(store._table).share(self.user_id, self.conversation_id, "copy", seen.turns)

    def _expire(self, store: Conversations, _: int) -> None:
        key = schema.conversation(self.conversation_id)
        store._table.update(schema.person(self.user_id), key, {"updated_at": 1})
        if Conversations(store._table, None, Retention(1)).expire(self.user_id, self.conversation_id):
            self.deleted.append(self.conversation_id)

    def _list(self, store: Conversations, _: int) -> None:
        store.headings(self.user_id, None, 5)

    def _seen(self, store: Conversations) -> Conversation:
        return store.page(self.user_id, self.conversation_id) or Conversation(self.conversation_id)


kinds = st.sampled_from(
    [
        *["ask"] * 3,
        *["answer"] * 4,
        *["replace", "write", "choose", "sum_up", "go_on"] * 2,
        "take_back",
        "search",
        "share",
        "expire",
        "undo",
        "delete",
        "rename",
        "pin",
        "move",
        "list",
    ]
)
deeds = st.lists(st.tuples(kinds, st.integers(0, 5)), min_size=3, max_size=8)
fates = st.sampled_from([GO] * 12 + [BUSY, BUSY, LOST, DEAD_BEFORE, DEAD_AFTER])
schedules = st.lists(st.tuples(st.integers(0, 1), fates), max_size=60)


def items_of(table: Table, user_id: str) -> dict[str, Item]:
    return {item["sk"]: item for item in table.query(schema.person(user_id))}


@given(before=st.integers(0, 7), each=st.tuples(deeds, deeds), schedule=schedules)
@settings(max_examples=100, phases=[Phase.generate])
def test_nothing_is_torn_lost_or_counted_wrong(
    dynamodb: Any,
    tables: str,
    before: int,
    each: tuple[list[tuple[str, int]], list[tuple[str, int]]],
    schedule: list[tuple[int, str]],
) -> None:
    table, user_id, conversation_id = Table(dynamodb, tables), uuid4().hex, new_id()
    healthy = Conversations(table)
    deleted: list[str] = []
    people = [Person(user_id, conversation_id, deeds, f"task {n}", deleted) for n, deeds in enumerate(each)]
    deeds = [*[("ask", 0), ("answer", 0)] * before, ("search", 0)]
    Person(user_id, conversation_id, deeds, "earlier", deleted)(healthy)
    versions = play([Task(dynamodb, tables, person) for person in people], schedule, table, people[0])

    for _ in range(10):
        healthy.headings(user_id, None, 5)
    items = items_of(table, user_id)
    assert_whole(items, conversation_id)
    assert_branches(healthy, user_id, conversation_id)
    people[0]._search(healthy, 0)
    people[0]._search(healthy, 0)
    assert_searched(table, items, user_id, conversation_id)
    assert_shared(table, user_id, conversation_id)
    assert versions == sorted(set(versions)), "a version comes once and never again"
    if deleted:
        assert healthy.head(user_id, conversation_id) is None
        assert schema.deleted(conversation_id) in items


def test_two_tabs_that_move_a_conversation_at_once_leave_it_in_one_folder(dynamodb: Any, tables: str) -> None:
    table, user_id, conversation_id = Table(dynamodb, tables), uuid4().hex, new_id()
    healthy = Conversations(table)
    person = Person(user_id, conversation_id, [("ask", 0)], "earlier", [])
    person(healthy)

    def task(folder_id: str) -> Task:
        def work(store: Conversations) -> None:
            with contextlib.suppress(ConflictError):
                store.move(user_id, conversation_id, folder_id)

        return Task(dynamodb, tables, work)

    folders = [healthy.add_folder(user_id, name).id for name in ("Work", "Home")]
    play([task(each) for each in folders], [(0, GO), (1, GO)] * 2, table, person)
    items = items_of(table, user_id)
    assert_whole(items, conversation_id)
    assert items[schema.conversation(conversation_id)]["folder"] == folders[0]


def play(tasks: list[Task], schedule: list[tuple[int, str]], table: Table, person: Person) -> list[int]:
    """Let the tasks go on as scheduled, then to their ends; the versions that the conversation had."""
    versions: list[int] = []
    plan = [*schedule]
    while running := [task for task in tasks if not task.is_over]:
        which, fate = plan.pop(0) if plan else (0, GO)
        running[which % len(running)].step(fate)
        head = table.get(schema.person(person.user_id), schema.conversation(person.conversation_id))
        if head and head["version"] not in versions[-1:]:
            versions.append(head["version"])
    return versions


def assert_whole(items: dict[str, Item], conversation_id: str) -> None:
    """Every message can be reached and belongs where it is, and all is counted."""
    head = items.get(schema.conversation(conversation_id))
    messages = {sk: item for sk, item in items.items() if sk.startswith((schema.MESSAGE, schema.BRANCH))}
    listed = [sk for sk in items if sk.startswith(schema.VERSIONS)]
    assert head or not listed, "nor these"
    assert head or not messages, "nobody can reach these"
    assert not head or "deleted_at" not in head, "lists go on with a deletion"
    stored = sum(item.get("bytes", 0) for item in messages.values())
    assert stored == (head["stored_bytes"] if head else 0)
    assert stored == items.get(schema.STORAGE, {}).get("bytes", 0)
    assert kept_places(items) == ([conversation_id] * bool(head and head.get("pinned")) + filed(head))
    parent = 0
    for sk, item in sorted(messages.items()):
        number = schema.turn_number(sk)
        if item["role"] == "user":
            if not schema.is_branched(number):
                assert item["parent"] == parent, "what the release before sees is one line"
                parent = number
            continue
        question = messages.get(schema.message(conversation_id, number, "user"))
        assert question, "an answer without its question"
        written = rf"(?:(?:half|all) of {question['text']}(?: and(?: more)?)*)?"
        assert re.fullmatch(written, item["text"]), "another's, or the same twice"
        assert head
        assert schema.version_of(number) <= head["version"]


def assert_searched(table: Table, items: dict[str, Item], user_id: str, conversation_id: str) -> None:
    """Search has every word of what is there, of no turn whose answer is being written, and no other word."""
    kept = {item["sk"]: item for item in table.query(schema.said(user_id))}
    head = items.get(schema.conversation(conversation_id))
    stretches = {sk: set(item["words"].split()) for sk, item in kept.items() if sk.startswith(schema.STRETCH)}
    listed = {
        schema.said_word(word, conversation_id, schema.stretch_number(sk))
        for sk in stretches
        for word in stretches[sk]
    }
    assert listed == {sk for sk in kept if sk.startswith(schema.WORD)}
    if head is None:
        assert not [sk for sk in kept if sk != schema.SAID]
        return
    covered: set[str] = set()
    for sk, found in stretches.items():
        between = schema.stretch_number(sk), kept[sk]["last"]
        messages = [
            item
            for key, item in items.items()
            if key.startswith((schema.MESSAGE, schema.BRANCH))
            and between[0] <= schema.turn_number(key) <= between[1]
        ]
        covered |= {item["sk"] for item in messages}
        texts = [item["text"] for item in messages] if any(between) else [head["title"]]
        assert found == {word for text in texts for word in words.words(text)}
    for line in (schema.MESSAGE, schema.BRANCH):
        for key in sorted(sk for sk in items if sk.startswith(line)):
            answer = items.get(f"{key[:-1]}1", {})
            if answer.get("status") == WRITING:
                break
            assert key in covered


def assert_shared(table: Table, user_id: str, conversation_id: str) -> None:
    """Every copy is in its owner's list, whole where it can be read, and nothing is left of one revoked."""
    sharing = Sharing(table)
    listed = sharing.shares(user_id)
    for share in listed:
        copy = sharing.read(share.id)
        assert copy is None or copy.turns
        sharing.revoke(user_id, conversation_id, share.id)
        assert not table.sort_keys(schema.shared(share.id), "")
    assert sharing.shares(user_id) == []


def kept_places(items: dict[str, Item]) -> list[str]:
    """What stands in the lists of pinned ones and of folders: whose places they are."""
    pinned = [sk.removeprefix(schema.PINNED) for sk in items if sk.startswith(schema.PINNED)]
    return pinned + [sk.removeprefix(schema.FILED) for sk in items if sk.startswith(schema.FILED)]


def filed(head: Item | None) -> list[str]:
    folder = head.get("folder", "") if head else ""
    return [f"{folder}#{head['sk'].removeprefix(schema.CONVERSATION)}"] if head and folder else []


def assert_branches(store: Conversations, user_id: str, conversation_id: str) -> None:
    """Every message is shown once, in order, in its branch, and can be got at by choosing versions."""
    seen = store.page(user_id, conversation_id, turns=1000)
    if seen is None:
        return
    assert_told(seen)
    reached: set[int] = set()
    while True:
        seen = store.page(user_id, conversation_id, turns=1000)
        assert seen is not None
        parents = [0, *(turn.number for turn in seen.turns)]
        assert [turn.parent for turn in seen.turns] == parents[:-1]
        assert seen.last == parents[-1]
        reached |= set(parents[1:])
        assert_told(seen)
        following = next_to_look_at(seen, reached)
        if following is None:
            break
        store.choose(user_id, seen, *following)
    stored = {
        schema.turn_number(sk)
        for sk in items_of(store._table, user_id)
        if sk.startswith((schema.MESSAGE, schema.BRANCH))
    }
    assert reached == stored


def next_to_look_at(seen: Conversation, reached: set[int]) -> tuple[int, int] | None:
    """A version that was not shown yet, of the last turn that has one, and the one that is shown."""
    for turn in reversed(seen.turns):
        assert not turn.versions or turn.number in turn.versions
        for version in turn.versions:
            if version not in reached:
                return turn.number, version
    return None


def assert_told(seen: Conversation) -> None:
    """The summary tells of the turns of the branch that is shown, up to where it says, and of no others."""
    told = [turn.number for turn in seen.turns if turn.number <= seen.summarized_to]
    assert seen.summary == " ".join(map(str, told))


@pytest.fixture(scope="module")
def tables(dynamodb: Any, monkeypatch_module: pytest.MonkeyPatch) -> str:
    """One table for all examples, and pieces so small that a few turns are several."""
    from tests.gradio_app.tables import create_table

    monkeypatch_module.setattr(branches, "PATH", 2)
    monkeypatch_module.setattr(reading, "BRANCH_TURNS_AT_ONCE", 2)
    monkeypatch_module.setattr(deletion, "PURGED_AT_ONCE", 3)
    name = f"interleaving-{uuid4().hex}"
    create_table(dynamodb, name)
    return name


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch
