"""Libraries that can be asked: documents that went the whole way into the table, and a model of words.

Its vectors have a place for each word, so that what shares words is near. `embedder.asked` are its questions.
"""

import hashlib
import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

from gradio_app.documents.extracted import Extracted, Section
from gradio_app.library.adding import Adding
from gradio_app.library.asking import AskedLibraries
from gradio_app.library.document import Document, Quotas
from gradio_app.library.embeddings import Embedded
from gradio_app.library.finding import Finding
from gradio_app.library.ingestion import Ingestion, Parts
from gradio_app.library.ports import Passage
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket
from gradio_app.store.ingesting import Ingesting
from gradio_app.store.library import Library
from gradio_app.store.passages import Passages
from gradio_app.store.shared import SharedLibraries
from gradio_app.store.table import Table
from tests.gradio_app.fake_s3 import FakeS3

QUOTAS = Quotas(files=50, bytes=1_000_000, pages=500)
QUESTION_TOKENS = 7


class WordModel:
    """Makes vectors in this process."""

    model = "words-1"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.before: Callable[[], object] = lambda: None
        """Called before the vector of a question is made; may raise."""

    def embed(self, passages: Sequence[Passage]) -> list[list[float]]:
        return [_vector(each.text) for each in passages]

    def of_question(self, text: str) -> Embedded:
        self.asked.append(text)
        self.before()
        return Embedded([_vector(text)], QUESTION_TOKENS)


class Asked:
    """The libraries of a table; `documents` is what the chat asks."""

    def __init__(self, client: Any, name: str, s3: Any = None, embedder: Any = None) -> None:
        self._table = Table(client, name)
        self._bucket = Bucket(s3 or FakeS3(), "files")
        self._stopping = threading.Event()
        self.embedder = embedder or WordModel()
        self.library = Library(self._table, QUOTAS)
        self.shared = SharedLibraries(self._table)
        finding = Finding(Passages(self._table), self.embedder)
        self.documents = AskedLibraries(self.library, self.shared, finding)

    def add(self, library: str, name: str, text: str, collection: str = "") -> Document:
        """Add a document and have it read; each of its paragraphs is a passage, form feeds are pages."""
        added = Adding(self.library, self._bucket, lambda: None).add(
            library, "somebody", name, text.encode(), collection=collection
        )
        self.work()
        found = self.library.get(library, added.id)
        assert found is not None
        return found

    def delete(self, library: str, document: Document) -> None:
        """Delete a document and all that was made of it."""
        assert self.library.delete(library, document.id)
        self.work()

    def work(self) -> None:
        """Do all that is to be done with documents."""
        parts = Parts(
            store=Ingesting(self._table, QUOTAS.pages),
            bucket=self._bucket,
            passages=Passages(self._table),
            embedder=self.embedder,
            read=_read,
            cut=_cut,
            follow_on=self.library.bring_up_to_date,
        )
        task = Ingestion(parts, threading.Event(), self._stopping)
        while task.work_on_one():
            pass


def own(user_id: str) -> str:
    """The id of a person's own library."""
    return schema.own_library(user_id)


def _vector(text: str) -> list[float]:
    numbers = [0.0] * schema.DIMENSIONS
    numbers[0] = 0.01  # so that a text without words has a direction, too
    for word in text.lower().split():
        digest = hashlib.sha256(word.strip(".,?!").encode()).digest()
        numbers[1 + int.from_bytes(digest[:4]) % (schema.DIMENSIONS - 1)] += 1
    length = math.sqrt(sum(number * number for number in numbers))
    return [number / length for number in numbers]


def _read(content: bytes, kind: str, stop: threading.Event) -> Extracted:  # noqa: ARG001
    text = content.decode()
    return Extracted(text=text, sections=(Section(text=text, start=0),), pages=text.count("\f") + 1)


def _cut(extracted: Extracted) -> list[Passage]:
    passages: list[Passage] = []
    start = 0
    for text in extracted.text.replace("\f", "\n\n").split("\n\n"):
        page = extracted.text.count("\f", 0, start) + 1
        passages.append(Passage(len(passages), text, start, start + len(text), page=page, heading="Part"))
        start += len(text) + 2
    return passages
