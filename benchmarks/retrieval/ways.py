"""Ways of finding, beside each other: each part alone, both as plainly as can be, and the product's."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from benchmarks.retrieval.shelf import Shelf
from benchmarks.retrieval.vectors import Remembering
from gradio_app.library import words
from gradio_app.library.finding import CANDIDATES, Finding, Scope
from gradio_app.store.passages import Hit, Passages

FIRST = 5
"""Places of a ranking that count."""
SMOOTHING = 60
"""https://doi.org/10.1145/1571941.1572114"""
PRODUCT = "the product"
PARTS = ("vectors", "words")
"""The ways of which the others are made."""

Place = tuple[str, int]
Way = Callable[[str, str], list[Place]]
"""From a book and a question to places, the best first."""


def ways(shelf: Shelf, model: Remembering) -> Mapping[str, Way]:
    """By name."""
    passages = shelf.passages
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

    return dict(zip(PARTS, (by_meaning, by_word), strict=True)) | {"plain fusion": plain, PRODUCT: product}


def meant(passages: Passages, model: Remembering, book: str, question: str) -> list[Hit]:
    """What is found by meaning alone."""
    [vector] = model.of_question(question).vectors
    return passages.by_meaning(book, vector, CANDIDATES, model.model)


def reciprocal_ranks(*rankings: Sequence[Place]) -> list[Place]:
    """One ranking of several that count alike."""
    scores: defaultdict[Place, float] = defaultdict(float)
    for ranking in rankings:
        for rank, place in enumerate(ranking, 1):
            scores[place] += 1 / (SMOOTHING + rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


def _places(hits: Sequence[Hit]) -> list[Place]:
    return [hit.place for hit in hits]
