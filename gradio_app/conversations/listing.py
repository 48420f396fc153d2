"""A page of a person's conversations, and what a template and our script are told of each.

What a page costs does not depend on how many conversations there are: the pinned ones and the folders have a
bound, and of the others a page is read.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from gradio_app import language
from gradio_app.chat.conversation import Cursor, Heading, valid_id
from gradio_app.page.address import address_of
from gradio_app.store.conversations import Conversations
from gradio_app.store.organizing import Folder

AT_ONCE = 30
"""Conversations on one page."""
CURSOR_DIGITS = 15


@dataclass(frozen=True)
class Listed:
    """A page of the list; `following` is where the next one begins, empty for the last."""

    pinned: list[Heading]
    headings: list[Heading]
    following: str
    folders: list[Folder]


def page(store: Conversations, user_id: str, after: str, folder: str = "") -> Listed:
    """The page behind a place, of all conversations or of a folder; pinned ones come on the first page only.

    A folder that is not there is empty.
    """
    folders = store.folders(user_id)
    if folder:
        is_there = any(each.id == folder for each in folders)
        behind = after if valid_id(after) else ""
        found, following = store.in_folder(user_id, folder, behind, AT_ONCE) if is_there else ([], "")
        return Listed([], found, following, folders)
    place = cursor_of(after)
    pinned = [] if place else store.pinned(user_id)
    found = store.headings(user_id, place, AT_ONCE + 1)
    following = cursor_text(found[AT_ONCE - 1].cursor) if len(found) > AT_ONCE else ""
    rest = [heading for heading in found[:AT_ONCE] if not heading.pinned]
    return Listed(pinned, rest, following, folders)


def as_json(listed: Listed) -> dict[str, Any]:
    """For our script."""
    folders = {folder.id for folder in listed.folders}
    return {
        "pinned": [row(heading, folders) for heading in listed.pinned],
        "rows": [row(heading, folders) for heading in listed.headings],
        "following": listed.following,
        "folders": [vars(folder) for folder in listed.folders],
    }


def day(heading: Heading, lang: str) -> str:
    """When it changed last, in UTC: for who has no script that knows the browser's time zone."""
    return language.day(datetime.fromtimestamp(heading.updated_at, UTC).date(), lang)


def cursor_text(cursor: Cursor) -> str:
    """A place in the list, as an address has it."""
    return f"{cursor.updated_at}-{cursor.id}"


def cursor_of(text: str) -> Cursor | None:
    """The place of such a text; the beginning of the list for any other."""
    written, _, conversation_id = text.partition("-")
    is_number = written.isascii() and written.isdecimal() and len(written) <= CURSOR_DIGITS
    return Cursor(int(written), conversation_id) if is_number and valid_id(conversation_id) else None


def row(heading: Heading, folders: set[str]) -> dict[str, Any]:
    """A conversation; what lies in a folder that is not there lies in none."""
    return {
        "id": heading.id,
        "address": address_of(heading.id),
        "title": heading.title,
        "at": heading.updated_at,
        "pinned": heading.pinned,
        "named": heading.is_named,
        "folder": heading.folder if heading.folder in folders else "",
    }
