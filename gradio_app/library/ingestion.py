"""From a file to passages that can be found: read it, cut it up, embed it, put it away.

All of it is work in the table (`gradio_app.store.ingesting`), and what a step has done is written down before
the next one. So a task may die at any moment: another goes on, and the document has the same passages, once.
It runs in a thread of its own (`worker`), reads in a child process, and waits where the model is busy.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from gradio_app.documents.extracted import Extracted, Reason, UnreadableError
from gradio_app.documents.extraction import Stopped, extract
from gradio_app.documents.kinds import BY_NAME
from gradio_app.library.document import INDEXED, PAGE_CHARACTERS, Document, Refusal, State
from gradio_app.library.ports import (
    Cutter,
    Embedder,
    EmbeddingBusyError,
    EmbeddingRefusedError,
    Passage,
    Passages,
)
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket, MissingObjectError
from gradio_app.store.ingesting import (
    MOST_TRIES,
    DeletedError,
    Held,
    Ingesting,
    LeaseLostError,
    NoRoomError,
)
from gradio_app.store.table import TableUnreachable

VOUCH_SECONDS = 5.0
"""How often a task vouches for what takes long, and looks whether it still has to be done."""
BATCH = 16
"""Passages that are embedded and put away between two looks at the work: a second or two of it."""
POLL_SECONDS = 0.2
FIRST_WAIT_SECONDS, MOST_WAIT_SECONDS = 2.0, 60.0
"""Before another try of a model that is busy; twice as long before each later one."""

log = logging.getLogger(__name__)


class Reader(Protocol):
    """Reads a file of a kind; raises UnreadableError, and Stopped soon after `stop` is set."""

    def __call__(self, content: bytes, kind: str, stop: threading.Event) -> Extracted: ...


def read(content: bytes, kind: str, stop: threading.Event) -> Extracted:
    """Read a file in a child process; a kind that another release knows is none here."""
    if kind not in BY_NAME:
        raise UnreadableError(Reason.UNSUPPORTED, kind)
    return extract(content, BY_NAME[kind], stop=stop)


class StoppingError(Exception):
    """The task stops: another one goes on."""


@dataclass(frozen=True)
class Parts:
    """What ingestion works with.

    `follow_on` is called with a library and a model when a document of it was indexed anew: for the next one,
    if there is any.
    """

    store: Ingesting
    bucket: Bucket
    passages: Passages
    embedder: Embedder
    read: Reader
    cut: Cutter
    follow_on: Callable[[str, str], bool]


class Ingestion:
    """The work. `wake` ends its waits early, `stopping` ends it altogether."""

    def __init__(self, parts: Parts, wake: threading.Event, stopping: threading.Event) -> None:
        self._parts = parts
        self._store = parts.store
        self._wake = wake
        self._stopping = stopping

    def work_on_one(self, *, urgent: bool = False) -> bool:
        """Do what is first in the line, if there is anything; whether there was. Raises TableUnreachable."""
        held = self._store.claim(urgent=urgent)
        if held is None:
            return False
        try:
            self._work(held)
        except LeaseLostError:
            log.info("Somebody else works on %s now.", held.document_id)
            self._tidy(held)
        except StoppingError:
            self._store.release(held)
        except TableUnreachable:
            self._store.release(held)
            raise
        return True

    def _work(self, held: Held) -> None:
        document = self._store.document(held)
        if document is None or document.work != held.key:
            self._store.drop(held)
            return
        try:
            if document.state is not State.DELETING:
                self._ingest(held, document)
                return
        except DeletedError:
            document = self._store.document(held)
        if document is not None:
            self._delete(held, document)

    def _ingest(self, held: Held, document: Document) -> None:
        """Make it ready, or say why not. Raises LeaseLostError, DeletedError and StoppingError."""
        try:
            if document.reason and document.state is not State.READY:
                raise _Refused(document.reason)  # as was decided before somebody died
            if held.tries > MOST_TRIES:
                raise _Refused(Refusal.TOO_OFTEN)
            self._make_ready(held, document)
        except _Refused as refused:
            self._refuse(held, refused.reason)

    def _make_ready(self, held: Held, document: Document) -> None:
        if document.state is not State.READY:
            self._store.step(held, state=State.READING)
        extracted = self._read(held, document)
        passages = self._parts.cut(extracted)
        if not passages:
            raise _Refused(Reason.EMPTY)
        self._count(held, extracted)
        model = self._parts.embedder.model
        begun = self._begin(held, document, passages, is_cut=extracted.is_cut)
        self._embed(held, extracted, passages, begun)
        self._parts.passages.keep_only(held.library_id, held.document_id, model, len(passages))
        self._store.finish(held, model=model, indexed=INDEXED)
        if document.state is State.READY:
            self._follow_on(held.library_id, model)

    def _follow_on(self, library_id: str, model: str) -> None:
        if not self._parts.follow_on(library_id, model):
            log.info("Of library %s nothing more is to be indexed anew for %s.", library_id, model)

    def _read(self, held: Held, document: Document) -> Extracted:
        try:
            content = self._parts.bucket.read(schema.library_file(held.library_id, held.document_id))
        except MissingObjectError:
            raise _Refused(Refusal.CUT_OFF) from None
        seconds = FIRST_WAIT_SECONDS
        while True:
            try:
                with self._vouching(held) as stop:
                    return self._parts.read(content, document.kind, stop)
            except Stopped:
                self._store.step(held, delayed=False)  # says so when it is deleted or lost
                raise StoppingError from None
            except UnreadableError as error:
                if error.reason is not Reason.BUSY:
                    log.info("Document %s is refused: %s.", held.document_id, error)
                    raise _Refused(error.reason) from None
            seconds = self._wait(held, seconds)

    def _count(self, held: Held, extracted: Extracted) -> None:
        pages = extracted.pages or -(-len(extracted.text) // PAGE_CHARACTERS)
        try:
            self._store.count_pages(held, pages)
        except NoRoomError:
            raise _Refused(Refusal.PAGES) from None

    def _begin(self, held: Held, document: Document, passages: Sequence[Passage], *, is_cut: bool) -> int:
        """How many passages are embedded already: none, unless somebody died who made the same ones."""
        chunked = _fingerprint(self._parts.embedder.model, passages)
        if document.chunked == chunked and document.total:
            return document.done
        # What another release or model left goes at the end: who was taken for dead, and deleted it here,
        # would take away what somebody else has made since.
        state = {} if document.state is State.READY else {"state": State.EMBEDDING}
        self._store.step(held, chunked=chunked, done=0, total=len(passages), cut=is_cut, **state)
        return 0

    def _embed(self, held: Held, extracted: Extracted, passages: Sequence[Passage], begun: int) -> None:
        for first in range(begun, len(passages), BATCH):
            batch = passages[first : first + BATCH]
            vectors = self._vectors(held, batch)
            self._parts.passages.put(
                held.library_id, held.document_id, self._parts.embedder.model, batch, vectors
            )
            page = (batch[-1].page or 0) if extracted.pages else 0
            self._store.step(held, done=first + len(batch), at_page=page, delayed=False)
            if self._stopping.is_set():
                raise StoppingError

    def _vectors(self, held: Held, batch: Sequence[Passage]) -> Sequence[Sequence[float]]:
        seconds = FIRST_WAIT_SECONDS
        while True:
            try:
                with self._vouching(held):
                    return self._parts.embedder.embed(batch)
            except EmbeddingRefusedError as error:
                log.warning("Document %s cannot be embedded: %s", held.document_id, error)
                raise _Refused(Refusal.NOT_EMBEDDED) from None
            except EmbeddingBusyError as error:
                log.warning("The model for documents is busy or out of reach: %s", error)
            seconds = self._wait(held, seconds)

    def _wait(self, held: Held, seconds: float) -> float:
        """Say that it takes longer, delete what is to be deleted, and wait; the length of the next wait."""
        self._store.step(held, delayed=True)
        self._delete_some()
        over = time.monotonic() + seconds
        while (left := over - time.monotonic()) > 0:
            if self._stopping.is_set():
                raise StoppingError
            if self._wake.wait(min(left, VOUCH_SECONDS)):
                self._wake.clear()
                self._delete_some()
            self._store.step(held, delayed=True)
        return min(2 * seconds, MOST_WAIT_SECONDS)

    @contextmanager
    def _vouching(self, held: Held) -> Iterator[threading.Event]:
        """Vouch for the work again and again; the event is set when it need not go on."""
        stop, over = threading.Event(), threading.Event()

        def vouch() -> None:
            vouched = time.monotonic()
            while not over.wait(POLL_SECONDS):
                if self._stopping.is_set():
                    stop.set()
                elif time.monotonic() - vouched > VOUCH_SECONDS:
                    vouched = time.monotonic()
                    if not self._stands(held):
                        stop.set()

        thread = threading.Thread(target=vouch, name="ingestion-lease", daemon=True)
        thread.start()
        try:
            yield stop
        finally:
            over.set()
            thread.join()

    def _stands(self, held: Held) -> bool:
        try:
            return self._store.stands(held)
        except TableUnreachable:
            return True  # the next step says so, if it lasts

    def _delete_some(self) -> None:
        while self.work_on_one(urgent=True):
            pass

    def _refuse(self, held: Held, reason: str) -> None:
        """Leave nothing but the reason: first write it down, then take away, then end the work."""
        document = self._store.document(held)
        if document is None or document.state is State.DELETING:
            raise DeletedError
        if document.state is State.READY:
            # It was asked before, and is asked further as it is; the new model gets no second try.
            self._parts.passages.keep_only(held.library_id, held.document_id, document.model)
            model = self._parts.embedder.model
            told = {"indexed": INDEXED} if document.model == model else {"refused_model": model}
            self._store.keep(held, **told)
            self._follow_on(held.library_id, model)
            return
        self._store.step(held, reason=reason)
        self._clear(held)
        self._store.refuse(held, document, reason)

    def _delete(self, held: Held, document: Document) -> None:
        self._clear(held)
        self._store.remove(held, document)

    def _tidy(self, held: Held) -> None:
        """Take back what this task has put away after another one, which took it for dead, took all away."""
        document = self._store.document(held)
        if document is None or document.state is State.REFUSED:
            self._clear(held)

    def _clear(self, held: Held) -> None:
        self._parts.passages.delete(held.library_id, held.document_id)
        self._parts.bucket.delete([schema.library_file(held.library_id, held.document_id)])


class _Refused(Exception):
    """The document cannot be asked; `reason` is one of Reason or Refusal."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = str(reason)


def _fingerprint(model: str, passages: Sequence[Passage]) -> str:
    """Tells whether passages are the ones that somebody else has begun to embed."""
    digest = hashlib.sha256(model.encode())
    for passage in passages:
        digest.update(f"\0{passage.start}\0{passage.end}\0{passage.in_context}".encode(errors="replace"))
    return digest.hexdigest()[:32]
