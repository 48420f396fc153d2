"""The part `citations`: answers of the local chat model, and whether each citation stands in its document."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.retrieval.bedrock import FOR_ANSWERS, control, local_bedrock, runtime
from benchmarks.retrieval.questions import FOLLOW_UPS, KINDS, UNANSWERED, Question, questions
from benchmarks.retrieval.scoring import Share
from benchmarks.retrieval.shelf import Shelf, filled
from benchmarks.retrieval.vectors import Remembering
from gradio_app.chat.citations import checked, place_of
from gradio_app.chat.context import system_prompt
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.grounding import PASSAGES, grounding
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.sources import Source
from gradio_app.library.finding import Finding, Found, Scope
from local.bedrock.titan import MODEL_ID

ANSWERS = 64
MAX_TOKENS = 200
"""Of an answer: enough for some sentences."""


@dataclass(frozen=True)
class Answered:
    """A question with the words that its answer cites, and how many of these stand in their document."""

    question: Question
    text: str
    citations: tuple[str, ...]
    verbatim: int


def run(out: Path, each: bool, most: int = ANSWERS) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    asked = spread(questions(), most)
    with ExitStack() as running:
        server = running.enter_context(local_bedrock(FOR_ANSWERS))
        client = runtime(server)
        model = Remembering(lambda: client, MODEL_ID, out / "vectors.sqlite")
        shelf = filled(out, model)
        answering = Answering(shelf, Finding(shelf.passages, model), Models(client, control(server)))
        answered = [answering.answer(server.model_id, question) for question in asked]
    shown = sum(len(one.citations) for one in answered)
    verbatim = Share(sum(one.verbatim for one in answered), shown)
    answerable = [one for one in answered if one.question.kind != UNANSWERED]
    others = [one for one in answered if one.question.kind == UNANSWERED]
    with_some = {"answerable": _with_citations(answerable), UNANSWERED: _with_citations(others)}
    print(f"{len(answered)} answers, {shown} citations; word for word in their document: {verbatim}.")
    for kind, share in with_some.items():
        print(f"Answers with a citation, of questions {kind}: {share}.")
    if each:
        _show(answered)
    return {
        "answers": len(answered),
        "verbatim": verbatim.as_json(),
        "with citations": {kind: share.as_json() for kind, share in with_some.items()},
    }


def spread(asked: Sequence[Question], most: int) -> list[Question]:
    """So many of all kinds that stand for themselves, in turn."""
    by_kind = [[each for each in asked if each.kind == kind] for kind in KINDS if kind != FOLLOW_UPS]
    longest = max(map(len, by_kind))
    return [of_kind[at] for at in range(longest) for of_kind in by_kind if at < len(of_kind)][:most]


class Answering:
    """Questions through the application's parts: found, given to the model, written, checked."""

    def __init__(self, shelf: Shelf, finding: Finding, models: Models) -> None:
        self._shelf = shelf
        self._finding = finding
        self._models = models

    def answer(self, model_id: str, question: Question) -> Answered:
        """Ask the model, with what is found."""
        found = self._finding.find(question.text, [Scope(question.book)], PASSAGES).found
        ground = grounding(
            model_id, [_source(one) for one in found], by_blocks=self._models.takes_passages(model_id)
        )
        stream = self._models.stream(
            Choice(model_id, 0.0, MAX_TOKENS),
            ground.system(system_prompt(Conversation("benchmark"))),
            ground.into([("human", question.text)]),
        )
        raw = "".join(piece.text for piece in stream.pieces())
        text, backing = checked(raw, ground.sources)
        cited = [(backing.sources[mark.source], backing.words(mark)) for mark in backing.marks]
        verbatim = sum(
            place_of(words, self._shelf.texts[source.library, source.document]) is not None
            for source, words in cited
        )
        return Answered(question, text, tuple(words for _, words in cited), verbatim)


def _source(found: Found) -> Source:
    passage = found.passage
    return Source(
        library=found.library_id,
        document=found.document_id,
        number=passage.number,
        name=f"{found.document_id}.html",
        kind="html",
        text=passage.text,
        page=passage.page,
        heading=passage.heading,
    )


def _with_citations(answered: Sequence[Answered]) -> Share:
    return Share(sum(bool(one.citations) for one in answered), len(answered))


def _show(answered: Sequence[Answered]) -> None:
    for one in answered:
        print(f"\n{one.question.kind}: {one.question.text}\n{one.text}")
        for words in one.citations:
            print(f"  “{words}”")
