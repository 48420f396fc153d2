"""All that is stored of a person: what data-protection law lets people take along.

It is read page by page, each of at most 1 MB, and given out item by item: nothing is ever held whole.
"""

import json
from collections.abc import Iterator
from typing import Any

from gradio_app.chat.conversation import valid_id
from gradio_app.store import schema
from gradio_app.store.retention import Retention
from gradio_app.store.table import Item, Table

OURS = ("pk", "sk", "holder", "lease_until", "stop_requested", "bytes", "path")
"""Of a message: keys, and how tasks share their work. Nothing of it says anything of a person."""
IN_JSON = ("parts", "files", "sources", "made_of")
"""Attributes of a message that are JSON in themselves."""


class Exporting:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, retention: Retention | None = None) -> None:
        self._table = table
        self._retention = retention or Retention()

    def heads(self, user_id: str, ids: list[str]) -> Iterator[dict[str, Any]]:
        """What is stored of conversations besides their messages: of these, or of all when none is named."""
        pk = schema.person(user_id)
        if ids:
            found = (self._table.get(pk, schema.conversation(each)) for each in ids if valid_id(each))
            heads = (head for head in found if head)
        else:
            heads = self._table.query(pk, prefix=schema.CONVERSATION)
        for head in heads:
            if "deleted_at" not in head and not self._retention.is_over(head):
                yield {"id": head["sk"].removeprefix(schema.CONVERSATION), **self._head(head)}

    def _head(self, head: Item) -> dict[str, Any]:
        """A head with all of the assistant that the conversation was begun with."""
        told = _without_keys(head)
        if "assistant" in told:
            key = schema.assisted(head["sk"].removeprefix(schema.CONVERSATION))
            copy = self._table.get(head["pk"], key)
            told["assistant"] = json.loads(copy["assistant"] if copy else told["assistant"])
        return told

    def messages(self, user_id: str, conversation_id: str) -> Iterator[dict[str, Any]]:
        """All messages of a conversation, those of its other branches behind those that came first."""
        pk = schema.person(user_id)
        for prefix in schema.messages_of(conversation_id):
            for item in self._table.query(pk, prefix=prefix):
                yield {"turn": schema.turn_number(item["sk"]), **_message(item)}

    def of_person(self, user_id: str) -> Iterator[tuple[str, Any]]:
        """The rest of what is kept about somebody, by name: one value at a time."""
        pk = schema.person(user_id)
        yield "preferences", _without_keys(self._table.get(pk, schema.PREFERENCES) or {})
        yield "instructions", _without_keys(self._table.get(pk, schema.INSTRUCTIONS) or {}).get("text", "")
        says = self._table.query(pk, prefix=schema.ASSISTANT_SAYS)
        yield (
            "assistants",
            [_named(item | {"says": json.loads(item["says"])}, schema.ASSISTANT_SAYS) for item in says],
        )
        thumbs = self._table.query(pk, prefix=schema.THUMB)
        yield "thumbs", [_named(item, schema.THUMB) for item in thumbs]
        yield "folders", [_named(item, schema.FOLDER) for item in self._table.query(pk, prefix=schema.FOLDER)]
        yield "shares", [_named(item, schema.SHARE) for item in self._table.query(pk, prefix=schema.SHARE)]
        yield "usage", [_named(item, schema.USAGE) for item in self._table.query(pk, prefix=schema.USAGE)]
        yield "drafts", [_named(item, schema.DRAFT) for item in self._table.query(pk, prefix=schema.DRAFT)]
        library = schema.library(schema.own_library(user_id))
        documents = self._table.query(library, prefix=schema.DOCUMENT)
        yield "documents", [_named(item, schema.DOCUMENT) for item in documents]


def _message(item: Item) -> dict[str, Any]:
    told = {name: value for name, value in item.items() if name not in OURS}
    return told | {name: json.loads(told[name]) for name in IN_JSON if name in told}


def _without_keys(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in ("pk", "sk")}


def _named(item: Item, prefix: str) -> dict[str, Any]:
    return {"id": item["sk"].removeprefix(prefix), **_without_keys(item)}
