"""Attached files go where their message goes, and what dies between table and bucket leaves nothing."""

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradio_app.chat.attachments import File, Files, new_file_id
from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.store import conversations, schema
from gradio_app.store import files as module
from gradio_app.store.bucket import Bucket, BucketUnreachable, MissingObjectError
from gradio_app.store.conversations import ActionRefusedError, Conversations, FullError
from gradio_app.store.files import AttachedFiles, Taken, TooManyUploadsError, UploadGoneError
from gradio_app.store.messages import files_of
from gradio_app.store.table import ConflictError, Table, TableUnreachable
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.in_process import InProcess

pytestmark = pytest.mark.slow

ANA, BERTA = "ana", "berta"
ME, SOON = "me", 2**33


class World:
    """A table and a bucket in memory, and a clock."""

    names = itertools.count()

    def __init__(self) -> None:
        self.client = InProcess(f"files-{next(self.names)}")
        self.s3 = FakeS3()
        self.time = 1_800_000_000.0
        self.table = Table(self.client, f"files-{next(self.names) - 1}", sleep=lambda _: None)
        self.files = AttachedFiles(self.table, Bucket(self.s3, "files"), lambda: self.time)
        self.store = Conversations(self.table, self.files)
        self.here = new_id()

    def upload(self, text: str = "words", user_id: str = ANA, **known: Any) -> File:
        size: dict[str, Any] = {"bytes": 4, "text_bytes": len(text)} | known
        file = File(new_file_id(), "a.pdf", "pdf", **size)
        self.files.upload(user_id, file, b"%PDF", text)
        return file

    def seen(self) -> Conversation:
        return self.store.page(ANA, self.here, turns=1000) or Conversation(self.here)

    def ask(self, *uploads: File, kept: Files = (), **more: Any) -> int:
        """Ask with files, as a turn does, and have it answered."""
        taken = self.files.take(ANA, self.here, uploads)
        try:
            number = self.store.ask(
                ANA, self.seen(), "what is it?", files=(*kept, *taken.files), actions=taken.actions, **more
            )
        except Exception:
            self.files.give_up(ANA, taken)
            raise
        self.files.stored(ANA, taken)
        self.store.answer(ANA, self.here, number, "", Answer(plain("an answer")))
        return number

    def named(self) -> set[str]:
        """The files that some message names, in whichever branch; none of a conversation that is hidden."""
        if self.store.head(ANA, self.here) is None:
            return set()
        parts = schema.parts_of(self.here)
        items = (item for each in parts for item in self.table.query(schema.person(ANA), prefix=each))
        return {file.id for item in items for file in files_of(item)}

    def kept(self) -> set[str]:
        """The files of messages in the bucket."""
        ids = {key.rpartition("/")[2] for key in self.s3.objects if key.startswith("files/")}
        return {each.removesuffix(".txt") for each in ids}

    def pending(self) -> set[str]:
        """The files in the bucket that are not sent, which end by themselves."""
        return {key for key in self.s3.objects if key.startswith("uploads/")}

    def later(self) -> None:
        """A page opens when nothing is under way any more."""
        self.time += module.TAKING_SECONDS + 1
        self.files.clear(ANA)

    def left(self) -> list[str]:
        return self.table.sort_keys(schema.person(ANA), schema.LEFT)

    def counted(self) -> int:
        """What all messages say that they take."""
        parts = schema.parts_of(self.here)
        items = (item for each in parts for item in self.table.query(schema.person(ANA), prefix=each))
        return sum(item.get("bytes", 0) for item in items)

    def stored_bytes(self) -> tuple[int, int]:
        storage = self.table.get(schema.person(ANA), schema.STORAGE) or {}
        return self.seen().stored_bytes, storage.get("bytes", 0)


@pytest.fixture
def world() -> World:
    return World()


def test_a_file_of_a_message_is_there_until_its_message_goes(world: World) -> None:
    file = world.upload()
    number = world.ask(file)
    [turn] = world.seen().turns
    assert turn.files == (file,)
    assert world.files.content(ANA, world.here, file.id) == b"%PDF"
    assert world.files.text(ANA, world.here, file.id, 3) == "wor"
    assert not world.pending(), "it is an upload no more"
    assert world.files.uploads(ANA, [file.id]) == ()
    assert not world.left()

    world.store.undo(ANA, world.seen(), number)
    assert not world.s3.objects
    assert not world.left()
    with pytest.raises(MissingObjectError):
        world.files.content(ANA, world.here, file.id)


def test_files_count_into_what_is_stored(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.ask()
    before = world.stored_bytes()
    number = world.ask(world.upload("x" * 5000, bytes=70_000))
    conversation, person = world.stored_bytes()
    assert conversation - before[0] > 75_000
    assert conversation == person
    world.store.undo(ANA, world.seen(), number)
    assert world.stored_bytes() == before
    monkeypatch.setattr(conversations, "CONVERSATION_BYTES", 50_000)
    with pytest.raises(FullError):
        world.ask(world.upload(bytes=60_000))
    assert not world.kept()


def test_a_retried_question_keeps_its_files_and_an_edited_one_those_that_stay(world: World) -> None:
    one, other, third = world.upload(), world.upload(), world.upload()
    number = world.ask(one, other)
    number = world.ask(kept=(one, other), replaces=number)
    assert world.kept() == world.named() == {one.id, other.id}
    world.ask(third, kept=(other,), replaces=number)
    assert [turn.files for turn in world.seen().turns] == [(other, third)]
    assert world.kept() == world.named() == {one.id, other.id, third.id}


def test_a_file_of_several_versions_counts_once_and_goes_with_the_last(world: World) -> None:
    file, size = world.upload(bytes=50_000), 50_000
    first = world.ask(file)
    second = world.ask(kept=(file,), replaces=world.ask(kept=(file,), replaces=first))
    assert size < world.stored_bytes()[0] < 2 * size
    world.store.choose(ANA, world.seen(), second, first)
    for number in (first, *world.seen().turns[0].versions[1:]):
        assert size < world.stored_bytes()[0] < 2 * size, number
        assert world.kept() == {file.id}
        world.store.undo(ANA, world.seen(), world.seen().last)
    assert world.stored_bytes() == (0, 0)
    assert not world.kept()


def test_a_question_without_an_answer_is_asked_anew_with_its_files(world: World) -> None:
    file = world.upload(bytes=50_000)
    taken = world.files.take(ANA, world.here, (file,))
    number = world.store.ask(ANA, world.seen(), "what is it?", files=(file,), actions=taken.actions)
    world.ask(kept=(file,), replaces=number)
    assert [turn.versions for turn in world.seen().turns] == [()]
    assert 50_000 < world.stored_bytes()[0] < 100_000
    assert world.kept() == world.named() == {file.id}


def test_deleting_a_conversation_deletes_its_files_and_no_others(world: World) -> None:
    world.ask(world.upload())
    elsewhere, here = world.here, new_id()
    world.here = here
    world.ask(world.upload(), world.upload())
    mine, waiting = world.kept(), world.upload()
    world.store.delete(ANA, here)
    world.here = elsewhere
    assert world.kept() == world.named()
    assert world.kept() < mine
    assert world.files.uploads(ANA, [waiting.id]) == (waiting,)


def test_a_deletion_without_its_bucket_stays_hidden_and_goes_on_later(world: World) -> None:
    world.ask(world.upload())
    world.s3.down = True
    world.store.delete(ANA, world.here)
    assert world.store.head(ANA, world.here) is None
    assert world.store.headings(ANA, None, 10) == []
    assert world.s3.objects
    world.s3.down = False
    world.store.headings(ANA, None, 10)
    assert not world.s3.objects
    assert world.table.get(schema.person(ANA), schema.conversation(world.here)) is None


def test_without_the_bucket_nothing_is_stored_and_the_upload_stays(world: World) -> None:
    file = world.upload()
    world.s3.down = True
    with pytest.raises(BucketUnreachable):
        world.ask(file)
    assert world.seen().version == 0
    world.s3.down = False
    assert world.files.uploads(ANA, [file.id]) == (file,)
    world.ask(file)
    assert world.kept() == world.named() == {file.id}


class Killed(BaseException):
    """Stands for the end of a process."""


@pytest.mark.parametrize("step", range(12))
@pytest.mark.parametrize("act", ["ask", "undo", "edit", "delete"])
def test_a_death_at_any_call_leaves_nothing_for_ever_and_takes_nothing_away(act: str, step: int) -> None:
    world = World()
    first = world.ask(world.upload(), world.upload())
    number = world.ask(world.upload())
    seen, new = world.seen(), world.upload()
    calls = itertools.count()

    def die(*_: object) -> None:
        if next(calls) == step:
            raise Killed

    real = world.client._answer

    def answer(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        die()
        return real(operation, arguments)

    world.client._answer = answer  # type: ignore[method-assign]
    world.s3.before = die
    kept = seen.turns[0].files[:1]
    try:
        if act == "ask":
            taken = world.files.take(ANA, world.here, (new,))
            world.store.ask(ANA, seen, "and?", files=taken.files, actions=taken.actions)
            world.files.stored(ANA, taken)
        elif act == "undo":
            world.store.undo(ANA, seen, number)
        elif act == "edit":
            world.store.ask(ANA, seen, "or?", files=kept, replaces=first)
        else:
            world.store.delete(ANA, world.here)
    except Killed:
        pass
    world.client._answer = real  # type: ignore[method-assign]
    world.s3.before = lambda *_: None
    assert world.named() <= world.kept(), "what a message names is there"
    world.store.headings(ANA, None, 10)  # a deletion that was cut off goes on
    world.later()
    assert world.named() == world.kept()
    assert not world.left()


def test_a_message_is_not_stored_whose_files_were_taken_for_lost(world: World) -> None:
    file = world.upload()
    taken = world.files.take(ANA, world.here, (file,))
    world.later()  # the process hung for ten minutes
    assert not world.kept()
    with pytest.raises(ActionRefusedError):
        world.store.ask(ANA, Conversation(world.here), "late", files=taken.files, actions=taken.actions)
    assert world.seen().version == 0


def test_who_does_not_know_whether_it_was_stored_deletes_nothing_that_was(world: World) -> None:
    file = world.upload()
    taken = world.files.take(ANA, world.here, (file,))
    world.store.ask(ANA, Conversation(world.here), "heard?", files=taken.files, actions=taken.actions)
    world.files.give_up(ANA, taken)  # its answer did not arrive
    assert world.kept() == {file.id}


def test_what_waits_to_be_sent_is_bounded_and_given_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UPLOADS", 3)
    first, *_ = [world.upload() for _ in range(3)]
    with pytest.raises(TooManyUploadsError):
        world.upload()
    assert len(world.pending()) == 6, "nothing of the last one was kept: three files with their texts"
    world.upload(user_id=BERTA)
    world.files.drop_upload(ANA, first.id)
    world.upload()
    monkeypatch.setattr(module, "UPLOADS", 100)
    with pytest.raises(TooManyUploadsError):
        world.upload(bytes=module.UPLOADED_BYTES)
    world.time += module.KEPT_SECONDS + 1
    assert world.files.uploads(ANA, [first.id]) == ()
    world.upload(bytes=module.UPLOADED_BYTES - 100)


def test_an_upload_that_is_gone_is_said_to_be(world: World) -> None:
    file = world.upload()
    world.s3.objects.clear()
    with pytest.raises(UploadGoneError):
        world.files.take(ANA, world.here, (file,))
    assert not world.left()


def test_no_id_reaches_another_persons_files(world: World) -> None:
    waiting, sent = world.upload(), world.upload()
    world.ask(sent)
    assert world.files.uploads(BERTA, [waiting.id, sent.id]) == ()
    for file_id in (waiting.id, sent.id):
        with pytest.raises(MissingObjectError):
            world.files.open_upload(BERTA, file_id)
        with pytest.raises(MissingObjectError):
            world.files.content(BERTA, world.here, file_id)
    world.files.drop_upload(BERTA, waiting.id)
    assert world.files.uploads(ANA, [waiting.id]) == (waiting,)
    assert world.store.files_of_turn(BERTA, world.here, world.seen().turns[0].number) == ()


def test_a_question_that_goes_back_into_the_box_has_its_files_again(world: World) -> None:
    number = world.ask(world.upload("text"))
    [turn] = world.seen().turns
    [again] = world.files.give_back(ANA, world.here, turn.files)
    world.store.undo(ANA, world.seen(), number)
    assert again == replace(turn.files[0], id=again.id)
    assert world.files.uploads(ANA, [again.id]) == (again,)
    world.ask(again)
    assert world.files.text(ANA, world.here, again.id, 100) == "text"


acts = st.lists(
    st.tuples(st.sampled_from(("ask", "undo", "edit", "retry", "choose")), st.integers(0, 2)), max_size=8
)


@settings(max_examples=40)
@given(acts)
def test_whatever_people_do_the_bucket_has_what_messages_name(done: list[tuple[str, int]]) -> None:
    world = World()
    for act, which in done:
        turns = world.seen().turns
        turn = turns[which % len(turns)] if turns else None
        if turn is None or act == "ask":
            world.ask(*(world.upload() for _ in range(which)))
        elif act == "undo":
            world.store.undo(ANA, world.seen(), turns[-1].number)
        elif act == "edit":
            world.ask(world.upload(), kept=turn.files[:which], replaces=turn.number)
        elif act == "retry":
            world.ask(kept=turn.files, replaces=turn.number)
        elif len(turn.versions) > 1:
            others = [number for number in turn.versions if number != turn.number]
            world.store.choose(ANA, world.seen(), turn.number, others[which % len(others)])
        assert world.named() == world.kept()
        assert world.counted() == world.stored_bytes()[0]
    assert not world.left()
    conversation, person = world.stored_bytes()
    assert conversation == person


@pytest.fixture
def real(emulator: RunningEmulator) -> Bucket:
    client, name = emulator.client("s3"), f"files-{new_id()}"
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Bucket(client, name)


def test_the_bucket_speaks_s3(real: Bucket) -> None:
    real.put("uploads/ana/1", b"content")
    real.copy("uploads/ana/1", "files/ana/c/ñ 1")
    assert real.read("files/ana/c/ñ 1") == b"content"
    assert real.read("files/ana/c/ñ 1", 3) == b"con"
    stream = real.stream("files/ana/c/ñ 1")
    assert (stream.size, b"".join(stream.chunks)) == (7, b"content")
    real.put("files/ana/d/1", b"x")
    real.delete_all("files/ana/c/")
    for key in ("files/ana/c/ñ 1", "nothing"):
        with pytest.raises(MissingObjectError):
            real.read(key)
        with pytest.raises(MissingObjectError):
            real.stream(key)
        with pytest.raises(MissingObjectError):
            real.copy(key, "target")
    real.delete(["files/ana/d/1", "nothing"])
    real.delete_all("files/")


def test_a_bucket_that_is_not_there_is_said_to_fail(emulator: RunningEmulator) -> None:
    nowhere = Bucket(emulator.client("s3"), "no-such-bucket-anywhere")
    for call in (lambda: nowhere.put("k", b""), lambda: nowhere.delete_all("p")):
        with pytest.raises(TableUnreachable):
            call()


def test_nothing_is_taken_for_no_files(world: World) -> None:
    assert world.files.take(ANA, world.here, ()) == Taken()
    world.files.give_up(ANA, Taken())
    assert not world.client.calls[1:] or all(name == "create_table" for name, _ in world.client.calls)


def test_two_questions_at_once_store_one_and_keep_the_files_of_that(world: World) -> None:
    one, other = world.upload(), world.upload()
    seen = world.seen()
    taken = [world.files.take(ANA, world.here, (file,)) for file in (one, other)]
    world.store.ask(ANA, seen, "one", files=taken[0].files, actions=taken[0].actions)
    with pytest.raises(ConflictError):
        world.store.ask(ANA, seen, "other", files=taken[1].files, actions=taken[1].actions)
    world.files.give_up(ANA, taken[1])
    assert world.kept() == world.named() == {one.id}
    assert world.files.uploads(ANA, [other.id]) == (other,), "it can be sent again"
