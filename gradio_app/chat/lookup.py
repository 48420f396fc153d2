"""Asking documents: what the chat needs of libraries, and how an answer waits for what is found in them."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from gradio_app.chat import budget, errors
from gradio_app.chat.running import Running
from gradio_app.chat.sources import Source
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.table import TableUnreachable

NOT_SEARCHED, NOT_YET = "not_searched", "not_yet"
"""Why there is no answer, keys of `texts.REASONS`: the documents could not be searched, or not yet."""
OPEN, DELETED, CLOSED = "open", "deleted", "closed"
"""How a source stands for a reader: its document can be opened, is gone, or is not for them any more."""


class NotAskableError(Exception):
    """What a conversation asks is not there, or not for this person."""


class NotFoundOutError(Exception):
    """The documents could not be searched now, for a `reason` as above; `tokens` were spent on it."""

    def __init__(self, reason: str, tokens: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.tokens = tokens


@dataclass(frozen=True)
class Asker:
    """Who asks, and the groups of the pool that they are in at this moment."""

    user_id: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True)
class Searched:
    """One library that somebody may read, or only these documents of it."""

    library: str
    documents: frozenset[str] | None = None


@dataclass(frozen=True)
class Found:
    """Passages, the best first, and the tokens that looking for them cost.

    Attributes:
        language: of a good part of them, `en` or `es`, where the question is in another one.
        is_doubtful: whether the question seems to use other words than what answers it.
    """

    sources: tuple[Source, ...] = field(default=(), repr=False)
    tokens: int = 0
    language: str = ""
    is_doubtful: bool = False


@dataclass(frozen=True)
class Choosable:
    """Something that can be asked: `kind` is a key of `texts.ASKS`, `name` stands in its words."""

    asks: str
    kind: str
    name: str = field(default="", repr=False)


class Documents(Protocol):
    """Libraries, as the chat asks them. Every method blocks, and raises TableUnreachable."""

    @property
    def models(self) -> int:
        """How many models make a vector of each question."""
        ...

    def choosable(self, asker: Asker) -> Sequence[Choosable]:
        """What a person can ask, apart from nothing."""
        ...

    def searched(self, asker: Asker, asks: str) -> Searched:
        """Where to look for what a conversation asks. Raises NotAskableError."""
        ...

    def find(self, searched: Searched, question: str) -> Found:
        """What is found for a question. Raises NotFoundOutError."""
        ...

    def standing(self, asker: Asker, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """How sources stand for a reader, by library and document."""
        ...


def most_tokens(question: str) -> int:
    """A model makes no more tokens of a question when it makes a vector of it."""
    return budget.most_tokens(question) + budget.MESSAGE_TOKENS


def look(running: RunningAnswer, threads: Running, find: Callable[[], Found], most: int) -> Found | None:
    """What is found, in a thread of its own that a stop leaves behind; None when it was stopped.

    Raises NotFoundOutError, which says what was spent: of what was left behind, at most `most` tokens.
    """
    looking = _Looking(find, most)
    running.on_stop(looking.over.set)
    threads.call(running, looking.run)
    looking.over.wait()
    if running.stop_requested.is_set():
        return None
    if looking.failed:
        raise looking.failed
    return looking.found


class _Looking:
    def __init__(self, find: Callable[[], Found], most: int) -> None:
        self.over = threading.Event()
        self.found: Found | None = None
        self.failed: NotFoundOutError | None = None
        self._find = find
        self._most = most

    def run(self) -> None:
        try:
            self.found = self._find()
        except NotFoundOutError as failed:
            self.failed = failed
        except TableUnreachable as error:
            errors.record_storage(error)
            self.failed = NotFoundOutError(NOT_SEARCHED, self._most)
        except Exception as error:  # noqa: BLE001 (whatever it is, the reader is told, and the answer ends)
            errors.record_event(error)
            self.failed = NotFoundOutError(NOT_SEARCHED, self._most)
        self.over.set()
