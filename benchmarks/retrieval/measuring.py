"""How often what answers a question is among the first that are found, for each kind and each way."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.errors import CannotMeasure
from benchmarks.retrieval.questions import KINDS, UNANSWERED, Question
from benchmarks.retrieval.scoring import Share, is_among_first, separation
from benchmarks.retrieval.shelf import Shelf
from benchmarks.retrieval.vectors import Remembering
from benchmarks.retrieval.ways import FIRST, PARTS, PRODUCT, Way, meant
from gradio_app.chat.grounding import PASSAGES
from gradio_app.library.finding import Finding, Scope

TUNED, HELD_OUT = "tuned", "held out"
Understand = Callable[[Question], str]
"""What is looked for, for a question."""


@dataclass(frozen=True)
class Found:
    """A question with the ways by which its answer was among the first."""

    question: Question
    by: frozenset[str]
    is_candidate: bool
    """Whether it is among all that are put forward, by meaning or by word."""


def measured(
    shelf: Shelf, ways: Mapping[str, Way], questions: Iterable[Question], understand: Understand
) -> list[Found]:
    """All questions that have an answer. Raises CannotMeasure for a question whose answer is nowhere."""
    found = []
    for question in questions:
        if question.kind == UNANSWERED:
            continue
        right = set(shelf.answering(question))
        if not right:
            raise CannotMeasure(f"Nothing in this version of the book answers: {question.text}")
        text = understand(question)
        rankings = {name: way(question.book, text) for name, way in ways.items()}
        by = {
            name
            for name, ranking in rankings.items()
            if is_among_first([place in right for place in ranking], FIRST)
        }
        is_candidate = any(place in right for name in PARTS for place in rankings[name])
        found.append(Found(question, frozenset(by), is_candidate))
    return found


def shares(found: Sequence[Found], ways: Iterable[str]) -> dict[str, dict[str, Share]]:
    """By kind and way; of a kind that has some, also of the product for those tuned on and those held out."""
    table: dict[str, dict[str, Share]] = {}
    for kind in KINDS:
        if of_kind := [each for each in found if each.question.kind == kind]:
            row = {way: _share(of_kind, way) for way in ways}
            for name, is_held_out in ((TUNED, False), (HELD_OUT, True)):
                some = [each for each in of_kind if each.question.is_held_out == is_held_out]
                row[name] = _share(some, PRODUCT)
            table[kind] = row
    return table


def bounds(found: Sequence[Found]) -> dict[str, tuple[Share, Share]]:
    """What no fusion of the two parts exceeds, by kind.

    The first, if it chose for each question the part that is right; the second, if it also put what is right
    of all that both put forward in front.
    """
    kinds = [kind for kind in KINDS if any(each.question.kind == kind for each in found)]
    of_kind = {kind: [each for each in found if each.question.kind == kind] for kind in kinds}
    return {
        kind: (
            Share(sum(not each.by.isdisjoint(PARTS) for each in some), len(some)),
            Share(sum(each.is_candidate for each in some), len(some)),
        )
        for kind, some in of_kind.items()
    }


def doubted(shelf: Shelf, model: Remembering, questions: Iterable[Question]) -> dict[str, Share]:
    """How many of each kind seem to the product to use other words than the documents."""
    finding = Finding(shelf.passages, model)
    seen: dict[str, list[bool]] = {}
    for question in questions:
        answer = finding.find(question.text, [Scope(question.book)], PASSAGES)
        seen.setdefault(question.kind, []).append(answer.is_doubtful)
    return {kind: Share(sum(doubtful), len(doubtful)) for kind, doubtful in seen.items()}


def parted(shelf: Shelf, model: Remembering, questions: Iterable[Question]) -> float | None:
    """How well the best score by meaning tells questions with an answer from those without."""
    scores: dict[bool, list[float]] = {True: [], False: []}
    for question in questions:
        if question.language == question.book and not question.before:
            hits = meant(shelf.passages, model, question.book, question.text)
            scores[question.kind == UNANSWERED].append(hits[0].score if hits else 0.0)
    return separation(scores[False], scores[True])


def _share(found: Sequence[Found], way: str) -> Share:
    return Share(sum(way in each.by for each in found), len(found))
