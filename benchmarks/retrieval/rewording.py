"""The part `rewording`: questions that are searched for in other words too, and what that brings each kind.

The search is the chat's own, with its request to the model and its fusion of the rankings. The talk before
a follow-up is one turn: the question that is leant on, answered by the beginning of what it finds itself. The
model is a local one, and is waited for longer than an answer does, for that depends on the machine: how long
is told.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

from benchmarks.retrieval.asked import ShelfDocuments
from benchmarks.retrieval.bedrock import local_bedrock, runtime
from benchmarks.retrieval.given import USUAL, Given
from benchmarks.retrieval.questions import KINDS, UNANSWERED, Question, questions
from benchmarks.retrieval.scoring import Share
from benchmarks.retrieval.shelf import filled
from benchmarks.retrieval.vectors import Remembering
from benchmarks.retrieval.ways import FIRST
from gradio_app.chat import other_words, rewording
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.asking import TurnRequest
from gradio_app.chat.conversation import Answer, Conversation, Turn, plain
from gradio_app.chat.lookup import Searched
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.running import Running
from gradio_app.chat.searching import Looked, Searching
from gradio_app.chat.sources import Source
from gradio_app.store.table import Table
from gradio_app.store.usage import Usage
from local.bedrock.titan import MODEL_ID
from local.model import CATALOG
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.in_process import InProcess

PATIENCE_SECONDS = 900
TABLE = "rewording"
AS_IT_STANDS, BEHIND, REWORDED = "as it stands", "behind the one before, too", "in a model's words, too"
WIDTH = 28


@dataclass(frozen=True)
class Asked:
    """A question: its other words, as they are shown, what they took, and by which ways it was found."""

    question: Question
    words: str
    seconds: float
    by: frozenset[str]


def run(given: Given) -> dict[str, Any]:
    """Measure, and print. Raises CannotMeasure."""
    model = given.model or USUAL
    rewording.SECONDS = PATIENCE_SECONDS
    with ExitStack() as running:
        server = running.enter_context(local_bedrock(model))
        vectors = Remembering(lambda: runtime(server), MODEL_ID, given.out / "vectors.sqlite")
        shelf = filled(given.out, vectors, given.books)
        documents = ShelfDocuments(shelf, vectors)
        clients = (
            bedrock_client(name, server.endpoint_url, PATIENCE_SECONDS)
            for name in ("bedrock-runtime", "bedrock")
        )
        desk = _Desk(documents, Models(*clients), CATALOG[model].model_id)
        asked = [
            desk.ask(question, set(shelf.answering(question)))
            for question in questions()
            if question.kind != UNANSWERED and question.book in given.books
        ]
    return _told(asked, model, given.each)


class _Desk:
    """The chat's search with the model's other words, and without."""

    def __init__(self, documents: ShelfDocuments, models: Models, model_id: str) -> None:
        self._documents = documents
        self._running = Running()
        self._choice = Choice(model_id, 0.2, 100)
        accounts = Accounts(Usage(Table(InProcess(TABLE), TABLE), 0), models)
        worded = rewording.Rewording(accounts, models, self._running, Metrics(TABLE, StringIO()))
        self._without = Searching(documents, self._running, None)
        self._searching = Searching(documents, self._running, worded)

    def ask(self, question: Question, right: set[tuple[str, int]]) -> Asked:
        searched = Searched(question.book)
        before = self._talk(question, searched)
        plain = self._documents.find(searched, question.text)
        behind = self._look(self._without, question, before, searched)
        begun = time.monotonic()
        worded = self._look(self._searching, question, before, searched)
        seconds = time.monotonic() - begun
        by = {AS_IT_STANDS: plain.sources, BEHIND: behind.sources, REWORDED: worded.sources}
        found = frozenset(name for name, sources in by.items() if _is_found(sources or (), right))
        return Asked(question, worded.searched_for, seconds, found)

    def _look(
        self, searching: Searching, question: Question, before: Conversation, searched: Searched
    ) -> Looked:
        request = TurnRequest("somebody", "conversation", None, question.text, self._choice)
        running = self._running.admit(request, 1)
        looked = searching.look(running, before, question.text, self._choice, searched)
        self._running.release(running)
        return looked

    def _talk(self, question: Question, searched: Searched) -> Conversation:
        if not question.before:
            return Conversation("conversation")
        [first, *_] = self._documents.find(searched, question.before).sources
        answer = Answer(plain(first.text[: other_words.TURN_CHARACTERS]))
        return Conversation("conversation", turns=(Turn(1, plain(question.before), answer),))


def _is_found(sources: Sequence[Source], right: set[tuple[str, int]]) -> bool:
    return any((source.document, source.number) in right for source in sources[:FIRST])


def _told(asked: Sequence[Asked], model: str, each: bool) -> dict[str, Any]:
    ways = (AS_IT_STANDS, BEHIND, REWORDED)
    kinds = [kind for kind in KINDS if any(one.question.kind == kind for one in asked)]
    shares: dict[str, dict[str, Share]] = {}
    print(f"The right passage among the first {FIRST}, % (95 % interval), worded by {model}:\n")
    print(" " * WIDTH + "".join(f"{way:>{WIDTH}}" for way in (*ways, "other words")))
    for kind in kinds:
        of_kind = [one for one in asked if one.question.kind == kind]
        shares[kind] = {way: Share(sum(way in one.by for one in of_kind), len(of_kind)) for way in ways}
        worded = f"{sum(bool(one.words) for one in of_kind)} of {len(of_kind)}"
        columns = [*(str(shares[kind][way]) for way in ways), worded]
        print(f"{kind:{WIDTH}}" + "".join(f"{column:>{WIDTH}}" for column in columns))
    took = sorted(one.seconds for one in asked if one.words)
    print(
        f"\nOther words came in {took[len(took) // 2]:.0f} s in the middle." if took else "\nNo other words."
    )
    if each:
        for one in asked:
            if one.words:
                print(f"{'+' if REWORDED in one.by else '-'} {one.question.text} -> {one.words}")
    return {
        "model": model,
        "shares": {kind: {way: each.as_json() for way, each in row.items()} for kind, row in shares.items()},
        "worded": [
            {"book": one.question.book, "asked": one.question.text, "words": one.words, "by": sorted(one.by)}
            for one in asked
            if one.words
        ],
        "seconds": took,
    }
