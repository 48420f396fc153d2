"""Deleting conversations so that no half of one is ever left.

First a conversation is hidden, in one write that also shuts out every question and answer on its way; then
its files go and its messages, and at last its head. A death in between leaves something hidden, which the
next list finds; so does a bucket that does not answer.
"""

import time
from itertools import islice

from gradio_app.chat import errors
from gradio_app.chat.conversation import valid_id
from gradio_app.store import schema
from gradio_app.store.bucket import BucketUnreachable
from gradio_app.store.files import AttachedFiles
from gradio_app.store.organizing import kept_places
from gradio_app.store.retention import Retention
from gradio_app.store.said import Said, changed
from gradio_app.store.sharing import drop_share
from gradio_app.store.table import (
    Attr,
    Check,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    TableUnreachable,
    Update,
)
from gradio_app.store.thumbs import forget_thumbs

TOMBSTONE_SECONDS = 24 * 3600
DELETIONS = 5
"""Tries of a deletion whose conversation is changed under its hands."""
PURGED_AT_ONCE, STRETCHES_AT_ONCE = 200, 2
"""Messages that a listing deletes of a conversation whose deletion was cut off, and stretches of words."""


class Deletion:
    """A part of the store: the end of a conversation."""

    _table: Table
    _files: AttachedFiles | None
    _retention: Retention

    def expire(self, user_id: str, conversation_id: str) -> bool:
        """Delete the conversation if its time is over; whether it was, and is deleted."""
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        now = int(time.time())
        hide = Update(
            pk,
            key,
            # Not `updated_at`: tomorrow's sweep finds it where it was, should this one not come to its end.
            set={"deleted_at": now},
            add={"version": 1},
            condition=Attr("pk").exists() & self._retention.ended(),
        )
        try:
            if head := self._table.write(hide):
                self._purge(user_id, conversation_id, head)
                return True
        except ConflictError:
            return False  # it went on or was pinned meanwhile
        except BucketUnreachable as error:
            errors.record_storage(error)  # it is hidden; tomorrow's sweep goes on
        return False

    def delete(self, user_id: str, conversation_id: str) -> None:
        """Delete the conversation with its messages and its draft; deleting what is not there is fine.

        For a day nothing can be asked under its id: a question on its way would be all that there is of it.
        """
        if not valid_id(conversation_id):
            return
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        now = int(time.time())
        hide = Update(
            pk,
            key,
            set={"deleted_at": now, "updated_at": now},
            add={"version": 1},
            condition=Attr("pk").exists(),
        )
        for _ in range(DELETIONS):
            try:
                head = self._table.write(hide)
            except ConflictError:
                head = None
            try:
                if head is None:
                    missing = Check(pk, key, Attr("pk").not_exists())
                    self._table.transact([missing, *_remains(user_id, conversation_id, None)])
                else:
                    self._purge(user_id, conversation_id, head)
            except ConflictError:
                continue
            except BucketUnreachable as error:
                errors.record_storage(error)  # it is hidden, and the next list goes on
            return

    def _purge(self, user_id: str, conversation_id: str, head: Item, most: int | None = None) -> None:
        """Delete a hidden conversation, or at most so many messages; ConflictError when it was changed."""
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        if self._files:
            self._files.delete_conversation(user_id, conversation_id)
        for share_key in self._table.sort_keys(pk, schema.share(conversation_id)):
            drop_share(self._table, user_id, share_key)
        thumbs = forget_thumbs(self._table, user_id, conversation_id, most)
        if most is not None and thumbs == most:
            return
        said = Said(self._table)
        if not said.forget(user_id, conversation_id, most and STRETCHES_AT_ONCE):
            return
        found = (
            item["sk"]
            for prefix in schema.parts_of(conversation_id)
            for item in self._table.query(pk, prefix=prefix, names=["sk"], at_once=most)
        )
        keys = list(islice(found, most))
        self._table.delete_all(pk, keys)
        if most is not None and len(keys) == most:
            return
        unchanged = Attr("version").eq(head["version"]) & Attr("deleted_at").exists()
        freed = Update(pk, schema.STORAGE, add={"bytes": -head.get("stored_bytes", 0)})
        remains = _remains(user_id, conversation_id, head)
        # A search that was reading it just now may have written a word since.
        again = [changed(user_id, conversation_id)] if said.searches(user_id) else []
        self._table.transact([Delete(pk, key, unchanged), freed, *remains, *again])

    def _go_on_deleting(self, user_id: str, heads: list[Item]) -> None:
        for head in heads[:1]:
            try:
                self._purge(user_id, head["sk"].removeprefix(schema.CONVERSATION), head, PURGED_AT_ONCE)
            except (ConflictError, TableUnreachable):
                return  # the next one tries again


def _remains(user_id: str, conversation_id: str, head: Item | None) -> list[Put | Delete]:
    """The end of a deletion: nothing is left of it, and for a while there is no other one of that id."""
    pk = schema.person(user_id)
    end = int(time.time()) + TOMBSTONE_SECONDS
    tombstone = {"pk": pk, "sk": schema.deleted(conversation_id), "expires_at": end}
    rest = [Delete(pk, key(conversation_id)) for key in (schema.draft, schema.assisted)]
    return [Put(tombstone), *rest, *kept_places(user_id, conversation_id, head)]
