"""Libraries over the emulator's table, with a bucket, a model and an index that are held in memory."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from gradio_app.documents.extracted import Extracted, Section
from gradio_app.library.adding import Adding
from gradio_app.library.document import Counts, Document, Quotas
from gradio_app.library.ingestion import Ingestion, Parts
from gradio_app.library.ports import EmbeddingBusyError, Passage
from gradio_app.store import schema
from gradio_app.store.bucket import MissingObjectError
from gradio_app.store.ingesting import Ingesting
from gradio_app.store.library import Library
from gradio_app.store.table import Table
from tests.gradio_app.in_process import InProcess

QUOTAS = Quotas(files=5, bytes=100_000, pages=50)
PASSAGE_CHARACTERS = 10


class Died(BaseException):
    """Nothing of the process runs any more."""


class Bucket:
    """Objects in memory."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def put(self, key: str, content: bytes) -> None:
        self.objects[key] = content

    def read(self, key: str) -> bytes:
        if key not in self.objects:
            raise MissingObjectError
        return self.objects[key]

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.objects.pop(key, None)


class Index:
    """Passages in memory, by where they are."""

    def __init__(self) -> None:
        self.passages: dict[tuple[str, str, str, int], tuple[str, tuple[float, ...]]] = {}

    def put(
        self,
        library_id: str,
        document_id: str,
        model: str,
        passages: Sequence[Passage],
        vectors: Sequence[Sequence[float]],
    ) -> None:
        for passage, vector in zip(passages, vectors, strict=True):
            key = library_id, document_id, model, passage.number
            self.passages[key] = passage.text, tuple(vector)

    def keep_only(self, library_id: str, document_id: str, model: str, count: int | None = None) -> None:
        for key in [each for each in self.passages if each[:2] == (library_id, document_id)]:
            if key[2] != model or (count is not None and key[3] >= count):
                del self.passages[key]

    def delete(self, library_id: str, document_id: str) -> None:
        self.keep_only(library_id, document_id, "")


@dataclass
class Model:
    """Embeds by length; busy as often as told."""

    model: str = "model-1"
    busy: int = 0
    asked: int = 0
    on_busy: Callable[[], object] = lambda: None

    def embed(self, passages: Sequence[Passage]) -> list[list[float]]:
        self.asked += 1
        if self.busy:
            self.busy -= 1
            self.on_busy()
            raise EmbeddingBusyError("throttled")
        return [[float(len(passage.text))] for passage in passages]


def read(content: bytes, kind: str, stop: threading.Event) -> Extracted:  # noqa: ARG001
    """A text as it is; `pages` as many as it has form feeds."""
    text = content.decode()
    return Extracted(text=text, sections=(Section(text=text, start=0),), pages=text.count("\f") or None)


def cut(extracted: Extracted) -> list[Passage]:
    """Pieces of some characters."""
    text, size = extracted.text, PASSAGE_CHARACTERS
    starts = range(0, len(text), size)
    return [
        Passage(number, text[start : start + size], start, min(start + size, len(text)), page=number + 1)
        for number, start in enumerate(starts)
    ]


class Fragile:
    """Something whose calls are counted together with others', one of which is the last."""

    def __init__(self, inner: Any, fate: "Fate") -> None:
        self._inner = inner
        self._fate = fate

    @property
    def model(self) -> str:
        return self._inner.model

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._inner, name)
        return lambda *args, **kwargs: self._fate.call(lambda: method(*args, **kwargs))


@dataclass
class Fate:
    """What happens at the call with this number (from 1): before it, or after it and before its answer."""

    at: int = 0
    before: Callable[[], object] = lambda: None
    after: Callable[[], object] = lambda: None
    calls: int = 0

    def call(self, really: Callable[[], Any]) -> Any:
        self.calls += 1
        mine = self.calls == self.at
        if mine:
            self.before()
        answer = really()
        if mine:
            self.after()
        return answer


def die() -> None:
    """What a kill -9 is to a process."""
    raise Died


@dataclass
class World:
    """All that outlives a task, and a clock."""

    quotas: Quotas = QUOTAS
    model: Model = field(default_factory=Model)
    name: str = field(default_factory=lambda: f"library-{uuid4().hex}")

    def __post_init__(self) -> None:
        self.client = InProcess(self.name)
        self.bucket = Bucket()
        self.index = Index()
        self.now = 1_800_000_000.0
        self.wake = threading.Event()
        self.stopping = threading.Event()
        self.table = Table(self.client, self.name, sleep=lambda _: None)
        self.library = Library(self.table, self.quotas, lambda: self.now)

    def adding(self, fate: Fate | None = None) -> Adding:
        """How a task adds documents."""
        client, bucket = self._fragile(fate, self.client), self._fragile(fate, self.bucket)
        table = Table(client, self.name, sleep=lambda _: None)
        return Adding(Library(table, self.quotas, lambda: self.now), bucket, self.wake.set)

    def task(self, fate: Fate | None = None, **parts: Any) -> Ingestion:
        """A task that works on documents."""
        table = Table(self._fragile(fate, self.client), self.name, sleep=lambda _: None)
        made: dict[str, Any] = {
            "store": Ingesting(table, self.quotas.pages, lambda: self.now),
            "bucket": self._fragile(fate, self.bucket),
            "passages": self._fragile(fate, self.index),
            "embedder": self._fragile(fate, self.model),
            "read": read,
            "cut": cut,
            "follow_on": Library(table, self.quotas, lambda: self.now).bring_up_to_date,
        }
        return Ingestion(Parts(**{**made, **parts}), self.wake, self.stopping)

    def add(
        self, text: str = "some words that are long enough to be cut", library: str = "user-ana"
    ) -> Document:
        """Add a text."""
        self.now += 0.01
        return self.adding().add(library, library.removeprefix("user-"), "notes.txt", text.encode())

    def finish(self, **parts: Any) -> None:
        """Another task does all that there is to do, once every lease has run out."""
        self.now += 1000
        task = self.task(**parts)
        while task.work_on_one():
            pass

    def texts(self, library: str = "user-ana") -> dict[tuple[str, str, int], str]:
        """The passages of a library, by document, model and number."""
        found = self.index.passages.items()
        return {key[1:]: text for key, (text, _) in found if key[0] == library}

    def rows(self, library: str = "user-ana") -> list[dict[str, Any]]:
        """What the table has of a library, besides its counts."""
        rows = self.table.query(schema.library(library))
        return [row for row in rows if row["sk"] != schema.COUNTS]

    def work(self) -> list[dict[str, Any]]:
        """What stands in the line."""
        return list(self.table.query(schema.INGESTION))

    def assert_nothing_is_left(self, library: str = "user-ana") -> None:
        """No file, passage, row, work or count."""
        assert self.texts(library) == {}
        assert not [key for key in self.bucket.objects if key.startswith(f"library/{library}/")]
        assert self.rows(library) == []
        assert self.work() == []
        assert self.library.counts(library) == Counts()

    def _fragile(self, fate: Fate | None, inner: Any) -> Any:
        return Fragile(inner, fate) if fate else inner
