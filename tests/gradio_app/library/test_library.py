"""Libraries in the table: what is counted, listed, found and grouped, and that nothing of it is another's."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from gradio_app.library.adding import NotAddedError
from gradio_app.library.document import (
    DOCUMENT_BYTES,
    Counts,
    Document,
    Quotas,
    State,
    content_id,
    group_library,
)
from gradio_app.store import schema
from gradio_app.store.library import COLLECTIONS, DuplicateError, QuotaError
from gradio_app.store.schema import own_library
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.in_process import UNHEARD
from tests.gradio_app.library.kit import World


@pytest.fixture
def world() -> World:
    return World()


def names(world: World, library: str = "user-ana", **filters: Any) -> list[str]:
    found, _ = world.library.page(library, 100, **filters)
    return [each.name for each in found]


def add(world: World, name: str, text: str = "", library: str = "user-ana", **more: Any) -> Document:
    world.now += 0.01
    return world.adding().add(library, "ana", name, (text or f"text of {name}").encode(), **more)


def test_the_same_content_is_one_document(world: World) -> None:
    added = add(world, "one.txt", "same")
    with pytest.raises(DuplicateError) as duplicate:
        add(world, "two.txt", "same")
    assert duplicate.value.document.name == "one.txt"
    assert world.library.counts("user-ana").files == 1
    assert add(world, "one.txt", "same", "user-berta").id == added.id


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"", "empty"),
        ("a.txt", b" \n\t", "empty"),
        ("a.pdf", b"x" * (DOCUMENT_BYTES + 1), "too_large"),
        ("a.pdf", b"\x00\x01\x02\x03", "unsupported"),
        ("a.exe", b"MZ\x90\x00\x03\x00\x00\x00", "unsupported"),
        ("a.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDRxxxxIDATxxxxIEND\xaeB`\x82", "image"),
    ],
)
def test_what_cannot_be_asked_is_not_added(world: World, name: str, content: bytes, reason: str) -> None:
    with pytest.raises(NotAddedError) as refused:
        world.adding().add("user-ana", "ana", name, content)
    assert refused.value.reason == reason
    world.assert_nothing_is_left()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\plan.txt", "plan.txt"),
        ("a\r\nSet-Cookie: x.txt", "a Set-Cookie: x.txt"),
        ("\u202egpj.exe.txt", "gpj.exe.txt"),
        ("\ud800.txt", None),
        ("عقد 📎.txt", "عقد 📎.txt"),
        ("   ", "document"),
        ("", "document"),
        ("x" * 5000 + ".txt", None),
    ],
)
def test_any_name_is_shown_in_one_line(world: World, name: str, shown: str | None) -> None:
    added = add(world, name, "words")
    assert shown is None or added.name == shown
    assert 0 < len(added.name) <= 150
    assert added.name.isprintable() or "\u200d" in added.name
    assert names(world) == [added.name]


def test_quotas_are_kept(world: World) -> None:
    for number in range(5):
        add(world, f"{number}.txt")
    with pytest.raises(QuotaError, match="files"):
        add(world, "one more.txt")
    with pytest.raises(QuotaError, match="bytes"):
        add(world, "large.txt", "x" * 100_001, "user-berta")
    add(world, "large.txt", "x" * 60_000, "user-berta")
    with pytest.raises(QuotaError, match="bytes"):
        add(world, "large too.txt", "y" * 60_000, "user-berta")
    assert world.library.counts("user-berta") == Counts(files=1, bytes=60_000, working=1)
    assert len(world.bucket.objects) == 6


def test_no_quota_is_no_library() -> None:
    world = World(Quotas(files=0, bytes=10, pages=10))
    with pytest.raises(QuotaError):
        add(world, "a.txt", "words")


def test_uploads_at_the_same_time_do_not_exceed_a_quota(world: World) -> None:
    def add_one(number: int) -> bool:
        try:
            world.adding().add("user-ana", "ana", "a.txt", f"text {number}".encode())
        except QuotaError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add_one, range(16))) == 5
    assert world.library.counts("user-ana").files == 5
    world.finish()
    assert world.library.counts("user-ana").working == 0


def test_the_same_upload_twice_at_once_is_one_document(world: World) -> None:
    def add_it(_: int) -> bool:
        try:
            world.adding().add("user-ana", "ana", "a.txt", b"same words")
        except DuplicateError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(add_it, range(8))) == 1
    assert world.library.counts("user-ana").files == 1
    world.finish()
    (found,), _ = world.library.page("user-ana", 10)
    assert found.state is State.READY


def test_a_bucket_that_is_out_of_reach_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def out(*_: Any) -> None:
        raise TableUnreachable("out")

    with monkeypatch.context() as patched:
        patched.setattr(world.bucket, "put", out)
        with pytest.raises(TableUnreachable):
            add(world, "a.txt")
    assert world.task().work_on_one(urgent=False)
    world.assert_nothing_is_left()


def test_the_list_comes_in_pages_the_newest_first() -> None:
    world = World(Quotas(files=100, bytes=10**6, pages=100))
    for number in range(25):
        add(world, f"{number}.txt")
    seen: list[str] = []
    place = None
    while True:
        world.client.items_read = 0
        page, place = world.library.page("user-ana", 10, place)
        seen += [each.name for each in page]
        if place is None:
            break
        assert len(page) == 10
    assert seen == [f"{number}.txt" for number in reversed(range(25))]


@pytest.mark.slow
def test_a_list_reads_no_more_of_a_long_one() -> None:
    world = World()
    rows = []
    for number in range(2_500):
        key = {"pk": schema.library("user-ana"), "sk": schema.listed(number, content_id(b"%d" % number))}
        rows.append({**key, "name": f"{number}.txt"})
    world.client.load(rows)
    world.client.items_read = 0
    world.library.page("user-ana", 20)
    assert world.client.items_read <= 100
    world.client.items_read = 0
    found, place = world.library.page("user-ana", 20, name="nowhere")
    assert (found, place is not None) == ([], True)
    assert world.client.items_read <= 2_100


def test_documents_are_found_by_name_whatever_its_case(world: World) -> None:
    for name in ("Plan de Año.txt", "plan b.txt", "other.txt"):
        add(world, name)
    assert names(world, name="PLAN") == ["plan b.txt", "Plan de Año.txt"]
    assert names(world, name="año") == ["Plan de Año.txt"]
    assert names(world, name="%") == []


def test_documents_are_renamed_and_grouped(world: World) -> None:
    added = add(world, "a.txt")
    add(world, "b.txt")
    group = world.library.add_collection("user-ana", "Work")
    assert world.library.rename("user-ana", added.id, "c.txt")
    assert world.library.move("user-ana", added.id, group.id)
    assert names(world, collection=group.id) == ["c.txt"]
    assert world.library.ids_of("user-ana", group.id) == [added.id]
    assert world.library.rename_collection("user-ana", group.id, "Home")
    assert [each.name for each in world.library.collections("user-ana")] == ["Home"]
    world.library.delete_collection("user-ana", group.id)
    assert world.library.collections("user-ana") == []
    assert names(world) == ["b.txt", "c.txt"]
    assert not world.library.rename_collection("user-ana", group.id, "gone")
    assert not world.library.move("user-ana", added.id, group.id)
    assert world.library.move("user-ana", added.id, "")


@pytest.mark.slow
def test_there_are_so_many_collections_and_no_more(world: World) -> None:
    for number in range(COLLECTIONS):
        world.library.add_collection("user-ana", str(number))
    with pytest.raises(QuotaError, match="collections"):
        world.library.add_collection("user-ana", "one more")


HOSTILE = ["", "#", "../x", "a" * 64, "A" * 64, "0" * 63 + "\n", "0" * 64 + "#", "\u0660" * 64, "0" * 5000]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_no_id_finds_and_changes_nothing(world: World, text: str) -> None:
    add(world, "a.txt")
    before = world.rows()
    library = world.library
    assert library.get("user-ana", text) is None
    assert library.many("user-ana", [text]) == {}
    assert not library.rename("user-ana", text, "x")
    assert not library.move("user-ana", text, "")
    assert not library.delete("user-ana", text)
    assert not library.rename_collection("user-ana", text, "x")
    library.delete_collection("user-ana", text)
    assert world.rows() == before


def test_nothing_of_one_library_is_another_s(world: World) -> None:
    mine = add(world, "mine.txt", library="user-ana")
    group = world.library.add_collection("user-ana", "Mine")
    world.finish()
    before = world.rows()
    library, other = world.library, "user-berta"
    assert library.get(other, mine.id) is None
    assert library.page(other, 10) == ([], None)
    assert library.many(other, [mine.id]) == {}
    assert library.counts(other) == Counts()
    assert library.collections(other) == []
    assert not library.rename(other, mine.id, "x")
    assert not library.move(other, mine.id, group.id)
    assert not library.delete(other, mine.id)
    assert not library.index_anew(other, mine)
    library.delete_collection(other, group.id)
    assert not library.rename_collection(other, group.id, "x")
    theirs = add(world, "theirs.txt", library=other)
    assert not library.move(other, theirs.id, group.id)
    library.delete(other, theirs.id)
    world.finish()
    assert world.rows() == before
    assert world.texts()


def test_libraries_have_ids_of_their_own() -> None:
    ids = [own_library("a"), own_library("everybody"), group_library("a"), group_library("a#b"), "everybody"]
    assert len(set(ids)) == len(ids)


class Owner(RuleBasedStateMachine):
    """Whatever one does in whatever order, though answers get lost: the counts are those of what is there."""

    @initialize()
    def begin(self) -> None:
        self.world = World(Quotas(files=4, bytes=60, pages=3))

    def _ids(self) -> list[str]:
        found, _ = self.world.library.page("user-ana", 100)
        return [each.id for each in found]

    @rule(number=st.integers(0, 7), unheard=st.booleans())
    def add(self, number: int, unheard: bool) -> None:
        if unheard:
            self.world.client.next_fault = UNHEARD
        with suppress(DuplicateError, QuotaError, TableUnreachable):
            self.world.add("x" * (number * 5 + 1))
        self.world.client.next_fault = ""

    @rule(data=st.data(), unheard=st.booleans())
    def delete(self, data: st.DataObject, unheard: bool) -> None:
        if not (ids := self._ids()):
            return
        self.world.client.next_fault = UNHEARD if unheard else ""
        with suppress(TableUnreachable):
            self.world.library.delete("user-ana", data.draw(st.sampled_from(ids)))
        self.world.client.next_fault = ""

    @rule()
    def work(self) -> None:
        self.world.now += 100
        self.world.task().work_on_one()

    @rule()
    def lose_a_file(self) -> None:
        self.world.bucket.objects.clear()

    @invariant()
    def counts_are_true(self) -> None:
        if not hasattr(self, "world"):
            return
        found, _ = self.world.library.page("user-ana", 100)
        counts = self.world.library.counts("user-ana")
        assert counts.files == len(found) <= 4
        assert counts.bytes == sum(each.counted_bytes for each in found) <= 60
        assert counts.pages == sum(each.counted_pages for each in found) <= 3
        assert counts.working == len(self.world.work()) == sum(bool(each.work) for each in found)


TestOwner = pytest.mark.slow(Owner.TestCase)
TestOwner.settings = settings(max_examples=40, stateful_step_count=25)
