"""What a conversation is, as plain values; how it is stored is in `gradio_app.store`."""

import re
import secrets
import time
from dataclasses import dataclass, field, replace

from gradio_app.chat.assistant import Assistant, Label
from gradio_app.chat.attachments import Files
from gradio_app.chat.sources import Backing

TITLE_CHARACTERS = 80
TEMPORARY = "t"
"""How the id of a conversation begins that is never stored. To the version before it is the id of none, so
that no task of it stores what is asked there."""
CONVERSATION_ID = re.compile(rf"[0-9a-f{TEMPORARY}][0-9a-f]{{31}}")

COMPLETE, STOPPED, FAILED, WRITING = "complete", "stopped", "failed", "writing"
"""How an answer stands; one that is WRITING although its writer's time is over was cut off by a death."""

LENGTH = "length"
"""Why an answer ended that is complete, and might go on: it had as many tokens as it might have."""
MOST_BYTES_TO_GO_ON = 300_000
"""Of an answer that is continued: an item of the table takes little more."""

TEXT = "text"


@dataclass(frozen=True)
class Part:
    """A piece of a message: what kind it is, and what it says."""

    kind: str
    text: str


Parts = tuple[Part, ...]


def plain(text: str) -> Parts:
    """A message that is text and nothing else."""
    return (Part(TEXT, text),) if text else ()


def text_of(parts: Parts) -> str:
    """All that a message says in words."""
    return "\n\n".join(part.text for part in parts if part.kind == TEXT)


@dataclass(frozen=True)
class Answer:
    """What the model wrote, with which settings, and what Bedrock counted."""

    parts: Parts = ()
    status: str = COMPLETE
    reason: str = ""
    """Why it ended early, a key of `texts.REASONS`; or empty."""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    model_id: str = ""
    """Empty in what was stored before answers knew their model; so are its settings."""
    temperature: float | None = None
    max_tokens: int = 0
    effort: str = ""
    """How much the model was told to reason; empty for what it does by itself."""
    service_tier: str = ""
    """By which tier Bedrock said that it served; empty for the standard one, and where it said nothing."""
    counted_from: int = 0
    """The number of the oldest turn that Bedrock counted as read; 0 where the counts are guesses."""
    lease_until: int = 0
    """Epoch seconds until which its writer is at work, while it is WRITING."""
    backing: Backing | None = None
    """What it cites of the documents that were asked; None when none were."""

    thought: str = field(default="", repr=False)
    """What the model told of its reasoning, which goes to no model again."""
    thought_ms: int = 0
    """For how long it reasoned before it answered, in milliseconds."""
    made_of: str = ""
    """What the request for it consisted of, as `filling` has it; empty where that is not known."""
    is_imported: bool = False
    """Whether it came out of a file, or its beginning did: who wrote that is not known."""

    @property
    def text(self) -> str:
        """All that it says in words."""
        return text_of(self.parts)

    def can_go_on(self, now: float) -> bool:
        """Whether more can be written to it: it did not end by itself, and there is room for more.

        One that cites stays as it is: its citations were checked as a whole.
        """
        is_cut = self.status != COMPLETE or self.reason == LENGTH
        has_room = 0 < len(self.text.encode()) <= MOST_BYTES_TO_GO_ON
        return is_cut and has_room and self.backing is None and not self.is_being_written(now)

    def is_being_written(self, now: float) -> bool:
        """Whether some process is at it; one that is not, and is WRITING, was interrupted."""
        return self.status == WRITING and now < self.lease_until


@dataclass(frozen=True)
class Turn:
    """A question and its answer; without an answer the process died before the first checkpoint."""

    number: int
    question: Parts
    answer: Answer | None = None
    parent: int = 0
    """The number of the turn that it follows; 0 for the first, and where the table does not say."""
    files: Files = ()
    """What is attached to the question."""
    first: int = 0
    """The number of the turn with the first version of the question; 0 while there is no other one."""
    versions: tuple[int, ...] = ()
    """The numbers of all turns with versions of the question, in the order in which they were asked.

    None where they were not read.
    """

    @property
    def question_text(self) -> str:
        """All that the question says in words."""
        return text_of(self.question)


@dataclass(frozen=True)
class Cursor:
    """A place in the list of conversations: behind the one with these."""

    updated_at: int
    id: str


@dataclass(frozen=True)
class Heading:
    """A conversation as the list shows it."""

    id: str
    title: str
    updated_at: int = 0
    pinned: bool = False
    folder: str = ""
    is_named: bool = False

    @property
    def cursor(self) -> Cursor:
        """Where the list goes on behind this one."""
        return Cursor(self.updated_at, self.id)


@dataclass(frozen=True)
class Conversation:
    """A conversation, with a window of its turns or none of them."""

    id: str
    title: str = ""
    version: int = 0
    """The number of the last change of its turns; 0 when it is not stored yet."""
    turns: tuple[Turn, ...] = ()
    """Some turns that follow each other, the oldest first."""
    has_earlier: bool = False
    has_later: bool = False
    has_gap: bool = False
    """Of what was read for the model: between the summary and these turns stand some that were not read."""
    last: int = 0
    """The number of the last turn; 0 when turns were not asked for, or there is none."""
    model_id: str = ""
    temperature: float | None = None
    max_tokens: int = 0
    effort: str = ""
    service_tier: str = ""
    instructions: str = field(default="", repr=False)
    """Its person's, for it alone."""
    assistant: Label | None = None
    """Who answers in it, from its beginning on; None for the model alone."""
    assisted: Assistant | None = None
    """The same with all that it says, where that was read."""
    preamble: str = field(default="", repr=False)
    """All instructions that hold for the question that is asked in it (`instructions.py`)."""
    asks: str = ""
    """Which documents its last question was put to, as `lookup.Choosable` has it; empty for none."""
    pinned: bool = False
    folder: str = ""
    is_named: bool = False
    """Whether its title is more than the beginning of its first question."""
    updated_at: int = 0
    """Epoch seconds."""
    input_tokens: int = 0
    output_tokens: int = 0
    cache_saved_tokens: int = 0
    """How many tokens less than without the prompt cache its answers counted, since that is kept."""
    summary: str = ""
    summarized_to: int = 0
    """The number of the last turn that the summary covers."""
    is_whole: bool = False
    """A summary was taken back: more of it goes word for word than of others."""
    stored_bytes: int = 0
    """What its messages take, as far as it was counted when they were stored."""
    shown: int = 0
    """The number of the last turn of the branch that is shown; 0 for the one of all first versions."""
    stem: int = 0
    """Up to which turn the branch that is shown has the turns of no branch."""

    def is_being_written(self, now: float) -> bool:
        """Whether some task is at the answer of the last of its turns."""
        answer = self.turns[-1].answer if self.turns else None
        return answer is not None and answer.is_being_written(now)


def before_turn(conversation: Conversation, number: int) -> Conversation:
    """The conversation as it was before that turn.

    A summary that tells of that turn or a later one would bring it back: it goes with them.
    """
    if number <= conversation.summarized_to:
        conversation = replace(conversation, summary="", summarized_to=0)
    turns = tuple(turn for turn in conversation.turns if turn.number < number)
    return replace(conversation, turns=turns, last=turns[-1].number if turns else 0)


def new_id() -> str:
    """A fresh conversation id: 32 hex digits that begin with the time, so that ids sort by age."""
    return f"{now_ms():012x}{secrets.token_hex(10)}"


def temporary_id() -> str:
    """A fresh id of a conversation that is never stored."""
    return f"{TEMPORARY}{secrets.token_hex(16)[1:]}"


def is_temporary(conversation_id: str) -> bool:
    """Whether nothing of this conversation may be stored."""
    return conversation_id.startswith(TEMPORARY)


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
