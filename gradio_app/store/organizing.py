"""How a person keeps conversations: which are pinned, which lie in which folder.

A conversation's head says both. Beside it stands an item for each, whose sort key makes a list of the pinned
ones and of each folder's, the ones begun last first: no turn has to move anything in them.
"""

import secrets
from dataclasses import dataclass
from itertools import islice

from gradio_app.chat.conversation import Heading, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import HEADING_NAMES, LIVE, heading_of
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
        self._table.transact([Update(pk, key, set={"pinned": int(pinned)}, condition=_THERE), listed])

    def folders(self, user_id: str) -> list[Folder]:
        """All folders, by their names."""
        found = self._table.query(schema.person(user_id), prefix=schema.FOLDER)
        made = [Folder(item["sk"].removeprefix(schema.FOLDER), item["name"]) for item in found]
        return sorted(made, key=lambda folder: (folder.name.casefold(), folder.id))

    def add_folder(self, user_id: str, name: str) -> Folder:
        """Make a folder; TooManyError."""
        if len(self.folders(user_id)) >= FOLDERS:
            raise TooManyError("folders")
        folder = Folder(secrets.token_hex(16), name)
        self._table.put({"pk": schema.person(user_id), "sk": schema.folder(folder.id), "name": name})
        return folder

    def rename_folder(self, user_id: str, folder_id: str, name: str) -> bool:
        """Call a folder something else; False when there is none."""
        return self._table.update(schema.person(user_id), schema.folder(folder_id), {"name": name})

    def delete_folder(self, user_id: str, folder_id: str) -> None:
        """Delete a folder; its conversations stay, in none: a folder that is not there is none to everybody.

        One write, whatever is in it. What they still say of it goes when they are moved or deleted.
        """
        self._table.take(schema.person(user_id), schema.folder(folder_id))

    def move(self, user_id: str, conversation_id: str, folder_id: str) -> None:
        """Put a conversation into a folder, or into none; ConflictError when either is not there."""
        key = _existing(conversation_id)
        pk = schema.person(user_id)
        head = self._table.get(pk, key)
        was = head.get("folder", "") if head else ""
        if head is None:
            raise ConflictError
        if was == folder_id:
            return
        same = Attr("folder").eq(was) if was else Attr("folder").not_exists() | Attr("folder").eq("")
        actions: list[Action] = [Update(pk, key, set={"folder": folder_id}, condition=_THERE & same)]
        if was:
            actions.append(Delete(pk, schema.filed(was, conversation_id)))
        if folder_id:
            actions.append(Check(pk, schema.folder(folder_id), Attr("pk").exists()))
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
        names = [*HEADING_NAMES, "updated_at"]
        keys = [schema.conversation(each) for each in ids]
        heads = self._table.get_many(schema.person(user_id), keys, names)
        found = [heads[key] for key in keys if key in heads and "deleted_at" not in heads[key]]
        return [heading_of(head, head.get("updated_at", 0)) for head in found]

    def _filed(self, user_id: str, folder_id: str, limit: int, after: str = "") -> list[str]:
        pk, prefix = schema.person(user_id), schema.filed(folder_id, "")
        behind = {"pk": pk, "sk": prefix + after} if after else None
        found = self._table.query(
            pk, prefix=prefix, newest_first=True, at_once=limit, names=["sk"], after=behind
        )
        return [item["sk"] for item in islice(found, limit)]


_THERE = Attr("pk").exists() & LIVE


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
