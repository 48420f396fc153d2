"""A document of a library and what becomes of it, as plain values; `gradio_app.store` keeps them."""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

DOCUMENT_BYTES = 25_000_000
"""Largest document: some hundred scanned pages with their text. A task holds one while it reads it."""
PAGE_CHARACTERS = 3_000
"""What counts as a page of a document that has none."""
COLLECTION_ID = re.compile(r"[0-9a-f]{32}")
DOCUMENT_ID = re.compile(r"[0-9a-f]{64}")

INDEXED = 1
"""How passages are looked up, counted up when a release changes it: since 1 by the way to them, the headings,
too. What was indexed before is indexed anew in the background."""

OVERLAP_SECONDS = 3600
"""Longer than two versions run at the same time: docs/deployments.md."""

EVERYBODY = "everybody"
"""The library that all people of the deployment share."""


class State(StrEnum):
    """What a document is doing."""

    ARRIVING = "arriving"
    """Its file is on its way to the bucket."""
    WAITING = "waiting"
    READING = "reading"
    EMBEDDING = "embedding"
    READY = "ready"
    REFUSED = "refused"
    DELETING = "deleting"


UNFINISHED = (State.ARRIVING, State.WAITING, State.READING, State.EMBEDDING, State.DELETING)
"""Where something is still being done, so that a page looks again."""


class Refusal(StrEnum):
    """Why a document cannot be asked, beside what `gradio_app.documents.extracted.Reason` says."""

    CUT_OFF = "cut_off"
    """Its file never arrived."""
    PAGES = "pages"
    """The library has no room for so many pages."""
    TOO_OFTEN = "too_often"
    """Who worked on it died each time."""
    NOT_EMBEDDED = "not_embedded"
    """The model does not take what is in it, or not at all."""


@dataclass(frozen=True)
class Document:
    """One document.

    Attributes:
        id: the SHA-256 of its content, so that a library has a content once.
        pages: its own, or so many times PAGE_CHARACTERS; 0 until it is read.
        done, total: of its passages, while they are being embedded; `at_page`: of the last one that is done.
        delayed: the model that embeds it has too much to do, or cannot be reached.
        cut: only its beginning was read, for it is very long.
        source: the address that it was fetched from; empty for an upload.
        added_at: epoch milliseconds.
        model: whose vectors its passages have; `refused_model`: which did not take them later.
        indexed: as INDEXED was when that was done, at `indexed_at` in epoch seconds.
        chunked: how it was cut into passages, so that another release does not go on with other ones.
        work: where it stands in the line; empty when nothing is to be done.
    """

    id: str
    name: str = field(repr=False)
    kind: str
    bytes: int
    added_by: str
    added_at: int
    state: State = State.ARRIVING
    reason: str = ""
    pages: int = 0
    done: int = 0
    total: int = 0
    at_page: int = 0
    delayed: bool = False
    cut: bool = False
    collection: str = ""
    source: str = field(default="", repr=False)
    model: str = ""
    refused_model: str = ""
    indexed: int = 0
    indexed_at: int = 0
    chunked: str = ""
    counted_bytes: int = 0
    counted_pages: int = 0
    work: str = ""

    def is_behind(self, model: str, now: float) -> bool:
        """Whether it is asked as another model or an earlier release has indexed it, and nobody is at it.

        Not while it is another model's and new: tasks of two models may run at the same time, and each would
        undo what the other one did.
        """
        if self.state is not State.READY or self.work:
            return False
        if self.model == model:
            return self.indexed < INDEXED
        return self.refused_model != model and now - self.indexed_at >= OVERLAP_SECONDS


@dataclass(frozen=True)
class Collection:
    """A group of documents of one library."""

    id: str
    name: str = field(repr=False)


@dataclass(frozen=True)
class Counts:
    """What a library holds, and how many of its documents are being worked on."""

    files: int = 0
    bytes: int = 0
    pages: int = 0
    working: int = 0


@dataclass(frozen=True)
class Quotas:
    """Most that a library may hold."""

    files: int
    bytes: int
    pages: int


def content_id(content: bytes) -> str:
    """A document's id."""
    return hashlib.sha256(content).hexdigest()


def group_library(group: str) -> str:
    """The id of the library of a group of the pool, whose name may have any character."""
    return f"group-{hashlib.sha256(group.encode()).hexdigest()[:32]}"
