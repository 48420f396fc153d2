"""The part `finding`: the right passage among the first five, by each way, for each kind of question."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from benchmarks.retrieval.bedrock import FOR_VECTORS, local_bedrock, runtime
from benchmarks.retrieval.given import Given
from benchmarks.retrieval.measuring import HELD_OUT, TUNED, Found, bounds, doubted, measured, parted, shares
from benchmarks.retrieval.questions import Question, questions
from benchmarks.retrieval.scoring import Share
from benchmarks.retrieval.shelf import filled
from benchmarks.retrieval.vectors import Remembering
from benchmarks.retrieval.ways import FIRST, PRODUCT, ways
from local.bedrock.titan import MODEL_ID

WIDTH = 16


def run(given: Given) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    asked = [question for question in questions() if question.book in given.books]
    with ExitStack() as running:
        model = Remembering(
            lambda: runtime(running.enter_context(local_bedrock(FOR_VECTORS))),
            MODEL_ID,
            given.out / "vectors.sqlite",
        )
        shelf = filled(given.out, model, given.books)
        by_name = ways(shelf, model)
        found = measured(shelf, by_name, asked, _as_it_stands)
        parts = parted(shelf, model, asked)
        doubts = doubted(shelf, model, asked)
    table = shares(found, by_name)
    limits = bounds(found)
    _show(table, by_name, parts)
    for kind, (chosen, put_forward) in limits.items():
        print(
            f"{kind:24} at most {chosen} by choosing a part, {put_forward} by ranking what both put forward"
        )
    for kind, share in doubts.items():
        print(f"{kind:24} {share} are taken to use other words than the documents")
    if given.each:
        _show_missed(found)
    return {
        "passages": len(shelf.made),
        "questions": len({(question.text, question.before) for question in asked}),
        "first": FIRST,
        "shares": {kind: {way: share.as_json() for way, share in row.items()} for kind, row in table.items()},
        "bounds": {kind: [each.as_json() for each in both] for kind, both in limits.items()},
        "doubtful": {kind: share.as_json() for kind, share in doubts.items()},
        "answerable told from others": parts,
    }


def _as_it_stands(question: Question) -> str:
    return question.text


def _show(table: Mapping[str, Mapping[str, Share]], ways: Mapping[str, object], parts: float | None) -> None:
    columns = [*ways, TUNED, HELD_OUT]
    print(f"The right passage among the first {FIRST}, % (95 % interval):\n")
    print(" " * 24 + "".join(f"{name:>{WIDTH}}" for name in columns))
    for kind, row in table.items():
        print(f"{kind:24}" + "".join(f"{row[name]!s:>{WIDTH}}" for name in columns))
    print("\nThe last two are the product's, for what was looked at while it was tuned and for the rest.")
    if parts is not None:
        print(f"A question with an answer scores above one without in {100 * parts:.0f} % of all pairs.")


def _show_missed(found: Sequence[Found]) -> None:
    for each in found:
        if PRODUCT not in each.by and not each.question.is_held_out:
            print(f"{each.question.kind}, {each.question.book}: {each.question.text} ({each.question.page})")
