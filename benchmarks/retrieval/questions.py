"""The questions with the places of their answers: `questions.toml` as values."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("questions.toml")
LANGUAGES = ("en", "es")
SAME, ACROSS, FAR = "same language", "across languages", "worded far from the text"
IDENTIFIERS, FOLLOW_UPS, UNANSWERED = "exact identifiers", "follow-ups", "without an answer"
KINDS = (SAME, ACROSS, FAR, IDENTIFIERS, FOLLOW_UPS, UNANSWERED)
HELD_OUT = 3
"""One of so many entries is kept from sight while something is tuned."""


@dataclass(frozen=True)
class Question:
    """A question, asked of the book in one language.

    Attributes:
        language: that it is worded in; `book`: that of the book.
        before: the question that it leans on; empty for most.
        page: where the answer stands; empty where nothing answers it.
        words: one of them is in the heading or text of each right passage; without any, the page is right.
    """

    kind: str
    text: str
    language: str
    book: str
    page: str = ""
    words: tuple[str, ...] = ()
    before: str = ""
    is_held_out: bool = False

    def is_answered_by(self, page: str, heading: str | None, text: str) -> bool:
        """Whether a passage of a page is one that it asks for."""
        if page != self.page or heading is None:  # what stands above a page's heading leads to others
            return False
        seen = f"{heading} {text}".casefold()
        return not self.words or any(each.casefold() in seen for each in self.words)


def questions(file: Path = FILE) -> list[Question]:
    """All of them, each as often as it is asked."""
    with file.open("rb") as opened:
        return list(_asked(tomllib.load(opened)))


def _asked(entries: Mapping[str, list[dict[str, Any]]]) -> Iterator[Question]:
    kinds = {"near": SAME, "far": FAR, "identifiers": IDENTIFIERS, "follow_ups": FOLLOW_UPS}
    for name, kind in (kinds | {"unanswered": UNANSWERED}).items():
        for number, entry in enumerate(entries[name]):
            for language in LANGUAGES:
                yield _question(kind, entry, language, language, number)
                if name == "near":
                    [other] = (each for each in LANGUAGES if each != language)
                    yield _question(ACROSS, entry, language, other, number)


def _question(kind: str, entry: Mapping[str, Any], language: str, book: str, number: int) -> Question:
    return Question(
        kind=kind,
        text=entry[language],
        language=language,
        book=book,
        page=entry.get("page", ""),
        words=tuple(entry.get("words", ())),
        before=entry.get(f"before_{language}", ""),
        is_held_out=number % HELD_OUT == HELD_OUT - 1,
    )
