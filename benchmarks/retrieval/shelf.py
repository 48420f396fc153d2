"""The book in the application's store, a library for each language: read, cut, embedded, put away by it."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.retrieval import books
from benchmarks.retrieval.memory import MemoryTable
from benchmarks.retrieval.questions import LANGUAGES, Question
from benchmarks.retrieval.vectors import Remembering
from gradio_app.documents import kinds
from gradio_app.documents.extraction import extract
from gradio_app.library.cutting import cut
from gradio_app.library.ingestion import BATCH
from gradio_app.library.ports import Passage
from gradio_app.store.passages import Passages


@dataclass(frozen=True)
class Shelf:
    """Libraries are called by their language, documents by the names of their pages."""

    passages: Passages
    made: Mapping[tuple[str, str, int], Passage]

    def answering(self, question: Question) -> list[tuple[str, int]]:
        """The places of the passages that answer it."""
        return [
            (page, number)
            for (book, page, number), passage in self.made.items()
            if book == question.book and question.is_answered_by(page, passage.heading, passage.text)
        ]


def filled(folder: Path, model: Remembering, languages: Sequence[str] = LANGUAGES) -> Shelf:
    """The book in these languages. Raises CannotMeasure."""
    passages = Passages(MemoryTable())
    made: dict[tuple[str, str, int], Passage] = {}
    for language in languages:
        for page, content in books.pages(folder, language):
            cut_up = cut(extract(content, kinds.HTML))
            for first in range(0, len(cut_up), BATCH):
                batch = cut_up[first : first + BATCH]
                passages.put(language, page, model.model, batch, model.embed(batch))
            made |= {(language, page, each.number): each for each in cut_up}
        print(f"The book is read in {language}: {len(made)} passages so far.", file=sys.stderr)
    return Shelf(passages, made)
