"""Looking for the passages of one answer: by the question, and by other words for it where these may help.

A question that leans on the one before it is searched for behind that one, too: that takes no model.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gradio_app.chat import lookup
from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.lookup import Asker, Documents, Found, NotAskableError, NotFoundOutError, Searched
from gradio_app.chat.model import Choice
from gradio_app.chat.other_words import WORDING_TOKENS, OtherWords, with_talk
from gradio_app.chat.rewording import Rewording
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
    """Looks into what a conversation asks; `rewording` is None where no model words them anew."""

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

    def most_tokens(self, question: str, before: Conversation) -> int:
        """Looking makes no more tokens of it; what the rewording itself takes is set aside by that."""
        worded = lookup.most_tokens(question) + WORDING_TOKENS if self._rewording else 0
        in_talk = with_talk(question, before.turns)
        behind = self._most_tokens(in_talk) if in_talk else 0
        return self._most_tokens(question) + behind + self._models * worded

    def look(
        self, running: RunningAnswer, before: Conversation, question: str, choice: Choice, searched: Searched
    ) -> Looked:
        """The passages for a question. Raises NotFoundOutError, never for other words than its own."""
        found = self._find(running, searched, question)
        if found is None:
            return Looked(None, self._most_tokens(question))
        looked = Looked(found.sources, found.tokens)
        behind = OtherWords(searched=with_talk(question, before.turns))
        looked = self._besides(running, searched, looked, behind)
        if looked.sources is None or self._rewording is None:
            return looked
        worded = self._rewording.reword(running, before, question, choice, found)
        if running.stop_requested.is_set():
            return Looked(None, looked.tokens)
        return self._besides(running, searched, looked, worded)

    def _besides(
        self, running: RunningAnswer, searched: Searched, looked: Looked, words: OtherWords
    ) -> Looked:
        """What was found with what other words find, too; as it was where there are none, or that fails."""
        if not words.searched or looked.sources is None:
            return looked
        try:
            other = self._find(running, searched, words.searched)
        except NotFoundOutError as failed:
            return replace(looked, tokens=looked.tokens + failed.tokens)
        if other is None:
            return Looked(None, looked.tokens + self._most_tokens(words.searched))
        is_enough = words.has_question and other.sources
        sources = other.sources if is_enough else fused(other.sources, looked.sources)
        return Looked(sources, looked.tokens + other.tokens, words.shown)

    def _find(self, running: RunningAnswer, searched: Searched, question: str) -> Found | None:
        documents = self._documents
        if documents is None:
            raise AssertionError("what is searched was found by them")
        most = self._most_tokens(question)
        return lookup.look(running, self._running, lambda: documents.find(searched, question), most)

    def _most_tokens(self, question: str) -> int:
        """For all vectors of a question."""
        return self._models * lookup.most_tokens(question)

    @property
    def _models(self) -> int:
        return self._documents.models if self._documents else 0


def fused(*rankings: Sequence[Source]) -> tuple[Source, ...]:
    """One ranking of several, each with the best first; of equal places, the first ranking's comes first."""
    scores: defaultdict[Source, float] = defaultdict(float)
    for ranking in rankings:
        for rank, source in enumerate(ranking):
            scores[source] += 1 / (SMOOTHING + rank)
    return tuple(sorted(scores, key=lambda source: -scores[source]))
