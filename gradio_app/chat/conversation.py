"""What a conversation is, as plain values; how it is stored is in `conversations`."""

import re
import secrets
import time
from dataclasses import dataclass, replace

TITLE_CHARACTERS = 80
CONVERSATION_ID = re.compile(r"[0-9a-f]{32}")

COMPLETE, STOPPED, FAILED, WRITING = "complete", "stopped", "failed", "writing"
"""How an answer stands; one that is WRITING although nobody writes it was cut off by a dying process."""


@dataclass(frozen=True)
class Answer:
    """What the model wrote. `reason` says why it ended early (a key of `texts.REASONS`), or is empty."""

    text: str
    status: str = COMPLETE
    reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Turn:
    """A question and its answer; without an answer the process died before the first checkpoint."""

    number: int
    question: str
    answer: Answer | None = None


@dataclass(frozen=True)
class Heading:
    """A conversation as the list shows it."""

    id: str
    title: str


@dataclass(frozen=True)
class Conversation:
    """A whole conversation; `version` is the number of its last change, 0 when it is not stored yet."""

    id: str
    title: str = ""
    version: int = 0
    turns: tuple[Turn, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    summary: str = ""
    summarized_to: int = 0
    """The number of the last turn that the summary covers."""


def first_turns(conversation: Conversation, turns: int) -> Conversation:
    """The conversation as it was after that many turns.

    A summary that tells of the others would bring them back: it goes with them.
    """
    left, dropped = conversation.turns[:turns], conversation.turns[turns:]
    if dropped and dropped[0].number <= conversation.summarized_to:
        conversation = replace(conversation, summary="", summarized_to=0)
    return replace(conversation, turns=left)


def new_id() -> str:
    """A fresh conversation id: 32 hex digits that begin with the time, so that ids sort by age."""
    return f"{now_ms():012x}{secrets.token_hex(10)}"


def valid_id(text: object) -> bool:
    """Whether this has the form of a conversation id."""
    return isinstance(text, str) and CONVERSATION_ID.fullmatch(text) is not None


def title_of(text: str) -> str:
    """One short line made of the text."""
    line = " ".join(text.split())
    return line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1].rstrip() + "…"


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000
