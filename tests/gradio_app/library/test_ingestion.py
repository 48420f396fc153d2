"""Work on documents: whoever dies and whatever is deleted meanwhile, a document is ready once, or gone."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from gradio_app.documents.extracted import Extracted, Reason, Section, UnreadableError
from gradio_app.documents.extraction import Stopped
from gradio_app.library import ingestion
from gradio_app.library.document import (
    OVERLAP_SECONDS,
    PAGE_CHARACTERS,
    Counts,
    Document,
    Quotas,
    Refusal,
    State,
)
from gradio_app.library.ports import EmbeddingRefusedError
from gradio_app.store import schema
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.library.kit import Died, Fate, Model, World, cut, die, read

TEXT = "".join(f"{number:09d}\n" for number in range(40))
"""Forty passages: more than two batches."""
PASSAGES = [f"{number:09d}\n" for number in range(40)]


@pytest.fixture
def world() -> World:
    return World()


def document(world: World, added: Document, library: str = "user-ana") -> Document:
    found = world.library.get(library, added.id)
    assert found is not None
    return found


def assert_ready_once(world: World, added: Document) -> None:
    ready = document(world, added)
    assert (ready.state, ready.work, ready.done, ready.delayed) == (State.READY, "", 0, False)
    assert ready.model == world.model.model
    expected = {(added.id, ready.model, number): text for number, text in enumerate(PASSAGES)}
    assert world.texts() == expected
    assert world.library.counts("user-ana") == Counts(files=1, bytes=len(TEXT), pages=1)
    assert world.work() == []
    assert len(world.rows()) == 2


def test_a_document_becomes_ready(world: World) -> None:
    added = world.add(TEXT)
    assert document(world, added).state is State.WAITING
    assert world.task().work_on_one()
    assert_ready_once(world, added)
    assert not world.task().work_on_one()


def test_a_document_tells_how_far_it_is(world: World) -> None:
    added = world.add("\f" + TEXT)
    seen: list[tuple[State, int, int, int]] = []

    class Watching(Model):
        def embed(self, passages: Any) -> Any:
            now = document(world, added)
            seen.append((now.state, now.done, now.total, now.at_page))
            return super().embed(passages)

    world.task(embedder=Watching()).work_on_one()
    assert seen == [
        (State.EMBEDDING, 0, 41, 0), (State.EMBEDDING, 16, 41, 16), (State.EMBEDDING, 32, 41, 32),
    ]  # fmt: skip


def _calls(work: Callable[[World, Fate], object], prepare: Callable[[World], object] = lambda _: None) -> int:
    world, fate = World(), Fate()
    prepare(world)
    work(world, fate)
    return fate.calls


def _work(world: World, fate: Fate) -> None:
    world.task(fate).work_on_one()


def _add(world: World, fate: Fate) -> None:
    world.adding(fate).add("user-ana", "ana", "notes.txt", TEXT.encode())


@pytest.mark.slow
def test_whoever_dies_while_working_leaves_a_document_that_gets_ready_once() -> None:
    calls = _calls(_work, lambda world: world.add(TEXT))
    assert calls > 15
    for number in range(1, calls + 1):
        for fate in (Fate(number, before=die), Fate(number, after=die)):
            world = World()
            added = world.add(TEXT)
            with pytest.raises(Died):
                _work(world, fate)
            world.finish()
            assert_ready_once(world, added)


@pytest.mark.slow
def test_whoever_dies_while_adding_leaves_a_document_that_can_be_added_again() -> None:
    for number in range(1, _calls(_add) + 1):
        for fate in (Fate(number, before=die), Fate(number, after=die)):
            world = World()
            with pytest.raises(Died):
                _add(world, fate)
            world.finish()
            found, _ = world.library.page("user-ana", 10)
            assert [each.state for each in found] in ([], [State.READY], [State.REFUSED])
            if not found or found[0].state is State.REFUSED:
                assert not world.bucket.objects
                assert [each.reason for each in found] in ([], [Refusal.CUT_OFF])
                _add(world, Fate())
                world.finish()
            (ready,), _ = world.library.page("user-ana", 10)
            assert_ready_once(world, ready)


@pytest.mark.slow
@pytest.mark.parametrize("dies", [False, True], ids=["goes on", "dies"])
def test_a_document_that_is_deleted_meanwhile_leaves_nothing(dies: bool) -> None:
    calls = _calls(_work, lambda world: world.add(TEXT))
    for number in range(1, calls + 1):
        world = World()
        added = world.add(TEXT)

        def delete(world: World = world, added: Document = added) -> None:
            assert world.library.delete("user-ana", added.id)
            if dies:
                die()

        try:
            _work(world, Fate(number, after=delete))
        except Died:
            assert dies
        if not dies and world.rows():
            # The last call ended the work; then the deletion is work of its own.
            assert world.task().work_on_one(urgent=True)
        if dies:
            world.finish()
        world.assert_nothing_is_left()


@pytest.mark.slow
@pytest.mark.parametrize("deletes", [False, True], ids=["ingests", "deletes"])
def test_who_was_taken_for_dead_and_lives_does_no_harm(deletes: bool) -> None:
    calls = _calls(_work, lambda world: world.add(TEXT))
    for number in range(1, calls + 1):
        for moment in ("before", "after"):
            world = World()
            added = world.add(TEXT)

            def others(world: World = world, added: Document = added) -> None:
                if deletes:
                    world.library.delete("user-ana", added.id)
                world.finish()

            _work(world, Fate(number, before=others) if moment == "before" else Fate(number, after=others))
            world.finish()
            if deletes:
                world.assert_nothing_is_left()
            else:
                assert_ready_once(world, added)


@pytest.mark.slow
def test_whoever_dies_while_deleting_leaves_nothing() -> None:
    def prepared(world: World) -> None:
        added = world.add(TEXT)
        world.finish()
        world.library.delete("user-ana", added.id)

    calls = _calls(_work, prepared)
    for number in range(1, calls + 1):
        for fate in (Fate(number, before=die), Fate(number, after=die)):
            world = World()
            prepared(world)
            with pytest.raises(Died):
                _work(world, fate)
            world.finish()
            world.assert_nothing_is_left()


def test_who_goes_on_embeds_nothing_again(world: World) -> None:
    added = world.add(TEXT)

    class Dying(Model):
        def embed(self, passages: Any) -> Any:
            if self.asked == 2:
                raise Died
            return super().embed(passages)

    with pytest.raises(Died):
        world.task(embedder=Dying()).work_on_one()
    world.finish()
    assert world.model.asked == 1
    assert_ready_once(world, added)


def test_a_release_that_cuts_otherwise_begins_anew(world: World) -> None:
    added = world.add(TEXT)

    class Dying(Model):
        def embed(self, passages: Any) -> Any:
            if self.asked:
                raise Died
            return super().embed(passages)

    with pytest.raises(Died):
        world.task(embedder=Dying()).work_on_one()
    assert len(world.texts()) == ingestion.BATCH

    def halves(extracted: Extracted) -> Any:
        middle = len(extracted.text) // 2
        return [
            ingestion.Passage(0, extracted.text[:middle], 0, middle),
            ingestion.Passage(1, extracted.text[middle:], middle, len(extracted.text)),
        ]

    world.finish(cut=halves)
    assert world.texts() == {
        (added.id, "model-1", 0): TEXT[: len(TEXT) // 2],
        (added.id, "model-1", 1): TEXT[len(TEXT) // 2 :],
    }


@pytest.mark.parametrize("reason", [each for each in Reason if each is not Reason.BUSY])
def test_a_file_that_cannot_be_read_is_refused_in_words_and_takes_no_room(
    world: World, reason: Reason
) -> None:
    added = world.add(TEXT)

    def refusing(*_: Any) -> Extracted:
        raise UnreadableError(reason)

    world.task(read=refusing).work_on_one()
    refused = document(world, added)
    assert (refused.state, refused.reason) == (State.REFUSED, reason)
    assert world.library.counts("user-ana") == Counts(files=1)
    assert not world.bucket.objects
    world.library.delete("user-ana", added.id)
    world.finish()
    world.assert_nothing_is_left()


@pytest.mark.slow
def test_whoever_dies_while_refusing_leaves_a_refusal_that_takes_no_room() -> None:
    def refusing(*_: Any) -> Extracted:
        raise UnreadableError(Reason.PASSWORD)

    def work(world: World, fate: Fate) -> None:
        world.task(fate, read=refusing).work_on_one()

    calls = _calls(work, lambda world: world.add(TEXT))
    for number in range(1, calls + 1):
        for fate in (Fate(number, before=die), Fate(number, after=die)):
            world = World()
            added = world.add(TEXT)
            with pytest.raises(Died):
                work(world, fate)
            world.finish(read=refusing)
            assert document(world, added).reason == Reason.PASSWORD
            assert world.library.counts("user-ana") == Counts(files=1)
            assert not world.bucket.objects
            assert world.work() == []


def test_what_was_refused_can_be_added_again(world: World) -> None:
    added = world.add(TEXT)
    world.bucket.objects.clear()
    world.task().work_on_one()
    assert document(world, added).reason == Refusal.CUT_OFF
    added = world.add(TEXT)
    world.finish()
    assert_ready_once(world, added)


def test_more_pages_than_there_is_room_for_are_refused() -> None:
    world = World(Quotas(files=5, bytes=10**6, pages=2))
    added = world.add("x" * PAGE_CHARACTERS * 2)
    world.task().work_on_one()
    assert document(world, added).state is State.READY
    more = world.add("one more page")
    world.task().work_on_one()
    refused = document(world, more)
    assert (refused.state, refused.reason) == (State.REFUSED, Refusal.PAGES)
    assert world.library.counts("user-ana").pages == 2


def test_a_document_that_kills_whoever_works_on_it_is_given_up(world: World) -> None:
    added = world.add(TEXT)

    def killing(*_: Any) -> Extracted:
        raise Died

    for _ in range(5):
        world.now += 1000
        with pytest.raises(Died):
            world.task(read=killing).work_on_one()
    world.finish(read=killing)
    assert document(world, added).reason == Refusal.TOO_OFTEN


def test_an_outage_is_not_held_against_a_document(world: World) -> None:
    added = world.add(TEXT)

    def out(*_: Any) -> Extracted:
        raise TableUnreachable("out")

    for _ in range(10):
        with pytest.raises(TableUnreachable):
            world.task(read=out).work_on_one()
    world.finish()
    assert_ready_once(world, added)


def test_a_busy_model_makes_a_document_wait_and_say_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "FIRST_WAIT_SECONDS", 0.01)
    added = world.add(TEXT)
    delayed: list[bool] = []
    world.model.busy = 3
    world.model.on_busy = lambda: delayed.append(document(world, added).delayed)
    world.task().work_on_one()
    assert delayed == [False, True, True]
    assert_ready_once(world, added)


def test_what_is_deleted_is_deleted_while_the_model_is_busy(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingestion, "FIRST_WAIT_SECONDS", 0.01)
    other = world.add("other words")
    world.task().work_on_one()
    added = world.add(TEXT)
    world.model.busy = 2
    world.model.on_busy = lambda: world.library.delete("user-ana", other.id)
    world.task().work_on_one()
    assert_ready_once(world, added)


def test_other_files_being_read_make_a_document_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "FIRST_WAIT_SECONDS", 0.01)
    added = world.add(TEXT)
    busy = [True, True]

    def reading(*_: Any) -> Extracted:
        if busy:
            busy.pop()
            raise UnreadableError(Reason.BUSY)
        return Extracted(text=TEXT, sections=(Section(text=TEXT, start=0),))

    world.task(read=reading).work_on_one()
    assert_ready_once(world, added)


def test_a_text_that_the_model_refuses_is_refused(world: World) -> None:
    added = world.add(TEXT)

    class Refusing(Model):
        def embed(self, passages: Any) -> Any:  # noqa: ARG002
            raise EmbeddingRefusedError("no")

    world.task(embedder=Refusing()).work_on_one()
    assert document(world, added).reason == Refusal.NOT_EMBEDDED


def test_a_task_that_stops_leaves_its_work_to_another_at_once(world: World) -> None:
    added = world.add(TEXT)

    def stopping(_content: bytes, _kind: str, stop: threading.Event) -> Extracted:
        world.stopping.set()
        assert stop.wait(10)
        raise Stopped

    for _ in range(6):  # it is not to blame, however often that happens
        world.stopping.clear()
        assert world.task(read=stopping).work_on_one()
    world.stopping.clear()
    assert world.task().work_on_one()
    assert_ready_once(world, added)


def test_a_deletion_ends_the_reading_of_a_document(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingestion, "VOUCH_SECONDS", 0.0)
    added = world.add(TEXT)

    def reading(_content: bytes, _kind: str, stop: threading.Event) -> Extracted:
        world.library.delete("user-ana", added.id)
        assert stop.wait(10)
        raise Stopped

    world.task(read=reading).work_on_one()
    world.assert_nothing_is_left()


def test_another_model_embeds_anew_while_the_old_vectors_serve(world: World) -> None:
    added = world.add(TEXT)
    world.finish()
    old = world.texts()
    stale = document(world, added)
    assert world.library.index_anew("user-ana", stale)
    assert not world.library.index_anew("user-ana", stale)

    class Watching(Model):
        def embed(self, passages: Any) -> Any:
            assert document(world, added).state is State.READY
            assert old.items() <= world.texts().items()
            return super().embed(passages)

    world.model = Watching("model-2")
    world.finish()
    assert world.model.asked
    assert_ready_once(world, added)


@pytest.mark.slow
def test_whoever_dies_while_embedding_anew_leaves_one_set_of_passages() -> None:
    def prepared(world: World) -> Document:
        added = world.add(TEXT)
        world.finish()
        world.model = Model("model-2")
        world.now += OVERLAP_SECONDS
        assert world.library.bring_up_to_date("user-ana", "model-2")
        return added

    for number in range(1, _calls(_work, prepared) + 1):
        for fate in (Fate(number, before=die), Fate(number, after=die)):
            world = World()
            added = prepared(world)
            with pytest.raises(Died):
                _work(world, fate)
            world.finish()
            assert_ready_once(world, added)


def _forget_how_it_was_indexed(world: World, *documents: Document) -> None:
    """As releases left it that did not say so."""
    for each in documents:
        key = {"pk": schema.library("user-ana"), "sk": schema.document(each.id)}
        item = world.table.get(*key.values())
        assert item
        world.table.put({name: value for name, value in item.items() if name != "indexed"})


def test_what_an_earlier_release_indexed_is_indexed_anew_and_serves_meanwhile(world: World) -> None:
    added = world.add(TEXT)
    world.finish()
    assert not document(world, added).is_behind("model-1", world.now)
    old = world.texts()
    _forget_how_it_was_indexed(world, added)
    stale = document(world, added)
    assert stale.is_behind("model-1", world.now)
    assert world.library.bring_up_to_date("user-ana", "model-1", [stale])
    assert not world.library.bring_up_to_date("user-ana", "model-1", [stale])

    class Watching(Model):
        def embed(self, passages: Any) -> Any:
            assert document(world, added).state is State.READY
            assert world.texts() == old
            return super().embed(passages)

    world.model = Watching()
    world.finish()
    assert world.model.asked == 3
    assert_ready_once(world, added)
    assert not document(world, added).is_behind("model-1", world.now)


def test_documents_of_a_library_are_indexed_anew_one_after_the_other(world: World) -> None:
    added = [world.add(f"document {number}") for number in range(4)]
    elsewhere = world.add("of another", "user-berta")
    world.finish()
    world.model = Model("model-2")
    world.now += OVERLAP_SECONDS
    assert world.library.bring_up_to_date("user-ana", "model-2")
    others: list[int] = []

    class Watching(Model):
        def embed(self, passages: Any) -> Any:
            others.append(world.library.counts("user-ana").working)
            return super().embed(passages)

    world.model = Watching("model-2")
    world.finish()
    assert [document(world, each).model for each in added] == ["model-2"] * 4
    assert others == [1] * 4  # whoever adds something meanwhile waits for one of them at most
    assert document(world, elsewhere, "user-berta").model == "model-1"


def test_two_versions_with_two_models_do_not_undo_each_others_work(world: World) -> None:
    added = world.add(TEXT)
    world.finish()
    world.now += OVERLAP_SECONDS
    world.model = Model("model-2")
    assert world.library.bring_up_to_date("user-ana", "model-2")
    world.finish()
    assert document(world, added).model == "model-2"
    assert not world.library.bring_up_to_date("user-ana", "model-1"), "asked by a task of the version before"
    world.now += OVERLAP_SECONDS
    assert world.library.bring_up_to_date("user-ana", "model-1"), "rolled back"


def test_looking_begins_it_only_while_nothing_else_is_done_in_the_library(world: World) -> None:
    added = world.add(TEXT)
    world.finish()
    stale = [document(world, added)]
    world.now += OVERLAP_SECONDS
    world.add("is on its way")
    assert not world.library.bring_up_to_date("user-ana", "model-2", stale)
    world.finish()
    assert world.library.bring_up_to_date("user-ana", "model-2", stale)


def test_what_cannot_be_indexed_anew_serves_as_it_is_and_is_not_tried_again(world: World) -> None:
    refused, other = world.add(TEXT), world.add("another")
    world.finish()
    old = world.texts()
    _forget_how_it_was_indexed(world, refused, other)
    assert world.library.index_anew("user-ana", document(world, refused))

    def broken(content: bytes, kind: str, stop: threading.Event) -> Extracted:
        if content == TEXT.encode():
            raise UnreadableError(Reason.BROKEN, "as of now")
        return read(content, kind, stop)

    world.finish(read=broken)
    assert world.texts() == old
    assert document(world, refused).state is State.READY
    assert not document(world, refused).is_behind("model-1", world.now)
    assert not document(world, other).is_behind("model-1", world.now)


def test_a_release_that_finds_other_headings_begins_anew(world: World) -> None:
    added = world.add(TEXT)

    class Dying(Model):
        def embed(self, passages: Any) -> Any:
            if self.asked == 2:
                raise Died
            return super().embed(passages)

    with pytest.raises(Died):
        world.task(embedder=Dying()).work_on_one()
    world.finish(cut=lambda extracted: [replace(each, heading="Found") for each in cut(extracted)])
    assert world.model.asked == 3
    assert_ready_once(world, added)


def test_nobody_waits_behind_all_documents_of_another() -> None:
    world = World(Quotas(files=200, bytes=10**6, pages=1000))
    for number in range(30):
        world.add(f"document {number}")
    berta = world.add("only one", "user-berta")
    task = world.task()
    for _ in range(3):
        task.work_on_one()
    found = world.library.get("user-berta", berta.id)
    assert found
    assert found.state is State.READY


def test_an_empty_line_costs_one_read(world: World) -> None:
    world.client.calls.clear()
    assert not world.task().work_on_one()
    assert [operation for operation, _ in world.client.calls] == ["query"]
