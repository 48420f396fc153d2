"""What a page asks for, what is a question at all, and how it is refused."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from gradio_app.chat.model import Choice

QUESTION_CHARACTERS = 32_000
"""Longest question; about 10 000 tokens."""

BLANK_CATEGORIES = {"Cc", "Cf", "Zl", "Zp", "Zs"}
BLANKS = frozenset(
    chr(code)
    for first, last in (
        (0x034F, 0x034F),
        (0x115F, 0x1160),
        (0x17B4, 0x17B5),
        (0x180B, 0x180F),
        (0x2800, 0x2800),
        (0x3164, 0x3164),
        (0xFE00, 0xFE0F),
        (0xFFA0, 0xFFA0),
        (0xE0100, 0xE01EF),
    )
    for code in range(first, last + 1)
)
"""Letters and marks that leave nothing on the page, as fillers and variation selectors; and Braille's blank.
https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point"""


class RefusedError(Exception):
    """The turn does not take place: `reason` is a key of `texts.REFUSALS`.

    In its words stand the `counts`, and the name of a file or a model.
    """

    def __init__(self, reason: str, name: str = "", /, **counts: int) -> None:
        super().__init__(reason)
        self.reason = reason
        self.name = name
        self.counts = counts


@dataclass(frozen=True)
class TurnRequest:
    """What a page asks for.

    Attributes:
        seen_version: the version of the conversation that the page shows; None if it shows none yet.
        question: what to ask; blank to repeat the question of the turn that it `replaces`.
        replaces: the number of the turn of which this is another version; None to ask after the last.
        continues: the number of the last turn, whose answer is to go on; None for a question.
        is_try: whether the choice is for this time only, and the conversation keeps its own.
        uploads: the ids of what is attached.
        kept: the ids of those files of the turn that it `replaces` that stay; None for all.
        assistant: which one to begin the conversation with, as `Label.place` has it; empty for none. Of one
            that is stored nothing changes who answers in it.
        instructions: the person's own for this conversation; None for those that are stored with it.
        asks: which documents to ask, as `lookup.Choosable` has it; empty for none.
        groups: of the pool, in which the person is at this moment.
        session_key: whose session asks, so that signing out ends the answer; empty without login.
        ask_id: the page's own name for this request, to stop it by; empty if it has none.
    """

    user_id: str
    conversation_id: str
    seen_version: int | None
    question: str = field(repr=False)
    choice: Choice
    replaces: int | None = None
    continues: int | None = None
    is_try: bool = False
    uploads: tuple[str, ...] = ()
    kept: tuple[str, ...] | None = None
    assistant: str = ""
    instructions: str | None = field(default=None, repr=False)
    asks: str = ""
    groups: tuple[str, ...] = ()
    session_key: str = field(default="", repr=False)
    ask_id: str = ""


def question_of(typed: str) -> str:
    """What is asked when this was typed: as it was, but for empty lines around and blanks at the end.

    Raises RefusedError when that is more than one question may be; nothing of it is cut off.
    """
    if len(typed) > QUESTION_CHARACTERS:
        raise RefusedError("too_long", characters=len(typed), most=QUESTION_CHARACTERS)
    text = whole(typed).rstrip()
    indentation = len(text) - len(text.lstrip())
    return "" if is_blank(text) else text[text.rfind("\n", 0, indentation) + 1 :]


def temperature_of(told: Any) -> float | None:
    """A temperature that can be chosen, 0 to 1 in hundredths; None for anything else.

    What lies between 0 and the first of them is none: DynamoDB takes no number as small as floats go.
    """
    if type(told) not in (int, float) or not (told == 0 or 0.01 <= told <= 1):
        return None
    return round(float(told), 2)


def is_blank(text: str) -> bool:
    """Whether there is nothing to see in it: blanks, controls and what has no width."""
    return all(
        character in BLANKS or unicodedata.category(character) in BLANK_CATEGORIES for character in text
    )


def whole(text: str) -> str:
    """The text without lone halves of surrogate pairs, which neither the table nor a model takes.

    Two halves that belong together become their character, any other becomes the replacement character.
    """
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
