"""Libraries in the table: their documents, collections and counts.

A document is an item under its library's partition, a line in the list, and, while something is to be done
with it, an item in the one line of work (`ingesting`). Its file lies in the bucket. What a library holds is
counted in the transactions that change it. Every key begins with a library, and which ones a person may open
is decided in one place, `gradio_app.library.access`.
"""

import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Any

from gradio_app.library.document import (
    COLLECTION_ID,
    DOCUMENT_ID,
    Collection,
    Counts,
    Document,
    Quotas,
    State,
)
from gradio_app.store import schema
from gradio_app.store.table import Action, Attr, Condition, ConflictError, Delete, Item, Put, Table, Update

COLLECTIONS = 100
"""Most of a library."""
NAMES_AT_ONCE = 100
"""Lines of the list that one read fetches."""
NAMES_LOOKED_AT = 2_000
"""Lines that one search by name goes through; as many as a library has, or it says where it stopped."""
ARRIVAL_SECONDS = 180
"""For a file to get from the application to the bucket."""
TURN_MS = 20_000
"""How much later a library's next document comes for each that it has in the line: nobody's two hundred
documents keep another's one waiting."""
TRIES = 5
"""Of a change that meets others."""
LIVE = Attr("pk").exists() & Attr("state").ne(State.DELETING)
_UNTOUCHED = Attr("pk").exists() & Attr("holder").not_exists()
"""Work as its uploader left it: whoever found that one too slow decides now."""


class DuplicateError(Exception):
    """The library has this content already: as `document`."""

    def __init__(self, document: Document) -> None:
        super().__init__(document.id)
        self.document = document


class QuotaError(Exception):
    """The library has no room; `which` is "files", "bytes", "pages" or "collections"."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


@dataclass(frozen=True)
class Place:
    """Where a list goes on."""

    added_at: int
    document_id: str


class Library:
    """The store. Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, quotas: Quotas, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self.quotas = quotas
        self._now = now

    def add(self, library_id: str, new: Document) -> Document:
        """Make room for a document whose file is about to arrive; it is `arriving`.

        Raises DuplicateError, and QuotaError. A document that was refused makes room for itself.
        """
        for _ in range(TRIES):
            old = self.get(library_id, new.id)
            if old and old.state is not State.REFUSED:
                raise DuplicateError(old)
            added_at = max(self._now_ms(), old.added_at + 1 if old else 0)
            placed = replace(new, added_at=added_at, counted_bytes=new.bytes)
            added = self._placed(library_id, placed)
            try:
                self._table.transact(self._adding(library_id, added, old))
            except ConflictError as conflict:
                if conflict.failed == (0,):
                    raise QuotaError(self._lacking(library_id, old)) from None
                continue
            return added
        raise DuplicateError(new)

    def arrived(self, library_id: str, document: Document) -> None:
        """The file is there. Raises ConflictError when the document was deleted meanwhile."""
        pk, sk = schema.library(library_id), schema.document(document.id)
        arriving = Attr("state").eq(State.ARRIVING) & Attr("work").eq(document.work)
        self._table.transact(
            [
                Update(pk, sk, set={"state": State.WAITING}, condition=arriving),
                # Only as its uploader left it: whoever found it too slow decides now.
                Update(schema.INGESTION, document.work, set={"lease_until": 0}, condition=_UNTOUCHED),
            ]
        )

    def abandoned(self, library_id: str, document: Document) -> None:
        """The file does not arrive: have what was made for it deleted, as soon as somebody looks."""
        arriving = Attr("state").eq(State.ARRIVING) & Attr("work").eq(document.work)
        pk, sk = schema.library(library_id), schema.document(document.id)
        try:
            self._table.transact(
                [
                    Update(pk, sk, set={"state": State.DELETING}, condition=arriving),
                    Update(schema.INGESTION, document.work, set={"lease_until": 0}, condition=_UNTOUCHED),
                ]
            )
        except ConflictError:
            return  # whoever found it too slow decides

    def get(self, library_id: str, document_id: str) -> Document | None:
        """A document, or None."""
        if not DOCUMENT_ID.fullmatch(document_id):
            return None
        item = self._table.get(schema.library(library_id), schema.document(document_id))
        return document_of(item) if item else None

    def many(self, library_id: str, ids: list[str]) -> dict[str, Document]:
        """Those of these documents that are there, by id."""
        keys = [schema.document(each) for each in dict.fromkeys(ids) if DOCUMENT_ID.fullmatch(each)]
        found = self._table.get_many(schema.library(library_id), keys)
        documents = map(document_of, found.values())
        return {each.id: each for each in documents}

    def page(
        self, library_id: str, limit: int, after: Place | None = None, *, name: str = "", collection: str = ""
    ) -> tuple[list[Document], Place | None]:
        """Documents in the order in which they were added, the newest first, and where the list goes on.

        Args:
            name: only those in whose name this stands, whatever its case.
            collection: only those of this collection.
        """
        pk = schema.library(library_id)
        lines = self._lines(library_id, after)
        wanted: list[str] = []
        seen: str | None = None
        looked_at = 0
        for line in lines:
            if len(wanted) == limit or looked_at == NAMES_LOOKED_AT:
                return self._documents(pk, wanted), _place(seen) if seen else None
            seen, looked_at = line["sk"], looked_at + 1
            fits = not collection or line.get("collection", "") == collection
            if fits and name.casefold() in line["name"].casefold():
                wanted.append(_place(line["sk"]).document_id)
        return self._documents(pk, wanted), None

    def ids_of(self, library_id: str, collection: str) -> list[str]:
        """The documents of a collection, of the newest NAMES_LOOKED_AT."""
        lines = islice(self._lines(library_id, None), NAMES_LOOKED_AT)
        return [_place(line["sk"]).document_id for line in lines if line.get("collection", "") == collection]

    def counts(self, library_id: str) -> Counts:
        """What the library holds."""
        item = self._table.get(schema.library(library_id), schema.COUNTS) or {}
        return Counts(**{each.name: item.get(each.name, 0) for each in fields(Counts)})

    def rename(self, library_id: str, document_id: str, name: str) -> bool:
        """Give a document another name; False when there is none to rename."""
        return self._change(library_id, document_id, name=name)

    def move(self, library_id: str, document_id: str, collection: str) -> bool:
        """Put a document into a collection, or into none; False when either is not there."""
        if collection and not self._has_collection(library_id, collection):
            return False
        return self._change(library_id, document_id, collection=collection)

    def delete(self, library_id: str, document_id: str) -> bool:
        """Have a document deleted: it is `deleting`, and work for the next task. False when it is not there.

        Whoever is working on it sees that at its next step, and deletes instead.
        """
        for _ in range(TRIES):
            document = self.get(library_id, document_id)
            if document is None:
                return False
            if document.state is State.DELETING:
                return True
            try:
                self._table.transact(self._deleting(library_id, document))
            except ConflictError:
                if self._is_deleted_by_holder(library_id, document):
                    return True
                continue
            return True
        return False

    def bring_up_to_date(self, library_id: str, model: str, seen: Iterable[Document] | None = None) -> bool:
        """Have the first document of the library that is behind indexed anew; False where none is begun.

        Args:
            seen: the first of these, and only while nothing else is done in the library: the ones after it
                follow one another by themselves.
        """
        now = self._now()
        behind = next((each for each in self._all(library_id, seen) if each.is_behind(model, now)), None)
        if behind is None or (seen is not None and self.counts(library_id).working > 0):
            return False
        return self.index_anew(library_id, behind)

    def index_anew(self, library_id: str, document: Document) -> bool:
        """Have a document that is ready indexed anew; False when that is under way or over."""
        placed = self._placed(library_id, document)
        same = Attr("model").eq(document.model) & (
            Attr("indexed").eq(document.indexed) if document.indexed else Attr("indexed").not_exists()
        )
        idle = Attr("state").eq(State.READY) & Attr("work").eq("") & same
        pk = schema.library(library_id)
        try:
            self._table.transact(
                [
                    Update(pk, schema.COUNTS, add={"working": 1}),
                    Update(pk, schema.document(document.id), set={"work": placed.work}, condition=idle),
                    Put(work_item(placed.work, 0), Attr("pk").not_exists()),
                ]
            )
        except ConflictError:
            return False
        return True

    def collections(self, library_id: str) -> list[Collection]:
        """All of a library, by name."""
        found = self._table.query(
            schema.library(library_id), prefix=schema.COLLECTION, names=["sk", "name"], at_once=COLLECTIONS
        )
        listed = [
            Collection(item["sk"].removeprefix(schema.COLLECTION), item["name"])
            for item in islice(found, COLLECTIONS)
        ]
        return sorted(listed, key=lambda each: (each.name.casefold(), each.id))

    def add_collection(self, library_id: str, name: str) -> Collection:
        """Make one; raises QuotaError. Of two at once both may be the last one that there is room for."""
        if len(self.collections(library_id)) >= COLLECTIONS:
            raise QuotaError("collections")
        made = Collection(secrets.token_hex(16), name)
        self._table.put(
            {"pk": schema.library(library_id), "sk": schema.collection(made.id), "name": made.name}
        )
        return made

    def rename_collection(self, library_id: str, collection_id: str, name: str) -> bool:
        """Give it another name; False when it is not there."""
        if not COLLECTION_ID.fullmatch(collection_id):
            return False
        pk = schema.library(library_id)
        return self._table.update(pk, schema.collection(collection_id), {"name": name})

    def delete_collection(self, library_id: str, collection_id: str) -> None:
        """Delete it. Its documents stay, in no collection: what names one that is gone names none."""
        if COLLECTION_ID.fullmatch(collection_id):
            self._table.take(schema.library(library_id), schema.collection(collection_id))

    def _adding(self, library_id: str, added: Document, old: Document | None) -> list[Action]:
        pk = schema.library(library_id)
        quotas, more = self.quotas, {"files": 0 if old else 1, "bytes": added.bytes, "working": 1}
        files, taken = Attr("files"), Attr("bytes")
        room = files.not_exists() | (
            files.lte(quotas.files - more["files"]) & taken.lte(quotas.bytes - added.bytes)
        )
        if added.bytes > quotas.bytes or not quotas.files:
            room = files.lt(0)  # never: an item that is not there yet would meet the other one
        before = Attr("state").eq(State.REFUSED) if old else Attr("pk").not_exists()
        return [
            Update(pk, schema.COUNTS, add={**more, "pages": 0}, condition=room),
            Put(document_item(library_id, added), before),
            *([Delete(pk, schema.listed(old.added_at, old.id))] if old else []),
            Put(line_item(library_id, added)),
            Put(work_item(added.work, int(self._now()) + ARRIVAL_SECONDS)),
        ]

    def _lacking(self, library_id: str, old: Document | None) -> str:
        counts = self.counts(library_id)
        return "files" if not old and counts.files >= self.quotas.files else "bytes"

    def _deleting(self, library_id: str, document: Document) -> list[Action]:
        """A document without work gets some; one that waits goes to the front of the line."""
        pk = schema.library(library_id)
        front = schema.work(library_id, document.id, self._now_ms(), urgent=True)
        free = Attr("pk").exists() & Attr("lease_until").lte(int(self._now()))
        return [
            Update(
                pk,
                schema.document(document.id),
                set={"state": State.DELETING, "work": front},
                condition=LIVE & Attr("work").eq(document.work),
            ),
            Put(work_item(front, 0)),
            *([Delete(schema.INGESTION, document.work, free)] if document.work else []),
            *([] if document.work else [Update(pk, schema.COUNTS, add={"working": 1})]),
        ]

    def _is_deleted_by_holder(self, library_id: str, document: Document) -> bool:
        """Leave it to whoever works on it, if anybody still does."""
        if not document.work:
            return False
        condition = LIVE & Attr("work").eq(document.work)
        changes = {"state": State.DELETING}
        pk, sk = schema.library(library_id), schema.document(document.id)
        try:
            self._table.write(Update(pk, sk, set=changes, condition=condition))
        except ConflictError:
            return False
        return True

    def _change(self, library_id: str, document_id: str, **changes: str) -> bool:
        """Change what stands in the document and in its line."""
        for _ in range(TRIES):
            document = self.get(library_id, document_id)
            if document is None or document.state is State.DELETING:
                return False
            pk, line = schema.library(library_id), schema.listed(document.added_at, document.id)
            same: Condition = LIVE & Attr("added_at").eq(document.added_at)
            try:
                self._table.transact(
                    [
                        Update(pk, schema.document(document_id), set=changes, condition=same),
                        Update(pk, line, set=changes, condition=Attr("pk").exists()),
                    ]
                )
            except ConflictError:
                continue
            return True
        return False

    def _has_collection(self, library_id: str, collection_id: str) -> bool:
        if not COLLECTION_ID.fullmatch(collection_id):
            return False
        return self._table.get(schema.library(library_id), schema.collection(collection_id)) is not None

    def _placed(self, library_id: str, document: Document) -> Document:
        """The document with its place in the line, behind others who have waited as long."""
        place = self._now_ms() + TURN_MS * self.counts(library_id).working
        return replace(document, work=schema.work(library_id, document.id, place, urgent=False))

    def _all(self, library_id: str, seen: Iterable[Document] | None) -> Iterable[Document]:
        """These, or all of the library."""
        if seen is not None:
            return seen
        found = self._table.query(
            schema.library(library_id), prefix=schema.DOCUMENT, at_once=NAMES_AT_ONCE, consistent=False
        )
        return map(document_of, found)

    def _lines(self, library_id: str, after: Place | None) -> Iterator[Item]:
        pk = schema.library(library_id)
        place = after and {"pk": pk, "sk": schema.listed(after.added_at, after.document_id)}
        return self._table.query(
            pk,
            prefix=schema.LISTED,
            newest_first=True,
            at_once=NAMES_AT_ONCE,
            names=["sk", "name", "collection"],
            after=place,
        )

    def _documents(self, pk: str, ids: list[str]) -> list[Document]:
        found = self._table.get_many(pk, [schema.document(each) for each in ids])
        items = (found.get(schema.document(each)) for each in ids)
        return [document_of(item) for item in items if item]

    def _now_ms(self) -> int:
        return int(self._now() * 1000)


def document_item(library_id: str, document: Document) -> Item:
    """A document as the table keeps it; what says nothing is left out."""
    told = {each.name: getattr(document, each.name) for each in fields(Document) if each.name != "id"}
    stored: dict[str, Any] = {
        name: int(value) if isinstance(value, bool) else value
        for name, value in told.items()
        if value or name in ("bytes", "counted_bytes", "name", "work")
    }
    return {"pk": schema.library(library_id), "sk": schema.document(document.id), **stored}


def document_of(item: Item) -> Document:
    """A document from the table; what a later release adds is passed over."""
    names = {each.name for each in fields(Document)}
    known = {name: value for name, value in item.items() if name in names}
    for flag in ("delayed", "cut"):
        known[flag] = bool(known.get(flag))
    return Document(
        **{**known, "id": item["sk"].removeprefix(schema.DOCUMENT), "state": State(item["state"])}
    )


def line_item(library_id: str, document: Document) -> Item:
    """A document's line in the list."""
    key = {"pk": schema.library(library_id), "sk": schema.listed(document.added_at, document.id)}
    grouped = {"collection": document.collection} if document.collection else {}
    return {**key, "name": document.name, **grouped}


def work_item(work_key: str, lease_until: int) -> Item:
    """Work that nobody holds; until then it is its uploader's."""
    return {"pk": schema.INGESTION, "sk": work_key, "lease_until": lease_until}


def _place(line_key: str) -> Place:
    added_at, document_id = line_key.removeprefix(schema.LISTED).split("#")
    return Place(int(added_at), document_id)
