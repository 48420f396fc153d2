"""The book as the chat asks it (`chat.lookup.Documents`): a library for each language, open to everybody."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.retrieval import books
from benchmarks.retrieval.shelf import Shelf
from benchmarks.retrieval.vectors import Remembering
from gradio_app.chat.grounding import PASSAGES
from gradio_app.chat.lookup import OPEN, Asker, Choosable, Found, Searched
from gradio_app.chat.sources import Source
from gradio_app.documents import kinds
from gradio_app.library.asking import other_language
from gradio_app.library.finding import Finding, Scope


class ShelfDocuments:
    """`asks` is a language."""

    models = 1

    def __init__(self, shelf: Shelf, model: Remembering) -> None:
        self._finding = Finding(shelf.passages, model)

    @staticmethod
    def pages(out: Path, language: str) -> Iterator[tuple[str, bytes]]:
        """The documents of a library."""
        return books.pages(out, language)

    def choosable(self, asker: Asker) -> Sequence[Choosable]:  # noqa: ARG002
        return ()

    def searched(self, asker: Asker, asks: str) -> Searched:  # noqa: ARG002
        return Searched(asks)

    def find(self, searched: Searched, question: str) -> Found:
        answer = self._finding.find(question, [Scope(searched.library)], PASSAGES)
        sources = tuple(
            Source(
                library=each.library_id,
                document=each.document_id,
                number=each.passage.number,
                name=f"{each.document_id}.html",
                kind=kinds.HTML.name,
                text=each.passage.text,
                heading=each.passage.heading,
            )
            for each in answer.found
        )
        return Found(sources, answer.tokens, other_language(question, sources), answer.is_doubtful)

    def standing(
        self,
        asker: Asker,  # noqa: ARG002
        places: Sequence[tuple[str, str]],
    ) -> Mapping[tuple[str, str], str]:
        return dict.fromkeys(places, OPEN)
