"""Finding the passages that answer a question: by meaning and by word, as one ranking.

Which of the two leads depends on the question. One that names something (a part number, a path, an error's
code) is about the passages with that name, so these come first. A passage in another language shares few
words with the question, and some of these by chance: there its place by meaning counts for more, and one by
word for less. What each part brings is measured by benchmarks/retrieval.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from gradio_app.chat.lookup import most_tokens
from gradio_app.library import words
from gradio_app.library.ports import EmbeddingBusyError, EmbeddingRefusedError, Passage, QuestionEmbedder
from gradio_app.store.passages import Hit, Passages

log = logging.getLogger(__name__)

CANDIDATES = 50
"""Passages that each way of finding puts forward, of each library."""
SMOOTHING = 10
"""Of reciprocal rank fusion: how little the first places stand out. Its authors took 60, for rankings whose
first hundreds count; of these the first five do. https://doi.org/10.1145/1571941.1572114"""
NAMED = 2.0
"""How much a place by name counts, against one by meaning or by word."""
FOREIGN_BY_MEANING, FOREIGN_BY_WORD = 2.0, 0.5
"""How much places of passages in another language than the question's count."""
AGREEING = 3
"""Places in front that tell whether two rankings agree: they mostly do for a question in the documents' own
terms, and seldom for one in others (docs/documents.md)."""

Place = tuple[str, str, int]
"""A library, a document and the number of a passage in it."""


@dataclass(frozen=True)
class Scope:
    """Where to look: in a library, and there in these documents or in all."""

    library_id: str
    documents: frozenset[str] | None = None


@dataclass(frozen=True)
class Found:
    """A passage with where it stands."""

    library_id: str
    document_id: str
    passage: Passage


@dataclass(frozen=True)
class Answer:
    """What was found, the best first, and the tokens that the question cost.

    It `is_doubtful` where meaning and words agree on none of the first passages, nothing that the question
    names is found, and there is more than was wanted: the documents may call otherwise what it means. Where
    the question's language is not known, its words tell nothing.
    """

    found: list[Found]
    tokens: int
    is_doubtful: bool = False


class Finding:
    """What finds. Who may look where is decided before: it looks where it is told to.

    It blocks, and raises TableUnreachable, IndexNotReadyError, EmbeddingBusyError and EmbeddingRefusedError.
    """

    def __init__(
        self, passages: Passages, embeddings: QuestionEmbedder, former: QuestionEmbedder | None = None
    ) -> None:
        """`former` made the vectors of documents that `embeddings` has not come to yet."""
        self._passages = passages
        self._embeddings = embeddings
        self._former = former

    @property
    def model(self) -> str:
        """Whose vectors documents should have."""
        return self._embeddings.model

    @property
    def models(self) -> int:
        """How many make a vector of each question."""
        return 2 if self._former else 1

    def find(self, question: str, scopes: Sequence[Scope], top: int) -> Answer:
        """At most `top` passages; none for a question without a word."""
        if not question.strip() or not scopes:
            return Answer([], 0)
        by_meaning, tokens = self._by_meaning(self._embeddings, question, scopes)
        if self._former:
            before, more = self._by_former(self._former, question, scopes)
            by_meaning, tokens = _in_turn(by_meaning, before), tokens + more
        by_word, by_name = (
            _ranked(
                scopes,
                lambda scope, asked=asked: self._passages.by_word(
                    scope.library_id, asked, CANDIDATES, scope.documents
                ),
            )
            for asked in (words.asked(question), words.named(question))
        )
        spoken = words.language(question)
        rankings = list(by_meaning), list(by_word)
        ranked = fused(spoken, by_meaning, rankings[1], list(by_name))
        is_doubtful = bool(spoken) and len(ranked) > top and not by_name and not agree(*rankings)
        return Answer(self._read(ranked, top), tokens, is_doubtful)

    def _by_meaning(
        self, embeddings: QuestionEmbedder, question: str, scopes: Sequence[Scope]
    ) -> tuple[dict[Place, Hit], int]:
        """What a model's vectors find, and the tokens that its vector of the question cost."""
        embedded = embeddings.of_question(question)
        [vector] = embedded.vectors

        def nearest(scope: Scope) -> list[Hit]:
            return self._passages.by_meaning(
                scope.library_id, vector, CANDIDATES, embeddings.model, scope.documents
            )

        return _ranked(scopes, nearest), embedded.tokens

    def _by_former(
        self, former: QuestionEmbedder, question: str, scopes: Sequence[Scope]
    ) -> tuple[dict[Place, Hit], int]:
        """The same by the former model. It may be gone: nothing is owed to it."""
        try:
            return self._by_meaning(former, question, scopes)
        except (EmbeddingBusyError, EmbeddingRefusedError) as error:
            log.warning("the former model for documents makes no vector of a question: %s", error)
            return {}, most_tokens(question)

    def _read(self, ranked: Sequence[Place], top: int) -> list[Found]:
        """The first of them; those that were deleted meanwhile make room for the next."""
        read: dict[Place, Passage] = {}
        wanted = ranked[: 2 * top]
        for library_id in {place[0] for place in wanted}:
            places = [place[1:] for place in wanted if place[0] == library_id]
            found = self._passages.read(library_id, places)
            read |= {(library_id, *place): passage for place, passage in found.items()}
        return [Found(place[0], place[1], read[place]) for place in wanted if place in read][:top]


def fused(
    spoken: str, by_meaning: Mapping[Place, Hit], by_word: Sequence[Place], by_name: Sequence[Place]
) -> list[Place]:
    """One ranking of three, each with the best first; `spoken` is the question's language."""
    scores: defaultdict[Place, float] = defaultdict(float)
    foreign = {place for place, hit in by_meaning.items() if spoken and hit.language not in ("", spoken)}
    for rank, place in enumerate(by_meaning):
        scores[place] += _share(rank) * (FOREIGN_BY_MEANING if place in foreign else 1)
    # Of what is found by words alone the language is not known: another one as likely as with these.
    share = len(foreign) / len(by_meaning) if by_meaning else 0
    for rank, place in enumerate(by_word):
        is_foreign = float(place in foreign) if place in by_meaning else share
        scores[place] += _share(rank) * (1 + is_foreign * (FOREIGN_BY_WORD - 1))
    for rank, place in enumerate(by_name):
        scores[place] += NAMED * _share(rank)
    return sorted(scores, key=lambda place: (-scores[place], place))


def agree(one: Sequence[Place], other: Sequence[Place]) -> bool:
    """Whether two rankings have a place in common among the first."""
    return not set(one[:AGREEING]).isdisjoint(other[:AGREEING])


def _in_turn(one: Mapping[Place, Hit], other: Mapping[Place, Hit]) -> dict[Place, Hit]:
    """One ranking of two whose scores do not compare: the first of both, then the second of both."""
    merged: dict[Place, Hit] = {}
    for pair in zip_longest(one.items(), other.items()):
        for place, hit in filter(None, pair):
            merged.setdefault(place, hit)
    return merged


def _share(rank: int) -> float:
    return 1 / (SMOOTHING + rank)


def _ranked(scopes: Iterable[Scope], find: Callable[[Scope], list[Hit]]) -> dict[Place, Hit]:
    """What is found in all scopes, the best first."""
    found = [((scope.library_id, *hit.place), hit) for scope in scopes for hit in find(scope)]
    return dict(sorted(found, key=lambda each: (-each[1].score, each[0])))
