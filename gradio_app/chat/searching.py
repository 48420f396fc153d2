"""Looking for the passages of one answer: by the question, and by other words for it where these may help."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from gradio_app.chat import budget, lookup
from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.lookup import Asker, Documents, Found, NotAskableError, NotFoundOutError, Searched
from gradio_app.chat.model import Choice
from gradio_app.chat.rewording import WORDING_TOKENS, Rewording
from gradio_app.chat.running import Running
from gradio_app.chat.sources import Source
from gradio_app.chat.streaming import RunningAnswer

SMOOTHING = 60
"""Of reciprocal rank fusion, as its authors have it: https://doi.org/10.1145/1571941.1572114"""


@dataclass(frozen=True)
class Looked:
    """How looking ended: passages, the best first; None when it was stopped. `tokens` were spent on it."""

    sources: tuple[Source, ...] | None = field(repr=False)
    tokens: int
    searched_for: str = field(default="", repr=False)


class Searching:
    """Looks into what a conversation asks; `rewording` is None where questions are searched as they are."""

    def __init__(self, documents: Documents | None, running: Running, rewording: Rewording | None) -> None:
        self._documents = documents
        self._running = running
        self._rewording = rewording

    def where(self, asked: TurnRequest) -> Searched | None:
        """Where to look for an answer; None for nowhere. Raises RefusedError."""
        if not asked.asks:
            return None
        if self._documents is None:
            raise RefusedError("asks_gone")
        try:
            return self._documents.searched(Asker(asked.user_id, asked.groups), asked.asks)
        except NotAskableError:
            raise RefusedError("asks_gone") from None

    def most_tokens(self, question: str) -> int:
        """Looking makes no more tokens of it; what the rewording itself takes is set aside by that."""
        worded = WORDING_TOKENS + budget.MESSAGE_TOKENS if self._rewording else 0
        return lookup.most_tokens(question) + worded

    def look(
        self, running: RunningAnswer, before: Conversation, question: str, choice: Choice, searched: Searched
    ) -> Looked:
        """The passages for a question. Raises NotFoundOutError, never for other words than its own."""
        found = self._find(running, searched, question)
        if found is None:
            return Looked(None, lookup.most_tokens(question))
        if self._rewording is None:
            return Looked(found.sources, found.tokens)
        worded = self._rewording.reword(running, before, question, choice, found.language, found.sources)
        if running.stop_requested.is_set():
            return Looked(None, found.tokens)
        if not worded:
            return Looked(found.sources, found.tokens)
        try:
            other = self._find(running, searched, worded)
        except NotFoundOutError as failed:
            return Looked(found.sources, found.tokens + failed.tokens)
        if other is None:
            return Looked(None, found.tokens + lookup.most_tokens(worded))
        return Looked(fused(other.sources, found.sources), found.tokens + other.tokens, worded)

    def _find(self, running: RunningAnswer, searched: Searched, question: str) -> Found | None:
        documents = self._documents
        if documents is None:
            raise AssertionError("what is searched was found by them")
        most = lookup.most_tokens(question)
        return lookup.look(running, self._running, lambda: documents.find(searched, question), most)


def fused(*rankings: Sequence[Source]) -> tuple[Source, ...]:
    """One ranking of several, each with the best first; of equal places, the first ranking's comes first."""
    scores: defaultdict[Source, float] = defaultdict(float)
    for ranking in rankings:
        for rank, source in enumerate(ranking):
            scores[source] += 1 / (SMOOTHING + rank)
    return tuple(sorted(scores, key=lambda source: -scores[source]))
