"""Pins and folders, against DynamoDB as the emulator plays it."""

from typing import Any

import pytest

from gradio_app.chat.conversation import Heading, new_id
from gradio_app.store import organizing, schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.organizing import TooManyError
from gradio_app.store.table import ConflictError, Table
from tests.gradio_app.store.test_conversations import talk


def titles(headings: list[Heading]) -> list[str]:
    return [heading.title for heading in headings]


def lists(dynamodb: Any, table: str) -> list[str]:
    """The sort keys of all that makes lists of pinned ones and of folders."""
    store = Table(dynamodb, table)
    prefixes = (schema.PINNED, schema.FILED)
    return [key for prefix in prefixes for key in store.sort_keys(schema.person("ana"), prefix)]


def test_pinned_ones_are_listed_and_let_go(store: Conversations) -> None:
    first, second = (talk(store, new_id(), name).id for name in ("first", "second"))
    for each in (first, second, first):
        store.pin("ana", each, pinned=True)
    assert titles(store.pinned("ana")) == ["second", "first"]
    assert [heading.pinned for heading in store.headings("ana", None, 5)] == [True, True]
    store.pin("ana", first, pinned=False)
    assert titles(store.pinned("ana")) == ["second"]
    assert store.pinned("berta") == []


def test_there_are_only_so_many_pins_and_folders(
    store: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organizing, "PINS", 1)
    monkeypatch.setattr(organizing, "FOLDERS", 1)
    first, second = (talk(store, new_id(), name).id for name in ("first", "second"))
    store.pin("ana", first, pinned=True)
    store.add_folder("ana", "Work")
    with pytest.raises(TooManyError, match="pins"):
        store.pin("ana", second, pinned=True)
    with pytest.raises(TooManyError, match="folders"):
        store.add_folder("ana", "Home")
    store.pin("ana", second, pinned=False)


def test_a_conversation_lies_in_one_folder(store: Conversations) -> None:
    seen = talk(store, new_id(), "first")
    work, home = (store.add_folder("ana", name) for name in ("Work", "home"))
    assert [folder.name for folder in store.folders("ana")] == ["home", "Work"]
    for folder in (work, home, home):
        store.move("ana", seen.id, folder.id)
    assert store.in_folder("ana", work.id, "", 5) == ([], "")
    assert titles(store.in_folder("ana", home.id, "", 5)[0]) == ["first"]
    assert store.headings("ana", None, 5)[0].folder == home.id
    store.move("ana", seen.id, "")
    assert store.in_folder("ana", home.id, "", 5) == ([], "")


def test_a_new_folder_is_made_with_a_conversation_in_it_or_not_at_all(store: Conversations) -> None:
    seen = talk(store, new_id(), "first")
    store.move_to_new_folder("ana", seen.id, "Work")
    work = store.folders("ana")[0]
    store.move_to_new_folder("ana", seen.id, "Home")
    home = next(folder for folder in store.folders("ana") if folder != work)
    assert titles(store.in_folder("ana", home.id, "", 5)[0]) == ["first"]
    assert store.in_folder("ana", work.id, "", 5) == ([], "")
    with pytest.raises(ConflictError):
        store.move_to_new_folder("ana", new_id(), "Nowhere")
    assert store.folders("ana") == [home, work]


def test_a_folder_is_turned_page_by_page_the_last_begun_first(store: Conversations) -> None:
    folder = store.add_folder("ana", "Work")
    for number in range(5):
        conversation_id = f"{number:032x}"
        talk(store, conversation_id, f"about {number}")
        store.move("ana", conversation_id, folder.id)
    pages, after = [], ""
    while True:
        found, after = store.in_folder("ana", folder.id, after, 2)
        pages.append(titles(found))
        if not after:
            break
    assert pages == [["about 4", "about 3"], ["about 2", "about 1"], ["about 0"]]


def test_folders_are_renamed_and_deleted_and_leave_their_conversations(store: Conversations) -> None:
    folder = store.add_folder("ana", "Work")
    seen = talk(store, new_id(), "first")
    store.move("ana", seen.id, folder.id)
    assert store.rename_folder("ana", folder.id, "Office")
    assert [each.name for each in store.folders("ana")] == ["Office"]
    store.delete_folder("ana", folder.id)
    assert not store.rename_folder("ana", folder.id, "Office")
    assert store.folders("ana") == []
    assert titles(store.headings("ana", None, 5)) == ["first"]
    with pytest.raises(ConflictError):
        store.move("ana", talk(store, new_id(), "second").id, folder.id)
    store.move("ana", seen.id, store.add_folder("ana", "New").id)
    assert store.in_folder("ana", folder.id, "", 5) == ([], "")


def test_a_deleted_conversation_is_in_no_list(store: Conversations, dynamodb: Any, table: str) -> None:
    seen = talk(store, new_id(), "first")
    store.pin("ana", seen.id, pinned=True)
    store.move("ana", seen.id, store.add_folder("ana", "Work").id)
    assert len(lists(dynamodb, table)) == 2
    store.delete("ana", seen.id)
    assert lists(dynamodb, table) == []
    for again in (lambda: store.pin("ana", seen.id, pinned=True), lambda: store.move("ana", seen.id, "")):
        with pytest.raises(ConflictError):
            again()


@pytest.mark.parametrize("given", ["", "0" * 32, "../x"])
def test_nobody_elses_conversation_is_pinned_or_moved(store: Conversations, given: str) -> None:
    mine = talk(store, new_id(), "mine")
    for conversation_id in (given, mine.id):
        with pytest.raises(ConflictError):
            store.pin("berta", conversation_id, pinned=True)
        with pytest.raises(ConflictError):
            store.move("berta", conversation_id, "")
    folder = store.add_folder("berta", "Work")
    with pytest.raises(ConflictError):
        store.move("ana", mine.id, folder.id)
