"""Work on documents: one line for all libraries, out of which each task takes one at a time.

Who works on a document holds a lease, and every change that it makes demands that the lease is still its own,
so of two who take each other for dead only one gets further. What a step has done stays done: whoever takes
over after a death goes on from there.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from gradio_app.library.document import Document, State
from gradio_app.store import schema
from gradio_app.store.library import LIVE, document_of
from gradio_app.store.table import Attr, ConflictError, Delete, Table, Update

LEASE_SECONDS = 90
"""How long a task vouches for its work; it renews that long before. Clocks may differ by some seconds."""
LOOKED_AT = 100
"""Of the line at once. At its front stand what the tasks hold, and what is on its way to the bucket."""
IDLE = {"delayed": 0, "done": 0, "total": 0, "at_page": 0, "work": ""}
"""What a document says of itself when nothing is being done with it."""
MOST_TRIES = 5
"""Times that a document may be the death of whoever works on it."""


class LeaseLostError(Exception):
    """Somebody else works on it now."""


class DeletedError(Exception):
    """The document is being deleted: nothing else is to be done with it."""


class NoRoomError(Exception):
    """The library has no room for the pages of the document."""


@dataclass(frozen=True)
class Held:
    """Work that this task holds; `tries` says how often it was begun."""

    key: str
    library_id: str
    document_id: str
    holder: str
    tries: int = 1


class Ingesting:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, pages: int, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._pages = pages
        self._now = now

    def claim(self, *, urgent: bool = False) -> Held | None:
        """Take the first work that nobody holds, or the first deletion; one cheap read when there is none."""
        prefix = schema.URGENT if urgent else schema.WORK
        line = self._table.query(schema.INGESTION, prefix=prefix, at_once=LOOKED_AT)
        for item in islice(line, LOOKED_AT):
            if item["lease_until"] > self._now():
                continue
            unchanged = Attr("pk").exists() & Attr("lease_until").eq(item["lease_until"])
            holder = secrets.token_hex(16)
            changes = {"holder": holder, "lease_until": self._lease()}
            taking = Update(schema.INGESTION, item["sk"], set=changes, add={"tries": 1}, condition=unchanged)
            try:
                taken = self._table.write(taking)
            except ConflictError:
                continue  # another task was faster
            tries = taken["tries"] if taken else 1
            return Held(item["sk"], *schema.worked_on(item["sk"]), holder, tries)
        return None

    def renew(self, held: Held) -> None:
        """Vouch for it for longer; raises LeaseLostError."""
        try:
            self._table.write(self._renewal(held))
        except ConflictError:
            raise LeaseLostError from None

    def release(self, held: Held) -> None:
        """Leave it to whoever comes next: this task stops, and the document is not to blame."""
        lease = {"holder": "", "lease_until": 0, "tries": held.tries - 1}
        try:
            self._table.write(Update(schema.INGESTION, held.key, set=lease, condition=_is(held)))
        except ConflictError:
            return

    def stands(self, held: Held) -> bool:
        """Renew the lease; whether the work is still this task's, and the document not to be deleted."""
        try:
            self.renew(held)
        except LeaseLostError:
            return False
        document = self.document(held)
        return document is not None and document.state is not State.DELETING

    def document(self, held: Held) -> Document | None:
        """The document as it is now."""
        item = self._table.get(schema.library(held.library_id), schema.document(held.document_id))
        return document_of(item) if item else None

    def step(self, held: Held, **changes: Any) -> None:
        """Write down how far the work is, and renew the lease. Raises LeaseLostError and DeletedError."""
        pk, sk = schema.library(held.library_id), schema.document(held.document_id)
        wire = {name: int(value) if isinstance(value, bool) else value for name, value in changes.items()}
        self._transact([self._renewal(held), Update(pk, sk, set=wire, condition=LIVE)])

    def count_pages(self, held: Held, pages: int) -> None:
        """Count the document's pages, once. Raises NoRoomError, LeaseLostError and DeletedError."""
        pk, sk = schema.library(held.library_id), schema.document(held.document_id)
        document = self.document(held)
        if document is None or document.counted_pages:
            return
        counted = {"pages": pages, "counted_pages": pages}
        room = Attr("pages").lte(self._pages - pages)
        uncounted = LIVE & Attr("counted_pages").not_exists()
        actions = [
            self._renewal(held),
            Update(pk, sk, set=counted, condition=uncounted),
            Update(pk, schema.COUNTS, add={"pages": pages}, condition=room),
        ]
        try:
            self._transact(actions)
        except _RefusedError:
            raise NoRoomError from None

    def finish(self, held: Held, **changes: Any) -> None:
        """The document is ready, and the work done. Raises LeaseLostError and DeletedError."""
        self._end(held, {**IDLE, "state": State.READY, "indexed_at": int(self._now()), **changes})

    def keep(self, held: Held, **changes: Any) -> None:
        """The work is done, and the document as it was but for these changes; it was ready before."""
        self._end(held, {**IDLE, **changes})

    def refuse(self, held: Held, document: Document, reason: str) -> None:
        """The document cannot be asked, and no longer counts but as one in the list; its file is gone."""
        told = {
            **IDLE,
            "state": State.REFUSED,
            "reason": reason,
            "counted_bytes": 0,
            "counted_pages": 0,
        }
        freed = {"bytes": -document.counted_bytes, "pages": -document.counted_pages}
        self._end(held, told, freed, document)

    def remove(self, held: Held, document: Document) -> None:
        """The end of a deletion, when passages and file are gone. Raises LeaseLostError."""
        pk = schema.library(held.library_id)
        freed = {"files": -1, "bytes": -document.counted_bytes, "pages": -document.counted_pages}
        actions = [
            Delete(schema.INGESTION, held.key, _is(held)),
            Delete(pk, schema.document(document.id), Attr("state").eq(State.DELETING)),
            Delete(pk, schema.listed(document.added_at, document.id)),
            Update(pk, schema.COUNTS, add={**freed, "working": -1}),
        ]
        self._transact(actions)

    def drop(self, held: Held) -> None:
        """Work on what is not there: nothing is to be done. Only what was put there by hand is like that."""
        self._table.take(schema.INGESTION, held.key)

    def _end(
        self,
        held: Held,
        changes: dict[str, Any],
        freed: dict[str, int] | None = None,
        counted: Document | None = None,
    ) -> None:
        pk, sk = schema.library(held.library_id), schema.document(held.document_id)
        condition = LIVE
        if counted:
            condition &= Attr("counted_bytes").eq(counted.counted_bytes)
        self._transact(
            [
                Delete(schema.INGESTION, held.key, _is(held)),
                Update(pk, sk, set=changes, condition=condition),
                Update(pk, schema.COUNTS, add={**(freed or {}), "working": -1}),
            ],
        )

    def _transact(self, actions: Sequence[Update | Delete]) -> None:
        """The first action is about the lease, the second about the document."""
        try:
            self._table.transact(actions)
        except ConflictError as conflict:
            if 0 in conflict.failed:
                raise LeaseLostError from None
            if 1 in conflict.failed:
                raise DeletedError from None
            raise _RefusedError from None

    def _renewal(self, held: Held) -> Update:
        return Update(schema.INGESTION, held.key, set={"lease_until": self._lease()}, condition=_is(held))

    def _lease(self) -> int:
        return int(self._now()) + LEASE_SECONDS


class _RefusedError(Exception):
    """A third action's condition does not hold."""


def _is(held: Held) -> Any:
    return Attr("holder").eq(held.holder)
