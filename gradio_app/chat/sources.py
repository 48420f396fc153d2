"""Passages of documents that an answer was made from, and its marks that say which words back it."""

import json
from dataclasses import dataclass, field
from typing import Any

SOURCES_BYTES = 100_000
"""Most that the sources of one answer take in the table: beside its text they fit into an item of 400 KB."""
MARKS = 200
"""Most of one answer."""


@dataclass(frozen=True)
class Source:
    """A passage that was found: `number` counts those of its document; `page` and `heading` are its place."""

    library: str
    document: str
    number: int
    name: str = field(repr=False)
    kind: str
    text: str = field(repr=False)
    page: int | None = None
    heading: str | None = field(default=None, repr=False)

    @property
    def place(self) -> tuple[str, str]:
        """The library and the document."""
        return self.library, self.document


@dataclass(frozen=True)
class Mark:
    """Behind `at` characters of an answer: what stands there is backed by words of a source.

    `source` counts the answer's sources from 0; the words stand in its text from `start` to `end`.
    """

    at: int
    source: int
    start: int
    end: int


@dataclass(frozen=True)
class Backing:
    """What backs an answer for which documents were asked: the sources that it cites, and its marks.

    `searched_for` is what was searched for beside the question; empty when nothing was.
    """

    sources: tuple[Source, ...] = ()
    marks: tuple[Mark, ...] = ()
    searched_for: str = field(default="", repr=False)

    def words(self, mark: Mark) -> str:
        """The words of a mark, as they stand in the passage."""
        return self.sources[mark.source].text[mark.start : mark.end]


def to_json(backing: Backing) -> str:
    """As it is stored: as many of its sources, from the first, as there is room for, with their marks."""
    kept: list[Source] = []
    size = 0
    for source in backing.sources:
        size += len(json.dumps(_told(source)).encode())
        if size > SOURCES_BYTES:
            break
        kept.append(source)
    marks = [mark for mark in backing.marks[:MARKS] if mark.source < len(kept)]
    told = {
        "sources": [_told(source) for source in kept],
        "marks": [[mark.at, mark.source, mark.start, mark.end] for mark in marks],
    }
    return json.dumps(told | ({"searched_for": backing.searched_for} if backing.searched_for else {}))


def from_json(text: str) -> Backing:
    """What `to_json` of any release wrote; what a later one adds is passed over."""
    told = json.loads(text)
    return Backing(
        tuple(_source(each) for each in told["sources"]),
        tuple(Mark(*each[:4]) for each in told["marks"]),
        told.get("searched_for", ""),
    )


def _told(source: Source) -> dict[str, Any]:
    return {name: value for name, value in vars(source).items() if value is not None}


def _source(told: dict[str, Any]) -> Source:
    names = Source.__dataclass_fields__
    return Source(**{name: value for name, value in told.items() if name in names})
