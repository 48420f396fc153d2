"""The part `rewording`: questions that lean on the one before: alone, behind it, in a model's words.

The search is the chat's own, with its request to the model and its fusion of both rankings. The talk before
is one turn: the question that is leant on, answered by the beginning of what it finds itself. The model is a
local one, and is waited for longer than an answer does, for that depends on the machine: how long is told.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from typing import Any

from benchmarks.retrieval.asked import ShelfDocuments
from benchmarks.retrieval.bedrock import local_bedrock, runtime
from benchmarks.retrieval.given import Given
from benchmarks.retrieval.questions import FOLLOW_UPS, Question, questions
from benchmarks.retrieval.scoring import Share
from benchmarks.retrieval.shelf import filled
from benchmarks.retrieval.vectors import Remembering
from benchmarks.retrieval.ways import FIRST
from gradio_app.chat import rewording
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

USUAL = "qwen"
"""The model of `make local`."""
PATIENCE_SECONDS = 900
TABLE = "rewording"
AS_IT_STANDS, BEHIND, REWORDED = "as it stands", "behind the one before, too", "and in a model's words"


@dataclass(frozen=True)
class Asked:
    """A follow-up: whether it leans for the product, its other words, and by which ways it was found."""

    question: Question
    leans: bool
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
            if question.kind == FOLLOW_UPS and question.book in given.books
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
        leans = rewording.leans(question.text, before.turns)
        return Asked(question, leans, worded.searched_for, seconds, found)

    def _look(
        self, searching: Searching, question: Question, before: Conversation, searched: Searched
    ) -> Looked:
        request = TurnRequest("somebody", "conversation", None, question.text, self._choice)
        running = self._running.admit(request, 1)
        looked = searching.look(running, before, question.text, self._choice, searched)
        self._running.release(running)
        return looked

    def _talk(self, question: Question, searched: Searched) -> Conversation:
        [first, *_] = self._documents.find(searched, question.before).sources
        answer = Answer(plain(first.text[: rewording.TURN_CHARACTERS]))
        return Conversation("conversation", turns=(Turn(1, plain(question.before), answer),))


def _is_found(sources: Sequence[Source], right: set[tuple[str, int]]) -> bool:
    return any((source.document, source.number) in right for source in sources[:FIRST])


def _told(asked: Sequence[Asked], model: str, each: bool) -> dict[str, Any]:
    shares = {
        way: Share(sum(way in one.by for one in asked), len(asked))
        for way in (AS_IT_STANDS, BEHIND, REWORDED)
    }
    print(
        f"Follow-ups with the right passage among the first {FIRST}, % (95 % interval), worded by {model}:\n"
    )
    for way, share in shares.items():
        print(f"{way:30}{share!s:>16}")
    leaning, worded = sum(one.leans for one in asked), [one for one in asked if one.words]
    took = sorted(one.seconds for one in worded)
    print(f"\n{leaning} of {len(asked)} are taken to lean, {len(worded)} got other words", end="")
    print(f", half of them in {took[len(took) // 2]:.0f} s." if took else ".")
    if each:
        for one in asked:
            print(f"{'+' if REWORDED in one.by else '-'} {one.question.text} -> {one.words}")
    return {
        "model": model,
        "shares": {way: share.as_json() for way, share in shares.items()},
        "leaning": leaning,
        "reworded": len(worded),
        "seconds": took,
    }
