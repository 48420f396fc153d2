"""What a request consisted of, and how much of the room for what was said it took: pure functions.

Bedrock counts a request as a whole. How much of it is what is told by the lengths of the texts, in the tokens
that `context` guesses; who shows it brings the sum to Bedrock's.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from gradio_app.chat import context
from gradio_app.chat.conversation import Conversation, Turn
from gradio_app.chat.inputs import Question, Said

NAMES = ("instructions", "summary", "turns", "files", "passages", "question")
"""The parts, in the order in which a model reads them; files are those of all messages."""


@dataclass(frozen=True)
class Filling:
    """Tokens of each part, as guessed, and how full the room for what goes word for word is.

    Attributes:
        filled: the tokens, as guessed, that go along with the next question: instructions, summary and turns.
        limit: with how many of these the oldest turns are summed up.
        summarized_to: up to which turn the summary told, that went along.
    """

    instructions: int = 0
    summary: int = 0
    turns: int = 0
    files: int = 0
    passages: int = 0
    question: int = 0
    filled: int = 0
    limit: int = 0
    summarized_to: int = 0

    @property
    def parts(self) -> dict[str, int]:
        """The parts by name, those that there are."""
        return {name: getattr(self, name) for name in NAMES if getattr(self, name)}

    def shares(self, counted: int) -> dict[str, int]:
        """The parts in a model's own tokens, of which it counted so many; they add up to them."""
        guessed = sum(self.parts.values())
        shares = {name: tokens * counted // guessed for name, tokens in self.parts.items()}
        if shares:
            largest = max(shares, key=lambda name: shares[name])
            shares[largest] += counted - sum(shares.values())
        return shares

    @property
    def percent(self) -> int:
        """How full the room is; more than 100 where a summary is due."""
        return 100 * self.filled // self.limit if self.limit else 0


def filling(
    before: Conversation, question: Question, parts: Sequence[tuple[str, Said]], system: str, passages: int
) -> Filling:
    """What a request consists of: `parts` without passages, which take so many tokens besides.

    `system` is all of the instructions, with the summary.
    """
    kept = len(parts) // 2
    turns = context.unsummed(before)[-kept:] if kept else []
    said = sum(map(context.turn_tokens, turns))
    asked = context.estimate_tokens(question.text) + context.MESSAGE_TOKENS
    summary = context.estimate_tokens(before.summary)
    has_files = bool(question.files) or any(turn.files for turn in turns)
    return Filling(
        instructions=max(0, context.estimate_tokens(system) - summary),
        summary=summary,
        turns=said,
        files=max(0, context.request_tokens("", parts) - said - asked) if has_files else 0,
        passages=passages,
        question=asked,
        summarized_to=before.summarized_to,
    )


def after(sent: Filling, before: Conversation, turn: Turn, limit: int) -> Filling:
    """The same, with how full the room is when this turn is part of what goes along."""
    said = sum(map(context.turn_tokens, context.answered([*context.unsummed(before), turn])))
    return replace(sent, filled=context.estimate_tokens(context.system_prompt(before)) + said, limit=limit)


def to_json(told: Filling) -> str:
    """As it is stored with an answer."""
    return json.dumps(
        {name: number for name, number in asdict(told).items() if number}, separators=(",", ":")
    )


def from_json(text: str) -> Filling:
    """What was stored; what is not known any more is left out."""
    known = Filling.__dataclass_fields__
    return Filling(**{name: number for name, number in json.loads(text).items() if name in known})
