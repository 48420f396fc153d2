"""Libraries as the chat asks them: what a person can ask, where that is looked for, and what is found there.

What is asked is kept with a conversation as `own`, `everybody` or the id of a group's library, with `/` and
the id of a collection behind it for less than the whole. It opens nothing: each time, whoever asks is held
against what they may read at that moment.
"""

import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from gradio_app.chat.grounding import PASSAGES
from gradio_app.chat.lookup import (
    CLOSED,
    DELETED,
    NOT_SEARCHED,
    NOT_YET,
    OPEN,
    Asker,
    Choosable,
    Found,
    NotAskableError,
    NotFoundOutError,
    Searched,
    most_tokens,
)
from gradio_app.chat.sources import Source
from gradio_app.identity import Identity
from gradio_app.library import finding, words
from gradio_app.library.access import Shelf, administers, own_groups, own_shelf, shelf
from gradio_app.library.document import EVERYBODY, Document, State
from gradio_app.library.finding import Finding, Scope
from gradio_app.library.ports import EmbeddingBusyError, EmbeddingRefusedError, Passage
from gradio_app.store.library import Library
from gradio_app.store.passages import IndexNotReadyError
from gradio_app.store.shared import SharedLibraries
from gradio_app.store.table import TableUnreachable

OWN = "own"
FOREIGN_SHARE = 0.25
"""So much of what a question finds is in another language where its own words are not enough."""
log = logging.getLogger(__name__)
ASKS = re.compile(rf"(?:{OWN}|{EVERYBODY}|group-[0-9a-f]{{32}})(?:/[0-9a-f]{{32}})?")


class AskedLibraries:
    """The libraries of a deployment (`chat.lookup.Documents`)."""

    def __init__(self, library: Library, shared: SharedLibraries, where: Finding) -> None:
        self._library = library
        self._shared = shared
        self._finding = where

    @property
    def models(self) -> int:
        """Those that make a vector of each question."""
        return self._finding.models

    def choosable(self, asker: Asker) -> Sequence[Choosable]:
        """What a person can ask: libraries with something in them that was read, and own collections."""
        identity = _identity(asker)
        found: list[Choosable] = []
        own = own_shelf(identity).id
        if self._has_text(own):
            found.append(Choosable(OWN, OWN))
            collections = self._library.collections(own)
            found += [Choosable(f"{OWN}/{each.id}", "collection", each.name) for each in collections]
        if self._has_text(EVERYBODY):
            found.append(Choosable(EVERYBODY, EVERYBODY))
        groups = self._shared.all() if administers(identity) else self._shared.of(own_groups(identity))
        for library_id, name in sorted(groups.items(), key=lambda each: each[1].casefold()):
            if self._has_text(library_id):
                found.append(Choosable(library_id, "group", name))
        return found

    def searched(self, asker: Asker, asks: str) -> Searched:
        """Where to look. Raises NotAskableError."""
        if not ASKS.fullmatch(asks):
            raise NotAskableError
        named, _, collection = asks.partition("/")
        there = self._shelf(asker, named)
        if there is None or not self._has_text(there.id):
            raise NotAskableError
        if not collection:
            return Searched(there.id)
        if all(each.id != collection for each in self._library.collections(there.id)):
            raise NotAskableError
        return Searched(there.id, frozenset(self._library.ids_of(there.id, collection)))

    def find(self, searched: Searched, question: str) -> Found:
        """What is found for a question. Raises NotFoundOutError."""
        most = self.models * most_tokens(question)
        try:
            answer = self._finding.find(question, [Scope(searched.library, searched.documents)], PASSAGES)
        except (EmbeddingBusyError, EmbeddingRefusedError):
            # A call that was not answered, or not as it should be, may have cost what was set aside for it.
            raise NotFoundOutError(NOT_SEARCHED, most) from None
        except IndexNotReadyError:
            raise NotFoundOutError(NOT_YET, most) from None
        sources = self._sources(searched.library, answer.found)
        return Found(sources, answer.tokens, other_language(question, sources), answer.is_doubtful)

    def _sources(self, library_id: str, found: Sequence[finding.Found]) -> tuple[Source, ...]:
        documents = self._library.many(library_id, [each.document_id for each in found])
        self._bring_up_to_date(library_id, documents)
        return tuple(
            _source(library_id, documents[each.document_id], each.passage)
            for each in found
            if _is_there(documents, each.document_id)
        )

    def _bring_up_to_date(self, library_id: str, documents: Mapping[str, Document]) -> None:
        """Whoever works on documents looks once a minute; an answer waits for none of it."""
        try:
            self._library.bring_up_to_date(library_id, self._finding.model, documents.values())
        except TableUnreachable as error:
            log.warning("Documents are indexed anew another time: %s", error)

    def standing(self, asker: Asker, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """How sources stand for a reader. Of a library that is closed to them nothing is looked up."""
        standing: dict[tuple[str, str], str] = {}
        for library_id in dict.fromkeys(library_id for library_id, _ in places):
            ids = [document for library, document in places if library == library_id]
            if self._shelf(asker, library_id) is None:
                standing |= {(library_id, each): CLOSED for each in ids}
                continue
            there = self._library.many(library_id, ids)
            standing |= {(library_id, each): OPEN if _is_there(there, each) else DELETED for each in ids}
        return standing

    def _shelf(self, asker: Asker, named: str) -> Shelf | None:
        identity = _identity(asker)
        own = own_shelf(identity)
        if named in (OWN, own.id):
            return own
        groups = {} if named == EVERYBODY else self._shared.of([named])
        return shelf(identity, named, groups) if named else None

    def _has_text(self, library_id: str) -> bool:
        return self._library.counts(library_id).pages > 0


def _source(library_id: str, document: Document, passage: Passage) -> Source:
    return Source(
        library=library_id,
        document=document.id,
        number=passage.number,
        name=document.name,
        kind=document.kind,
        text=passage.text,
        page=passage.page,
        heading=passage.heading,
    )


def other_language(question: str, sources: Sequence[Source]) -> str:
    """The language of a good part of what was found, where the question is in another one."""
    spoken = words.language(question)
    found = Counter(words.language(each.text) for each in sources)
    other, count = max(
        ((each, found[each]) for each in found if each not in ("", spoken)),
        default=("", 0),
        key=lambda each: each[1],
    )
    return other if spoken and count >= FOREIGN_SHARE * len(sources) else ""


def _identity(asker: Asker) -> Identity:
    return Identity(asker.user_id, "", asker.groups)


def _is_there(there: Mapping[str, Document], document_id: str) -> bool:
    return document_id in there and there[document_id].state is not State.DELETING
