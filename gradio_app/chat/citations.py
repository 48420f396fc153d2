"""Which marks of an answer are true: those whose words stand in the passage that they name, blanks aside.

A model writes a citation as [2: "words of passage 2"]; one that cites by itself tells the words beside its
text. Nothing of that reaches a reader as it came. The text is shown without all of it, and a mark stands
where a citation was that a program has found in the passage. Some models write no more than [2]: such a mark
counts when what stands before it repeats the passage word by word, and those are its words then. Small models
cite nothing at all: their sentences are held against all passages in the same way, by longer rows of words.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from gradio_app.chat.citation_marks import Pieces, marks, without_broken_off
from gradio_app.chat.sources import MARKS, Backing, Mark, Source

LEAST_WORDS, LEAST_CHARACTERS = 3, 12
"""Fewer words than both say nothing, unless there is a number among them."""
REPEATED_WORDS, REPEATED_CHARACTERS = 4, 20
"""So many words in a row must an answer share with a passage where it does not say which ones it means."""
UNASKED_WORDS, UNASKED_CHARACTERS = 6, 30
"""The same where it does not even say which passage it means."""
TRIES = 5 * MARKS
"""Times that words are looked for in passages, for one answer: each goes through a passage."""
SENTENCE_WORDS, SENTENCE_CHARACTERS = 60, 2_000
SENTENCES = 20
"""Of an answer without citations that are held against the passages."""

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
        self._tries = 0

    def of(self, raw: str, cited: Sequence[Cited]) -> tuple[str, Backing]:
        waiting = deque(sorted(cited, key=lambda each: each.at))
        written, done = Pieces(), 0
        for match in marks(raw):
            self._until(written, raw, done, match.start(), waiting)
            written.close(raw, match)
            self._match(written, match)
            done = match.end()
        self._until(written, raw, done, len(raw), waiting)
        text = without_broken_off(str(written))
        if not text.strip():
            text = self._of_citations_alone(raw)
        if not self._marks:
            self._unasked(text)
        return text, Backing(tuple(self._sources), tuple(self._marks))

    def _until(self, text: Pieces, raw: str, start: int, end: int, waiting: deque[Cited]) -> None:
        """Add a piece more of what was written to the text, and what was cited beside that piece."""
        while waiting and waiting[0].at <= end:
            each = waiting.popleft()
            text.add(raw[start : max(start, each.at)])
            start = max(start, each.at)
            self._add(text.words_end(), each.source, _core(each.words))
        text.add(raw[start:end])

    def _match(self, text: Pieces, match: re.Match[str]) -> None:
        at = text.words_end()
        if match["words"] is not None:
            self._add(at, int(match[2]) - 1, _core(match["words"]))
            return
        for number in re.findall(r"\d+", match["bare"]):
            source = int(number) - 1
            if 0 <= source < len(self._given) and self._may_try():
                sentence = _sentence(text.end(2 * SENTENCE_CHARACTERS))
                self._add(at, source, _repeated(sentence, self._given[source].text))

    def _may_try(self) -> bool:
        """Whether more may be looked for; counts it."""
        self._tries += 1
        return self._tries <= TRIES and len(self._marks) < MARKS

    def _of_citations_alone(self, raw: str) -> str:
        """What an answer says that is nothing but citations: their words."""
        self._marks, self._sources, text = [], [], Pieces()
        for match in marks(raw):
            if words := _core(match["words"] or ""):
                text.add(f"{' ' if text.words_end() else ''}\u201c{words}\u201d")
                self._match(text, match)
        return str(text)

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
        if not 0 <= given < len(self._given) or not _says_something(words) or not self._may_try():
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
    tail = text.rstrip()[-SENTENCE_CHARACTERS:]
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
