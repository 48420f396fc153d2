"""Which marks of an answer are true: those whose words stand in the passage that they name, blanks aside.

A model writes a citation as [2: "words of passage 2"]; one that cites by itself tells the words beside its
text. Nothing of that reaches a reader as it came. The text is shown without all of it, and a mark stands
where a citation was that a program has found in the passage. Some models write no more than [2]: such a mark
counts when what stands before it repeats the passage word by word, and those are its words then. Small models
cite nothing at all: their sentences are held against all passages in the same way, by longer rows of words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gradio_app.chat.sources import MARKS, Backing, Mark, Source

WORDS_CHARACTERS = 600
"""Longest words of one citation."""
LEAST_WORDS, LEAST_CHARACTERS = 3, 12
"""Fewer words than both say nothing, unless there is a number among them."""
REPEATED_WORDS, REPEATED_CHARACTERS = 4, 20
"""So many words in a row must an answer share with a passage where it does not say which ones it means."""
UNASKED_WORDS, UNASKED_CHARACTERS = 6, 30
"""The same where it does not even say which passage it means."""
SENTENCE_WORDS = 60
SENTENCES = 20
"""Of an answer without citations that are held against the passages."""

_OPENING, _CLOSING = "[\"'\u201c\u201d\u00ab\u2018]", "[\"'\u201c\u201d\u00bb\u2019]"
_CALLED = r"(?:passages?|pasajes?|source|fuente)?\s*#?"
_NUMBER = rf"{_CALLED}(\d{{1,2}})"
_QUOTED = rf"\[{_NUMBER}\s*[:,]\s*{_OPENING}(?P<words>.{{1,{WORDS_CHARACTERS}}}?){_CLOSING}[.,]?\s*\]"
_BARE = rf"\[(?P<bare>{_CALLED}\d{{1,2}}(?:\s*[,;]\s*\d{{1,2}})*)\](?:\([^()\n]{{0,2000}}\))?"
_CODE = r"(?P<code>```.*?(?:```|\Z)|~~~.*?(?:~~~|\Z)|`[^`\n]+`)"
_FLAGS = re.DOTALL | re.IGNORECASE
_MARK = re.compile(f"{_CODE}|{_QUOTED}|{_BARE}", _FLAGS)
_BROKEN_OFF = rf"{_NUMBER}(?:\s*[:,].{{0,{WORDS_CHARACTERS}}})?"
_UNFINISHED = re.compile(rf"\s*\[(?:[a-z]{{0,8}}\s*#?|{_BROKEN_OFF})\Z", _FLAGS)
"""What may become a citation when more is written."""
_LEFT_UNFINISHED = re.compile(rf"\s*\[{_BROKEN_OFF}\Z", _FLAGS)
_ENDS = ".,;:!? \t\r\n*_\"'\u2026\u201c\u201d\u00ab\u00bb\u2018\u2019"
_SENTENCE = re.compile(r"[.!?…:]\s|\n")


@dataclass(frozen=True)
class Cited:
    """A citation that a model gave beside its text: behind `at` characters of it, words of a passage.

    `source` counts the passages that it was given from 0.
    """

    at: int
    source: int
    words: str


def place_of(words: str, text: str) -> tuple[int, int] | None:
    """Where the words stand in the text, blanks aside; None when they do not, or only as parts of others."""
    kept = [position for position, sign in enumerate(text) if not sign.isspace()]
    squeezed = "".join(text[position] for position in kept)
    wanted = "".join(words.split())
    at = squeezed.find(wanted) if wanted else -1
    while at >= 0:
        start, end = kept[at], kept[at + len(wanted) - 1] + 1
        if not _is_torn(text, start) and not _is_torn(text, end):
            return start, end
        at = squeezed.find(wanted, at + 1)
    return None


def readable(raw: str) -> str:
    """An answer that is being written, without its citations, nor the beginning of one at its end."""
    return _UNFINISHED.sub("", _without_marks(raw))


def checked(raw: str, given: Sequence[Source], cited: Sequence[Cited] = ()) -> tuple[str, Backing]:
    """A whole answer as it is shown, with the marks that are true.

    Args:
        raw: what the model wrote.
        given: the passages that it was given, the first of which it calls 1.
        cited: what it cited beside the text.
    """
    return _Checking(given).of(raw, cited)


class _Checking:
    """One answer."""

    def __init__(self, given: Sequence[Source]) -> None:
        self._given = given
        self._sources: list[Source] = []
        self._marks: list[Mark] = []

    def of(self, raw: str, cited: Sequence[Cited]) -> tuple[str, Backing]:
        waiting = sorted(cited, key=lambda each: each.at)
        text, done = "", 0
        for match in _marks(raw):
            text = self._until(text, raw, done, match.start(), waiting)
            text = _closed(text, raw, match)
            self._match(text, match)
            done = match.end()
        text = self._until(text, raw, done, len(raw), waiting)
        text = _LEFT_UNFINISHED.sub("", text)
        if not text.strip():
            text = self._of_citations_alone(raw)
        if not self._marks:
            self._unasked(text)
        return text, Backing(tuple(self._sources), tuple(self._marks))

    def _until(self, text: str, raw: str, start: int, end: int, waiting: list[Cited]) -> str:
        """The text with a piece more of what was written, and with what was cited beside that piece."""
        while waiting and waiting[0].at <= end:
            each = waiting.pop(0)
            text += raw[start : max(start, each.at)]
            start = max(start, each.at)
            self._add(len(text.rstrip()), each.source, _core(each.words))
        return text + raw[start:end]

    def _match(self, text: str, match: re.Match[str]) -> None:
        at = len(text.rstrip())
        if match["words"] is not None:
            self._add(at, int(match[2]) - 1, _core(match["words"]))
            return
        for number in re.findall(r"\d+", match["bare"]):
            source = int(number) - 1
            if 0 <= source < len(self._given):
                self._add(at, source, _repeated(_sentence(text), self._given[source].text))

    def _of_citations_alone(self, raw: str) -> str:
        """What an answer says that is nothing but citations: their words."""
        self._marks, self._sources, text = [], [], ""
        for match in _marks(raw):
            if words := _core(match["words"] or ""):
                text += f"{' ' if text else ''}\u201c{words}\u201d"
                self._match(text, match)
        return text

    def _unasked(self, text: str) -> None:
        """Marks for the sentences that repeat a passage, of an answer that cites none."""
        ends = [match.end() for match in _SENTENCE.finditer(text)]
        for start, end in list(zip([0, *ends], [*ends, len(text)], strict=True))[:SENTENCES]:
            for number, source in enumerate(self._given):
                words = _repeated(text[start:end], source.text)
                if len(words.split()) >= UNASKED_WORDS and len(words) >= UNASKED_CHARACTERS:
                    self._add(len(text[:end].rstrip()), number, words)
                    break

    def _add(self, at: int, given: int, words: str) -> None:
        if not 0 <= given < len(self._given) or not _says_something(words) or len(self._marks) == MARKS:
            return
        place = place_of(words, self._given[given].text)
        if place is None:
            return
        source = self._given[given]
        if source not in self._sources:
            self._sources.append(source)
        mark = Mark(at, self._sources.index(source), *place)
        if mark not in self._marks:
            self._marks.append(mark)


def _marks(raw: str) -> Iterator[re.Match[str]]:
    return (match for match in _MARK.finditer(raw) if match["code"] is None)


def _without_marks(raw: str) -> str:
    text, done = "", 0
    for match in _marks(raw):
        text = _closed(text + raw[done : match.start()], raw, match)
        done = match.end()
    return text + raw[done:]


def _closed(text: str, raw: str, match: re.Match[str]) -> str:
    """The text before a citation without the blanks that stood between both."""
    following = raw[match.end() : match.end() + 1]
    if following.isalnum():
        return text
    if following in ("", "\n") and text.endswith("\n"):
        return text.rstrip()
    return text.rstrip(" \t")


def _core(words: str) -> str:
    """Words without the signs around them, which a model may have added."""
    return words.strip(_ENDS)


def _says_something(words: str) -> bool:
    enough = len(words.split()) >= LEAST_WORDS or len(words) >= LEAST_CHARACTERS
    return enough or (len(words) > 1 and any(map(str.isdigit, words)))


def _is_torn(text: str, position: int) -> bool:
    """Whether a word or a number goes on over that position."""
    before, after = text[position - 1 : position], text[position : position + 1]
    if not before or not after:
        return False
    both = before + after
    return both.isdigit() or all(sign.lower() != sign.upper() for sign in both)


def _sentence(text: str) -> str:
    """The last sentence of a text."""
    tail = text.rstrip()[-2_000:]
    ends = [match.end() for match in _SENTENCE.finditer(tail.rstrip(_ENDS))]
    return tail[ends[-1] :] if ends else tail


def _repeated(sentence: str, passage: str) -> str:
    """The longest row of words that a sentence has from a passage; empty when it is too short."""
    said = [_core(word) for word in sentence.split()][-SENTENCE_WORDS:]
    there = list(re.finditer(r"\S+", passage))
    found = SequenceMatcher(None, said, [_core(word[0]) for word in there], autojunk=False)
    longest = found.find_longest_match()
    if longest.size < REPEATED_WORDS:
        return ""
    first, last = there[longest.b], there[longest.b + longest.size - 1]
    words = _core(passage[first.start() : last.end()])
    return words if len(words) >= REPEATED_CHARACTERS else ""
