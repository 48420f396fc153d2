"""How a person keeps conversations: which are pinned, which lie in which folder.

A conversation's head says both. Beside it stands an item for each, whose sort key makes a list of the pinned
ones and of each folder's, the ones begun last first: no turn has to move anything in them.
"""

import secrets
import time
from dataclasses import dataclass
from itertools import islice

from gradio_app.chat.conversation import Heading, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import HEADING_NAMES, heading_of
from gradio_app.store.retention import Retention
from gradio_app.store.table import (
    Action,
    Attr,
    Check,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    Update,
)

PINS = 50
FOLDERS = 100
"""Most of each that a person has; two tabs at the same moment may make one more."""


@dataclass(frozen=True)
class Folder:
    """A folder of conversations; there are none within it."""

    id: str
    name: str


class TooManyError(Exception):
    """There is no room for another one; `which` is "pins" or "folders"."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


class Organizing:
    """A part of the store: pins and folders."""

    _table: Table
    _retention: Retention

    def pinned(self, user_id: str) -> list[Heading]:
        """All that are pinned, the ones begun last first."""
        pk = schema.person(user_id)
        found = self._table.query(pk, prefix=schema.PINNED, newest_first=True, names=["sk"])
        ids = [item["sk"].removeprefix(schema.PINNED) for item in islice(found, 2 * PINS)]
        return self.headings_of(user_id, ids)

    def pin(self, user_id: str, conversation_id: str, *, pinned: bool) -> None:
        """Pin a conversation or let it go; ConflictError when there is none, TooManyError."""
        key = _existing(conversation_id)
        pk, sk = schema.person(user_id), schema.pinned(conversation_id)
        if pinned and len(self.pinned(user_id)) >= PINS:
            raise TooManyError("pins")
        listed = Put({"pk": pk, "sk": sk}) if pinned else Delete(pk, sk)
        # What is let go is kept for as long as if it had changed just now.
        changes = {"pinned": 1} if pinned else {"pinned": 0, "unpinned_at": int(time.time())}
        self._table.transact([Update(pk, key, set=changes, condition=self._retention.lasts()), listed])

    def folders(self, user_id: str) -> list[Folder]:
        """All folders, by their names."""
        found = self._table.query(schema.person(user_id), prefix=schema.FOLDER)
        made = [Folder(item["sk"].removeprefix(schema.FOLDER), item["name"]) for item in found]
        return sorted(made, key=lambda folder: (folder.name.casefold(), folder.id))

    def add_folder(self, user_id: str, name: str) -> Folder:
        """Make a folder; TooManyError."""
        folder, made = self._new_folder(user_id, name)
        self._table.transact([made])
        return folder

    def rename_folder(self, user_id: str, folder_id: str, name: str) -> bool:
        """Call a folder something else; False when there is none."""
        return valid_id(folder_id) and self._table.update(
            schema.person(user_id), schema.folder(folder_id), {"name": name}
        )

    def delete_folder(self, user_id: str, folder_id: str) -> None:
        """Delete a folder; its conversations stay, in none: a folder that is not there is none to everybody.

        One write, whatever is in it. What they still say of it goes when they are moved or deleted.
        """
        if valid_id(folder_id):
            self._table.take(schema.person(user_id), schema.folder(folder_id))

    def move(self, user_id: str, conversation_id: str, folder_id: str) -> None:
        """Put a conversation into a folder, or into none; ConflictError when either is not there."""
        if folder_id and not valid_id(folder_id):
            raise ConflictError
        folder = Check(schema.person(user_id), schema.folder(folder_id), Attr("pk").exists())
        self._move(user_id, conversation_id, folder_id, folder)

    def move_to_new_folder(self, user_id: str, conversation_id: str, name: str) -> None:
        """Make a folder and put a conversation into it, both or neither; ConflictError, TooManyError."""
        folder, made = self._new_folder(user_id, name)
        self._move(user_id, conversation_id, folder.id, made)

    def _new_folder(self, user_id: str, name: str) -> tuple[Folder, Put]:
        """A folder, and what makes it."""
        if len(self.folders(user_id)) >= FOLDERS:
            raise TooManyError("folders")
        folder = Folder(secrets.token_hex(16), name)
        return folder, Put({"pk": schema.person(user_id), "sk": schema.folder(folder.id), "name": name})

    def _move(self, user_id: str, conversation_id: str, folder_id: str, folder: Action) -> None:
        """Move it, together with what makes sure that there is such a folder."""
        key = _existing(conversation_id)
        pk = schema.person(user_id)
        head = self._table.get(pk, key)
        if head is None:
            raise ConflictError
        was = head.get("folder", "")
        if was == folder_id:
            return
        same = Attr("folder").eq(was) if was else Attr("folder").not_exists() | Attr("folder").eq("")
        actions: list[Action] = [
            Update(pk, key, set={"folder": folder_id}, condition=self._retention.lasts() & same)
        ]
        if was:
            actions.append(Delete(pk, schema.filed(was, conversation_id)))
        if folder_id:
            actions.append(folder)
            actions.append(Put({"pk": pk, "sk": schema.filed(folder_id, conversation_id)}))
        self._table.transact(actions)

    def in_folder(self, user_id: str, folder_id: str, after: str, limit: int) -> tuple[list[Heading], str]:
        """A page of a folder's conversations, behind that id; and the last id of it if more follow."""
        keys = self._filed(user_id, folder_id, limit + 1, after)
        ids = [schema.filed_id(key) for key in keys]
        following = ids[limit - 1] if len(ids) > limit else ""
        return self.headings_of(user_id, ids[:limit]), following

    def headings_of(self, user_id: str, ids: list[str]) -> list[Heading]:
        """Those of these conversations that are there, in the order of the ids."""
        keys = [schema.conversation(each) for each in ids]
        heads = self._table.get_many(schema.person(user_id), keys, HEADING_NAMES)
        live = {key: head for key, head in heads.items() if "deleted_at" not in head}
        found = [live[key] for key in keys if key in live and not self._retention.is_over(live[key])]
        return [heading_of(head, head.get("updated_at", 0)) for head in found]

    def _filed(self, user_id: str, folder_id: str, limit: int, after: str = "") -> list[str]:
        pk, prefix = schema.person(user_id), schema.filed(folder_id, "")
        behind = {"pk": pk, "sk": prefix + after} if after else None
        found = self._table.query(
            pk, prefix=prefix, newest_first=True, at_once=limit, names=["sk"], after=behind
        )
        return [item["sk"] for item in islice(found, limit)]


def kept_places(user_id: str, conversation_id: str, head: Item | None) -> list[Delete]:
    """What goes with a conversation: its places in the lists of pinned ones and of its folder."""
    pk = schema.person(user_id)
    places = [Delete(pk, schema.pinned(conversation_id))]
    if head and head.get("folder"):
        places.append(Delete(pk, schema.filed(head["folder"], conversation_id)))
    return places


def _existing(conversation_id: str) -> str:
    """The sort key of a conversation; ConflictError for what is no id."""
    if not valid_id(conversation_id):
        raise ConflictError
    return schema.conversation(conversation_id)
