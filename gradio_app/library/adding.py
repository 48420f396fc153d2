"""Adding a document to a library: it is looked at, given room, stored, and put into the line of work."""

from collections.abc import Callable

from gradio_app.chat.attachments import clean_name
from gradio_app.documents.kinds import kind_of
from gradio_app.library.document import DOCUMENT_BYTES, Document, content_id
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket
from gradio_app.store.library import Library
from gradio_app.store.table import ConflictError, TableUnreachable

NAMELESS = "document"


class NotAddedError(Exception):
    """The file is none that can be asked; `reason` is "empty", "too_large", "image" or "unsupported"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Adding:
    """Blocks: call it from a thread. `wake` tells this task's worker that there is something to do."""

    def __init__(self, library: Library, bucket: Bucket, wake: Callable[[], None]) -> None:
        self._library = library
        self._bucket = bucket
        self._wake = wake

    def add(
        self,
        library_id: str,
        added_by: str,
        name: str,
        content: bytes,
        *,
        collection: str = "",
        source: str = "",
    ) -> Document:
        """Add a file. Raises NotAddedError, DuplicateError, QuotaError and TableUnreachable."""
        new = Document(
            id=content_id(content),
            name=clean_name(name) or NAMELESS,
            kind=_kind(content, name),
            bytes=len(content),
            added_by=added_by,
            added_at=0,
            collection=collection,
            source=source,
        )
        added = self._library.add(library_id, new)
        key = schema.library_file(library_id, added.id)
        try:
            self._bucket.put(key, content)
        except TableUnreachable:
            self._library.abandoned(library_id, added)
            raise
        try:
            self._library.arrived(library_id, added)
        except ConflictError:
            if self._library.get(library_id, added.id) is None:
                self._bucket.delete([key])  # deleted while it was on its way
        self._wake()
        return added


def _kind(content: bytes, name: str) -> str:
    if not content.strip():
        raise NotAddedError("empty")
    if len(content) > DOCUMENT_BYTES:
        raise NotAddedError("too_large")
    kind = kind_of(content, name)
    if kind is None:
        raise NotAddedError("unsupported")
    if kind.is_image:
        raise NotAddedError("image")
    return kind.name
