"""What in a model's text is a citation, and how the text reads without it.

Each pattern looks at so many characters at most, but for code: a row of blanks, quotes or brackets, however
long a model writes it, costs in proportion to its length.
"""

import re
from collections.abc import Iterator

WORDS_CHARACTERS = 600
"""Longest words of one citation."""
_LONGEST_ADDRESS = 500
LONGEST = 1_600
"""No citation has more characters, with all blanks and numbers that may stand in it."""

_BLANKS = r"\s{0,10}"
_OPENING, _CLOSING = "[\"'\u201c\u201d\u00ab\u2018]", "[\"'\u201c\u201d\u00bb\u2019]"
_CALLED = rf"(?:passages?|pasajes?|source|fuente)?{_BLANKS}#?"
_NUMBER = rf"{_CALLED}(\d{{1,2}})"
_QUOTED = (
    rf"\[{_NUMBER}{_BLANKS}[:,]{_BLANKS}{_OPENING}(?P<words>.{{1,{WORDS_CHARACTERS}}}?){_CLOSING}"
    rf"[.,]?{_BLANKS}\]"
)
_BARE = (
    rf"\[(?P<bare>{_CALLED}\d{{1,2}}(?:{_BLANKS}[,;]{_BLANKS}\d{{1,2}}){{0,40}})\]"
    rf"(?:\([^()\n]{{0,{_LONGEST_ADDRESS}}}\))?"
)
_CODE = rf"(?P<code>```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]{{1,{LONGEST}}}`)"
_FLAGS = re.DOTALL | re.IGNORECASE
MARK = re.compile(f"{_CODE}|{_QUOTED}|{_BARE}", _FLAGS)
"""A citation; or code, in which none is, as the group `code`."""
_BROKEN_OFF = rf"{_NUMBER}(?:{_BLANKS}[:,].{{0,{WORDS_CHARACTERS}}})?"
_UNFINISHED = re.compile(rf"\[(?:[a-z]{{0,8}}{_BLANKS}#?|{_BROKEN_OFF})\Z", _FLAGS)
_LEFT_UNFINISHED = re.compile(rf"\[{_BROKEN_OFF}\Z", _FLAGS)


def marks(raw: str) -> Iterator[re.Match[str]]:
    """The citations in a whole text."""
    return (match for match in MARK.finditer(raw) if match["code"] is None)


def without_beginning(text: str) -> str:
    """The text without what may become a citation when more is written."""
    return _without(_UNFINISHED, text)


def without_broken_off(text: str) -> str:
    """The text without a citation that was broken off at its end."""
    return _without(_LEFT_UNFINISHED, text)


def _without(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text, max(0, len(text) - WORDS_CHARACTERS - 100))
    return text[: found.start()].rstrip() if found else text


class Pieces:
    """A text that is put together from many pieces, whose end alone is ever looked at."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def __str__(self) -> str:
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]

    def add(self, piece: str) -> None:
        """Put it behind the others."""
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)

    def close(self, raw: str, match: re.Match[str]) -> None:
        """Take the blanks away that stood between the text and a citation of `raw`."""
        following = raw[match.end() : match.end() + 1]
        if following.isalnum():
            return
        ends_line = following in ("", "\n") and self.end(1) == "\n"
        self._strip(None if ends_line else " \t")

    def end(self, characters: int) -> str:
        """So much of its end."""
        found: list[str] = []
        for piece in reversed(self._pieces):
            if characters <= 0:
                break
            found.append(piece[-characters:])
            characters -= len(found[-1])
        return "".join(reversed(found))

    def words_end(self) -> int:
        """Where its last word ends."""
        length = self._length
        for piece in reversed(self._pieces):
            words = len(piece.rstrip())
            length -= len(piece) - words
            if words:
                break
        return length

    def _strip(self, signs: str | None) -> None:
        while self._pieces:
            piece = self._pieces.pop()
            self._length -= len(piece)
            if left := piece.rstrip(signs):
                self.add(left)
                return
