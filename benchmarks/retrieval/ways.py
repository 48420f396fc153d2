"""Ways of finding, beside each other: each part alone, both as plainly as can be, and the product's."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from benchmarks.retrieval.shelf import Shelf
from benchmarks.retrieval.vectors import Remembering
from gradio_app.library import words
from gradio_app.library.finding import CANDIDATES, Finding, Scope
from gradio_app.library.ports import Passage
from gradio_app.store.passages import Hit, Passages

FIRST = 5
"""Places of a ranking that count."""
SMOOTHING = 60
"""https://doi.org/10.1145/1571941.1572114"""
PRODUCT = "the product"

Place = tuple[str, int]
Way = Callable[[str, str], list[Place]]
"""From a book and a question to places, the best first."""


def ways(shelf: Shelf, model: Remembering) -> Mapping[str, Way]:
    """By name."""
    passages = OnceEach(shelf.passages)
    finding = Finding(passages, model)

    def by_meaning(book: str, question: str) -> list[Place]:
        return _places(meant(passages, model, book, question))

    def by_word(book: str, question: str) -> list[Place]:
        return _places(passages.by_word(book, words.asked(question), CANDIDATES))

    def plain(book: str, question: str) -> list[Place]:
        return reciprocal_ranks(by_meaning(book, question), by_word(book, question))

    def product(book: str, question: str) -> list[Place]:
        found = finding.find(question, [Scope(book)], FIRST).found
        return [(each.document_id, each.passage.number) for each in found]

    return {"vectors": by_meaning, "words": by_word, "plain fusion": plain, PRODUCT: product}


def meant(passages: Passages, model: Remembering, book: str, question: str) -> list[Hit]:
    """What is found by meaning alone."""
    [vector] = model.of_question(question).vectors
    return passages.by_meaning(book, vector, CANDIDATES, model.model)


class OnceEach(Passages):
    """The application's passages, of which several ways ask the same: the emulator takes its time."""

    def __init__(self, passages: Passages) -> None:
        self._passages = passages
        self._known: dict[str, list[Hit]] = {}

    def by_meaning(self, *asked: Any) -> list[Hit]:
        """As the store finds them."""
        return self._once("meaning", self._passages.by_meaning, asked)

    def by_word(self, *asked: Any) -> list[Hit]:
        """As the store finds them."""
        return self._once("word", self._passages.by_word, asked)

    def read(self, library_id: str, places: Iterable[Place]) -> dict[Place, Passage]:
        """As they are stored."""
        return self._passages.read(library_id, places)

    def _once(self, way: str, find: Callable[..., list[Hit]], asked: tuple[Any, ...]) -> list[Hit]:
        key = repr((way, asked))
        if key not in self._known:
            self._known[key] = find(*asked)
        return self._known[key]


def reciprocal_ranks(*rankings: Sequence[Place]) -> list[Place]:
    """One ranking of several that count alike."""
    scores: defaultdict[Place, float] = defaultdict(float)
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            scores[place] += 1 / (SMOOTHING + rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


def _places(hits: Sequence[Hit]) -> list[Place]:
    return [hit.place for hit in hits]
