"""Conversations with assistants: whose may begin one, that it keeps its version, and whom it ends for."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from gradio_app.assistants.access import OpenAssistants, shelf_of
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.assistant import EVERYBODY, OWN, Assistant, Label, Says
from gradio_app.chat.conversation import new_id
from gradio_app.chat.instructing import Instructing
from gradio_app.chat.lookup import Asker
from gradio_app.chat.model import Models
from gradio_app.store import assistants as kept
from gradio_app.store import schema
from gradio_app.store.assistants import StoredAssistants, TooManyAssistantsError
from gradio_app.store.table import ConflictError, Table
from tests.gradio_app.chatting import Chatting, make_chatting
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.in_process import InProcess

LAWYER = Says("Lawyer", "Speak of leases alone.")
POET = Says("Poet", "In verse alone.")


@pytest.fixture
def shelves(dynamodb: Any, table: str) -> StoredAssistants:
    return StoredAssistants(Table(dynamodb, table))


@pytest.fixture
def person(dynamodb: Any, table: str, models: Models, shelves: StoredAssistants) -> Chatting:
    instructing = Instructing(assistants=OpenAssistants(shelves))
    return make_chatting(dynamodb, table, models, instructing=instructing)


def system(fake: FakeBedrock) -> str:
    return fake.requests[-1]["system"][0]["text"]


def test_a_conversation_keeps_the_version_that_it_was_begun_with(
    person: Chatting, shelves: StoredAssistants, fake: FakeBedrock
) -> None:
    label = shelves.add(person.user_id, OWN, LAWYER)
    assert person.ask("answer: one", assistant=label.place).assistant == label
    assert LAWYER.instructions in system(fake)
    changed = shelves.change(person.user_id, label, POET)
    person.ask("answer: two", assistant=label.place)
    assert LAWYER.instructions in system(fake)
    shelves.delete(person.user_id, OWN, label.id)
    now = person.ask("answer: three")
    assert LAWYER.instructions in system(fake)
    assert (now.assistant, changed.version) == (label, 2)
    person.conversation_id = new_id()
    with pytest.raises(RefusedError) as gone:
        person.ask("answer: four", assistant=label.place)
    assert gone.value.reason == "assistant_gone"


def test_nobody_changes_who_answers_in_the_middle(
    person: Chatting, shelves: StoredAssistants, fake: FakeBedrock
) -> None:
    label = shelves.add(person.user_id, OWN, LAWYER)
    assert person.ask("answer: one").assistant is None
    assert person.ask("answer: two", assistant=label.place).assistant is None
    assert LAWYER.instructions not in system(fake)


def test_who_leaves_a_group_loses_its_assistants(
    person: Chatting, shelves: StoredAssistants, fake: FakeBedrock
) -> None:
    """The groups are those of the session, which looks at the pool every five minutes."""
    label = shelves.add("root", shelf_of("law"), LAWYER, group="law")
    person.ask("answer: one", assistant=label.place, groups=("law", "staff"))
    assert LAWYER.instructions in system(fake)
    asked = len(fake.requests)
    for others in ({}, {"replaces": person.now().last}, {"groups": ("staff",)}):
        with pytest.raises(RefusedError) as gone:
            person.ask("answer: two", **others)
        assert gone.value.reason == "assistant_gone"
    assert len(fake.requests) == asked
    assert person.ask("answer: three", groups=("law",)).turns[-1].answer


def test_what_is_no_place_begins_nothing(person: Chatting, shelves: StoredAssistants) -> None:
    label = shelves.add("berta", OWN, LAWYER)
    for place in (
        label.place,
        f"everybody/{label.id}",
        f"{shelf_of('law')}/{label.id}",
        f"own/{label.id}/1",
        "own/",
        "/",
        "own",
        "../own/" + label.id,
        "\ud800/\udfff",
    ):
        with pytest.raises(RefusedError) as gone:
            person.ask("answer: one", assistant=place)
        assert gone.value.reason == "assistant_gone"
    assert person.store.head(person.user_id, person.conversation_id) is None


def test_an_assistant_goes_with_its_conversation_and_counts_as_stored(
    person: Chatting, shelves: StoredAssistants, dynamodb: Any, table: str
) -> None:
    label = shelves.add(person.user_id, OWN, replace(LAWYER, instructions="x" * 6000))
    core = Table(dynamodb, table)
    assert person.ask("answer: one", assistant=label.place).stored_bytes > 6000
    pk = schema.person(person.user_id)
    assert core.get(pk, schema.assisted(person.conversation_id))
    person.store.delete(person.user_id, person.conversation_id)
    assert core.get(pk, schema.assisted(person.conversation_id)) is None
    stored = core.get(pk, schema.STORAGE)
    assert stored
    assert stored["bytes"] == 0


def test_everybody_is_offered_what_is_theirs(shelves: StoredAssistants) -> None:
    shelves.add("ana", OWN, LAWYER)
    shelves.add("root", EVERYBODY, POET)
    shelves.add("root", shelf_of("law"), Says("Notary"), group="law")
    offered = OpenAssistants(shelves).choosable
    assert [each.name for each in offered(Asker("ana", ("law",)))] == ["Lawyer", "Poet", "Notary"]
    assert [each.name for each in offered(Asker("berta"))] == ["Poet"]
    assert [each.name for each in offered(Asker("root", ("admins",)))] == ["Poet"]
    assert OpenAssistants(shelves).shelves(Asker("root", ("admins",))) == {shelf_of("law"): "law"}


NAMES = st.sampled_from(["Lawyer", "Poet", "Notary"])
SHELVES = st.sampled_from([OWN, EVERYBODY, shelf_of("law")])


class Shelves(RuleBasedStateMachine):
    """Two tasks that add, change and delete in any order: lists, counts and what is said agree."""

    labels: Bundle[Label] = Bundle("labels")

    def __init__(self) -> None:
        super().__init__()
        client = InProcess(f"shelves-{uuid4().hex}")
        self.tasks = [StoredAssistants(Table(client, client.table_name)) for _ in range(2)]
        self.table = Table(client, client.table_name)
        self.there: dict[tuple[str, str], Assistant] = {}
        self.turn = 0

    def task(self) -> StoredAssistants:
        self.turn += 1
        return self.tasks[self.turn % 2]

    @rule(target=labels, shelf=SHELVES, name=NAMES)
    def add(self, shelf: str, name: str) -> Any:
        says = Says(name, f"Be a {name}.")
        here = [each for each, _ in self.there if each == shelf]
        try:
            label = self.task().add("ana", shelf, says, group="law" if shelf.startswith("group") else "")
        except TooManyAssistantsError:
            assert len(here) == 3
            return multiple()
        assert len(here) < 3
        self.there[shelf, label.id] = Assistant(label, says)
        return label

    @rule(target=labels, label=labels, name=NAMES)
    def change(self, label: Label, name: str) -> Any:
        says = Says(name, f"Be more of a {name}.")
        now = self.there.get((label.shelf, label.id))
        try:
            changed = self.task().change("ana", label, says)
        except ConflictError:
            assert now is None or now.label.version != label.version
            return multiple()
        assert now
        assert changed.version == label.version + 1
        self.there[label.shelf, label.id] = Assistant(changed, says)
        return changed

    @rule(label=labels)
    def delete(self, label: Label) -> None:
        self.task().delete("ana", label.shelf, label.id)
        self.there.pop((label.shelf, label.id), None)

    @invariant()
    def agree(self) -> None:
        for shelf in (OWN, EVERYBODY, shelf_of("law")):
            wanted = {each.label for (on, _), each in self.there.items() if on == shelf}
            assert set(self.task().on("ana", shelf)) == wanted
            assert all(
                self.task().find("ana", shelf, each.id) == self.there[shelf, each.id] for each in wanted
            )
        assert self.task().groups() == (
            {shelf_of("law"): "law"} if any(on.startswith("group") for on, _ in self.there) else {}
        )
        own = self.table.get(schema.person("ana"), schema.ASSISTANTS)
        assert (own or {"count": 0})["count"] == sum(on == OWN for on, _ in self.there)


def test_two_tasks_keep_shelves_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "OWN_MOST", 3)
    monkeypatch.setattr(kept, "SHARED_MOST", 3)
    machine = Shelves.TestCase
    machine.settings = settings(max_examples=15, stateful_step_count=12, deadline=None)
    machine().runTest()
