"""Conversations whose time is over: never shown, and deleted whole by one task a day."""

from uuid import uuid4

import pytest

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket
from gradio_app.store.conversations import Conversations
from gradio_app.store.expiring import Expiring
from gradio_app.store.exporting import Exporting
from gradio_app.store.files import AttachedFiles
from gradio_app.store.retention import DAY_SECONDS, Retention
from gradio_app.store.said import Said
from gradio_app.store.table import ConflictError, Table
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.in_process import InProcess

DAYS = 30


class Deployment:
    """A table and a bucket, with conversations of some ages."""

    def __init__(self) -> None:
        self.client, self.s3 = InProcess(f"expiring-{uuid4().hex}"), FakeS3()
        self.table = Table(self.client, self.client.table_name)
        self.files = AttachedFiles(self.table, Bucket(self.s3, "files"))
        self.retention = Retention(DAYS)
        self.store = Conversations(self.table, self.files, self.retention)
        self.expiring = Expiring(self.table, self.store, self.retention)

    def talk(self, days: float, title: str = "a secret", user_id: str = "ana") -> str:
        """A conversation that changed last so long ago."""
        conversation_id = new_id()
        number = self.store.ask(user_id, Conversation(conversation_id), title)
        self.store.answer(user_id, conversation_id, number, "me", Answer(plain("yes")))
        self.age(conversation_id, days, user_id)
        return conversation_id

    def age(self, conversation_id: str, days: float, user_id: str = "ana") -> None:
        key = schema.conversation(conversation_id)
        head = self.table.get(schema.person(user_id), key)
        assert head
        earlier = {
            name: head[name] - int(days * DAY_SECONDS)
            for name in ("updated_at", "unpinned_at")
            if name in head
        }
        self.table.update(schema.person(user_id), key, earlier)

    def tomorrow(self) -> None:
        self.table.update(schema.SWEEP, schema.SWEEP, {"after": 0})


@pytest.fixture
def here() -> Deployment:
    return Deployment()


def test_what_is_over_is_shown_nowhere_and_changed_by_nobody(here: Deployment) -> None:
    old, new = here.talk(DAYS + 0.1), here.talk(DAYS - 0.1, "new")
    list(Said(here.table).catch_up("ana"))
    folder = here.store.add_folder("ana", "Work")
    assert [each.id for each in here.store.headings("ana", None, 5)] == [new]
    assert [each.id for each in here.store.headings_of("ana", [old, new])] == [new]
    for read in (here.store.head, here.store.page):
        assert read("ana", old) is None
        assert read("ana", new) is not None
    exported = Exporting(here.table, here.retention)
    assert [each["id"] for each in exported.heads("ana", [])] == [new]
    assert list(exported.heads("ana", [old])) == []
    for change in (
        lambda: here.store.pin("ana", old, pinned=True),
        lambda: here.store.rename("ana", old, "mine"),
        lambda: here.store.move("ana", old, folder.id),
        lambda: here.store.ask("ana", Conversation(old), "once more"),
    ):
        with pytest.raises(ConflictError):
            change()
    for_ever = Conversations(here.table)
    assert {each.id for each in for_ever.headings("ana", None, 5)} == {old, new}


def test_it_is_deleted_whole_and_only_that(here: Deployment) -> None:
    old, new, hers = here.talk(DAYS + 1), here.talk(1, "new"), here.talk(DAYS + 1, "hers", "berta")
    list(Said(here.table).catch_up("ana"))
    for each in (old, new):
        here.s3.put_object(Bucket="files", Key=f"{schema.files('ana', each)}x", Body=b"x")
    assert here.expiring.sweep() == 2
    rest = [item["sk"] for item in here.table.query(schema.person("ana")) if old in item["sk"]]
    assert rest == [schema.deleted(old)]
    assert [key for key in here.table.sort_keys(schema.said("ana"), "") if old in key] == [
        schema.changed(old, 0)
    ]
    assert [key for key in here.s3.objects if old in str(key)] == []
    assert [key for key in here.s3.objects if new in str(key)]
    assert here.store.head("ana", new)
    assert here.table.get(schema.person("berta"), schema.conversation(hers)) is None
    storage = here.table.get(schema.person("berta"), schema.STORAGE)
    assert storage
    assert storage["bytes"] == 0


def test_pinned_ones_stay_and_count_anew_when_they_are_let_go(here: Deployment) -> None:
    kept = here.talk(1)
    here.store.pin("ana", kept, pinned=True)
    here.age(kept, 2 * DAYS)
    assert here.expiring.sweep() == 0
    assert [each.id for each in here.store.pinned("ana")] == [kept]
    here.store.pin("ana", kept, pinned=False)
    here.tomorrow()
    assert here.expiring.sweep() == 0
    assert here.store.head("ana", kept)
    here.age(kept, DAYS + 1)
    assert here.store.head("ana", kept) is None
    here.tomorrow()
    assert here.expiring.sweep() == 1


def test_one_task_a_day_does_it_and_what_is_asked_meanwhile_stays(here: Deployment) -> None:
    old = here.talk(DAYS + 1)
    other = Expiring(here.table, here.store, here.retention)
    assert here.expiring.sweep() == 1
    another = here.talk(DAYS + 1)
    assert other.sweep() == 0
    here.tomorrow()
    assert other.sweep(lambda: True) == 0, "a task that stops"
    here.age(another, -DAYS)
    assert not here.store.expire("ana", another)
    assert not here.store.expire("ana", old)
    assert here.store.head("ana", another)


def test_a_deletion_that_was_cut_off_is_gone_on_with(here: Deployment) -> None:
    old = here.talk(DAYS + 1)
    here.s3.put_object(Bucket="files", Key=f"{schema.files('ana', old)}x", Body=b"x")
    here.s3.down = True
    assert here.expiring.sweep() == 0
    here.s3.down = False
    here.tomorrow()
    assert here.expiring.sweep() == 1
    assert here.table.get(schema.person("ana"), schema.conversation(old)) is None
    assert here.s3.objects == {}


def test_nothing_is_read_where_conversations_are_kept_for_ever(here: Deployment) -> None:
    here.talk(10 * DAYS)
    here.client.calls.clear()
    assert Expiring(here.table, here.store, Retention()).sweep() == 0
    assert here.client.calls == []
