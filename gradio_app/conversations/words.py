"""Words of conversations, as they are looked up while somebody types: without case, accents and stems.

A word is found by its beginning. Text without blanks between its words is found by two characters at a time.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradio_app.folding import folded

LONGEST = 64
"""Characters of a word that is looked up; what is longer was not written by people."""
ASKED = 6
"""Words of what is searched for that are looked up: each costs some reads, however much is stored."""
SNIPPET_CHARACTERS = 160
BEFORE_CHARACTERS = 40
"""Of a snippet, before the first word that was found."""
NEAR = SNIPPET_CHARACTERS - BEFORE_CHARACTERS
PIECE = 2_000
"""Characters of a long text that are looked through at a time."""

_WORD = re.compile(r"[^\W_]+")
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff]+"
)
"""Scripts that put no blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


@dataclass(frozen=True)
class Piece:
    """A part of a text; whether it is what was searched for."""

    text: str
    is_found: bool = False


def words(text: str) -> set[str]:
    """All that a text is looked up by."""
    return {word for run in _WORD.findall(folded(text)) for word in _of_run(run)}


def asked(typed: str) -> list[str]:
    """The beginnings of words that somebody searches for, the longest first; none where nothing is asked."""
    found = dict.fromkeys(word[:LONGEST] for run in _WORD.findall(folded(typed)) for word in _wanted(run))
    return sorted(found, key=len, reverse=True)[:ASKED]


def holds(text: str, wanted: Sequence[str]) -> set[str]:
    """Those of the beginnings that begin a word of the text."""
    pattern = _pattern(wanted)
    return {match[0] for piece in _pieces(text) for match in pattern.finditer(folded(piece))}


def snippet(text: str, wanted: Sequence[str]) -> list[Piece]:
    """The place in a text where most of the beginnings stand together; nothing where none does."""
    pattern = _pattern(wanted)
    best: tuple[int, str, int] = (0, "", 0)
    for piece in _pieces(text):
        found = [(match.start(), match[0]) for match in pattern.finditer(folded(piece))]
        for start, _ in found:
            near = {word for at, word in found if start <= at < start + NEAR}
            if len(near) > best[0]:
                best = (len(near), piece, start)
        if best[0] == len(wanted):
            break
    return marked(_around(best[1], best[2]), wanted) if best[0] else []


def marked(text: str, wanted: Sequence[str]) -> list[Piece]:
    """A short text in pieces, those apart that were searched for."""
    plain, places = _folded_with_places(text)
    pieces: list[Piece] = []
    at = 0
    for match in _pattern(wanted).finditer(plain):
        start, end = places[match.start()], places[match.end() - 1] + 1
        if start < at:
            continue
        pieces += [Piece(text[at:start]), Piece(text[start:end], is_found=True)]
        at = end
    return [piece for piece in [*pieces, Piece(text[at:])] if piece.text]


def _of_run(run: str) -> Iterator[str]:
    at = 0
    for match in _UNSPACED.finditer(run):
        if at < match.start():
            yield run[at : match.start()][:LONGEST]
        yield from (match[0][n : n + 2] for n in range(len(match[0])))
        at = match.end()
    if at < len(run):
        yield run[at:][:LONGEST]


def _wanted(run: str) -> Iterator[str]:
    """Of characters two by two the last one stands alone only where it is all there is."""
    at = 0
    for match in _UNSPACED.finditer(run):
        if at < match.start():
            yield run[at : match.start()]
        yield from (match[0][n : n + 2] for n in range(max(1, len(match[0]) - 1)))
        at = match.end()
    if at < len(run):
        yield run[at:]


def _pattern(wanted: Sequence[str]) -> re.Pattern[str]:
    """Finds the beginnings in a folded text: where words begin, or anywhere in a script without blanks."""
    ordered = sorted(wanted, key=len, reverse=True)
    begins = rf"(?:(?<![^\W_])|(?<={_UNSPACED.pattern[:-1]}))"
    forms = (("" if _UNSPACED.match(word) else begins) + re.escape(word) for word in ordered)
    return re.compile("|".join(forms) or r"(?!)")


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces that overlap by a snippet."""
    for start in range(0, max(len(text), 1), PIECE):
        yield text[max(0, start - SNIPPET_CHARACTERS) : start + PIECE]


def _around(piece: str, at: int) -> str:
    """A snippet of a piece, on one line; `at` is a place in its folded form, which is as good as any."""
    _, places = _folded_with_places(piece)
    first = max(0, places[at] - BEFORE_CHARACTERS)
    last = first + SNIPPET_CHARACTERS
    if first:  # at the beginning of a word
        first = max(piece.rfind(" ", first - BEFORE_CHARACTERS, places[at]) + 1, first)
    line = " ".join(piece[first:last].split())
    return ("… " if first else "") + line + (" …" if last < len(piece) else "")


def _folded_with_places(text: str) -> tuple[str, list[int]]:
    """The folded text, and for each of its characters the place of the one that it was made of."""
    pairs = [(each, at) for at, character in enumerate(text) for each in folded(character)]
    return "".join(each for each, _ in pairs), [at for _, at in pairs]
