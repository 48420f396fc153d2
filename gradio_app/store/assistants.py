"""Assistants in the table: a person's own, everybody's, those of groups of the pool.

Of each there is a line for lists, and beside it what it says. A change is a new version in place of the one
before: a conversation has a copy of the version that it was begun with (`conversations`), so that neither
changes nor deletions reach it. How many there are is counted in the transactions that add and delete.
"""

import json
import secrets
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice

from gradio_app.chat.assistant import EVERYBODY, OWN, Assistant, Label, Says, from_json, says_of
from gradio_app.chat.conversation import valid_id
from gradio_app.store import schema
from gradio_app.store.table import Action, Attr, ConflictError, Delete, Put, Table, Update

OWN_MOST, SHARED_MOST = 50, 100
"""Of a person's own, and of everybody's or a group's."""
MOST_GROUPS = 100
"""With assistants, in a deployment."""


class TooManyAssistantsError(Exception):
    """There are as many as there may be; `which` is "own", "shared" or "groups"."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


@dataclass(frozen=True)
class _Place:
    """Where a shelf lies, where its number is counted, and how many it takes."""

    pk: str
    counted: tuple[str, str]
    most: int


class StoredAssistants:
    """Who may see and change a shelf is the caller's to know.

    Every method blocks, and raises TableUnreachable when the table cannot be asked.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def on(self, user_id: str, shelf: str) -> list[Label]:
        """All of a shelf, by their names; OWN is this user's."""
        place = _place(user_id, shelf)
        found = islice(self._table.query(place.pk, prefix=schema.ASSISTANT), place.most)
        labels = [
            Label(shelf, item["sk"].removeprefix(schema.ASSISTANT), item["version"], item["name"])
            for item in found
        ]
        return sorted(labels, key=lambda label: (label.name.casefold(), label.id))

    def groups(self, shelves: Iterable[str] | None = None) -> dict[str, str]:
        """The groups that have assistants, by shelf: among these, or all of them."""
        if shelves is None:
            listed = self._table.query(schema.ASSISTANTS, prefix=schema.SHELF, at_once=MOST_GROUPS)
            found = {item["sk"]: item for item in islice(listed, MOST_GROUPS + 1)}
        else:
            keys = [schema.shelf(each) for each in list(shelves)[:MOST_GROUPS]]
            found = self._table.get_many(schema.ASSISTANTS, keys)
        named = {
            sk.removeprefix(schema.SHELF): item["name"] for sk, item in found.items() if item["count"] > 0
        }
        return {shelf: name for shelf, name in named.items() if shelf != EVERYBODY}

    def find(self, user_id: str, shelf: str, assistant_id: str) -> Assistant | None:
        """An assistant as it is now."""
        item = self._table.get(_place(user_id, shelf).pk, schema.assistant_says(assistant_id))
        if item is None:
            return None
        says = says_of(json.loads(item["says"]))
        return Assistant(Label(shelf, assistant_id, item["version"], says.name), says)

    def add(self, user_id: str, shelf: str, says: Says, assistant_id: str = "", group: str = "") -> Label:
        """Put an assistant on a shelf; `group` is the name of the shelf's. Raises TooManyAssistantsError.

        Raises ConflictError where one has this id already.
        """
        place = _place(user_id, shelf)
        label = Label(shelf, assistant_id or secrets.token_hex(16), 1, says.name)
        if group and shelf not in (there := self.groups()) and len(there) >= MOST_GROUPS:
            raise TooManyAssistantsError("groups")
        room = Attr("count").not_exists() | Attr("count").lt(place.most)
        named = {} if shelf == OWN else {"name": group}
        counted = Update(*place.counted, set=named, add={"count": 1}, condition=room)
        line, said = _items(place, label, says)
        try:
            self._table.transact([counted, Put(line, Attr("pk").not_exists()), Put(said)])
        except ConflictError as conflict:
            if 0 in conflict.failed:
                raise TooManyAssistantsError("own" if shelf == OWN else "shared") from None
            raise
        return label

    def change(self, user_id: str, seen: Label, says: Says) -> Label:
        """Have an assistant say something else; ConflictError when it is not at the version that was seen."""
        place = _place(user_id, seen.shelf)
        label = Label(seen.shelf, seen.id, seen.version + 1, says.name)
        line, said = _items(place, label, says)
        self._table.transact([Put(line, Attr("version").eq(seen.version)), Put(said)])
        return label

    def delete(self, user_id: str, shelf: str, assistant_id: str) -> None:
        """Delete an assistant; what is not there is gone already."""
        place = _place(user_id, shelf)
        key = schema.assistant(assistant_id)
        actions: list[Action] = [
            Update(*place.counted, add={"count": -1}),
            Delete(place.pk, key, Attr("pk").exists()),
            Delete(place.pk, schema.assistant_says(assistant_id)),
        ]
        try:
            self._table.transact(actions)
            if shelf != OWN:
                self._table.write(Delete(*place.counted, condition=Attr("count").lte(0)))
        except ConflictError:
            return

    def of_conversation(self, user_id: str, conversation_id: str) -> Assistant | None:
        """The version that a conversation was begun with, if with any."""
        if not valid_id(conversation_id):
            return None
        item = self._table.get(schema.person(user_id), schema.assisted(conversation_id))
        return from_json(item["assistant"]) if item else None


def _place(user_id: str, shelf: str) -> _Place:
    if shelf == OWN:
        pk = schema.person(user_id)
        return _Place(pk, (pk, schema.ASSISTANTS), OWN_MOST)
    return _Place(schema.assistants_of(shelf), (schema.ASSISTANTS, schema.shelf(shelf)), SHARED_MOST)


def _items(place: _Place, label: Label, says: Says) -> tuple[dict[str, object], dict[str, object]]:
    line = {"sk": schema.assistant(label.id), "name": says.name, "version": label.version}
    told = json.dumps(asdict(says), ensure_ascii=False)
    said = {"sk": schema.assistant_says(label.id), "says": told, "version": label.version}
    return {"pk": place.pk, **line}, {"pk": place.pk, **said}
