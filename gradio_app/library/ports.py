"""What ingestion needs of others: to cut a text up, to make vectors of it, to put it away."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gradio_app.documents.extracted import Extracted


class EmbeddingBusyError(Exception):
    """The model has too much to do or cannot be reached: the same works later."""


class EmbeddingRefusedError(Exception):
    """The model does not take this text, however often it is tried."""


@dataclass(frozen=True)
class Passage:
    """A piece of a document with its place: `text` is what stands there from `start` to `end`.

    `number` counts the document's passages from 0; `page` and `heading` are as the reader found them.
    """

    number: int
    text: str = field(repr=False)
    start: int
    end: int
    page: int | None = None
    heading: str | None = field(default=None, repr=False)

    @property
    def in_context(self) -> str:
        """What it is looked up by: many a passage never names what its heading says that it is about."""
        return f"{self.heading}\n\n{self.text}" if self.heading else self.text


class Cutter(Protocol):
    """Cuts a text into passages: the same text into the same ones."""

    def __call__(self, extracted: Extracted) -> Sequence[Passage]: ...


class Embedder(Protocol):
    """A model that makes vectors. Raises EmbeddingBusyError and EmbeddingRefusedError."""

    @property
    def model(self) -> str:
        """Its id."""
        ...

    def embed(self, passages: Sequence[Passage]) -> Sequence[Sequence[float]]:
        """A vector for each passage."""
        ...


class Embedded(Protocol):
    """Vectors, and the tokens that they cost."""

    @property
    def vectors(self) -> Sequence[Sequence[float]]: ...

    @property
    def tokens(self) -> int: ...


class QuestionEmbedder(Protocol):
    """A model that makes vectors of questions. Raises EmbeddingBusyError and EmbeddingRefusedError."""

    @property
    def model(self) -> str:
        """Its id."""
        ...

    def of_question(self, text: str) -> Embedded:
        """One vector."""
        ...


class Passages(Protocol):
    """Where passages lie and are found. Raises TableUnreachable."""

    def put(
        self,
        library_id: str,
        document_id: str,
        model: str,
        passages: Sequence[Passage],
        vectors: Sequence[Sequence[float]],
    ) -> None:
        """Put some away, in place of those with the same numbers."""
        ...

    def keep_only(self, library_id: str, document_id: str, model: str, count: int | None = None) -> None:
        """Delete those of other models, and of this one those with numbers from `count` on."""
        ...

    def delete(self, library_id: str, document_id: str) -> None:
        """Delete all of a document."""
        ...
