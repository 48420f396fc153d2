"""A document in passages that can be found and quoted: pieces of its text, verbatim, each with its place.

A passage is of one place, hence under one heading and on one page; short sections of one place share one. A
heading with nothing but headings under it begins the passage of the first of them: alone it would be found by
its words, and answer nothing. A passage ends at a paragraph where it can, else at a sentence, else between
words.
"""

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gradio_app.documents.extracted import PATH_SEPARATOR, Extracted, Section

WORDS = 300
"""Of a passage, at most. In a first comparison, passages of 150 and of 500 words were found less often."""
LETTERS_OF_A_WORD = 12
"""What counts as one word where there are no blanks, as in Chinese or in data: the bound holds there too."""
WORDS_ABOVE_A_TABLE = 20
CHUNKS = 20_000

TOKEN = re.compile(rf"\S{{1,{LETTERS_OF_A_WORD}}}")
PARAGRAPH = re.compile(r"\n\n")
SENTENCE = re.compile(r"(?<=[.!?\u2026\u3002\uff01\uff1f\u061f])\s|\n")
ROW = re.compile(r"\n")
BLANK = re.compile(r"\s")


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One passage: `extracted.text[start:end] == text`."""

    text: str
    start: int
    end: int
    page: int | None = None
    heading: str | None = None
    header: str | None = None
    """The header of the table that these rows belong to; not part of `text` but for a table's first rows."""
    rows: tuple[int, int] | None = None
    """The rows of the section that it is from."""


def chunks(extracted: Extracted, words: int = WORDS) -> tuple[Chunk, ...]:
    """All passages, in order; every character of a section that is no blank is in exactly one.

    Raises `ValueError` for more than `CHUNKS`, which only `words` far below the usual makes of a document.
    """
    spans = (
        _chunk(extracted.text, start, end, together[-1])
        for together in _together(extracted.sections, words)
        for start, end in _spans(extracted.text, together[0], together[-1], words)
    )
    made = tuple(itertools.islice(spans, CHUNKS + 1))
    if len(made) > CHUNKS:
        raise ValueError(f"more than {CHUNKS} passages")
    return made


def _chunk(text: str, start: int, end: int, section: Section) -> Chunk:
    return Chunk(
        text=text[start:end],
        start=start,
        end=end,
        page=section.page,
        heading=section.heading,
        header=section.header,
        rows=section.rows,
    )


def _together(sections: Iterable[Section], words: int) -> Iterator[list[Section]]:
    """Neighbours of one place that fit into one passage, and each heading with what follows it.

    A table takes in only the heading right above it.
    """
    group: list[Section] = []
    count = 0
    for section in sections:
        more = _count(section.text)
        room = words if section.header is None else WORDS_ABOVE_A_TABLE + more
        if group and not (
            _begins(group[-1], section) or (_are_of_one_place(group[-1], section) and count + more <= room)
        ):
            yield group
            group, count = [], 0
        group.append(section)
        count += more
    if group:
        yield group


def _are_of_one_place(one: Section, other: Section) -> bool:
    return one.header is None and (one.page, one.heading) == (other.page, other.heading)


def _begins(heading: Section, section: Section) -> bool:
    """Whether the one is nothing but the heading above the other."""
    title = heading.text.strip().lstrip("#").split()
    return (
        heading.page == section.page
        and (heading.heading or "").split(PATH_SEPARATOR)[-1].split() == title != []
        and (section.heading or "").startswith(f"{heading.heading}{PATH_SEPARATOR}")
    )


def _spans(text: str, first: Section, last: Section, words: int) -> Iterator[tuple[int, int]]:
    """Where the passages of this stretch begin and end, without the blanks around them; all about as long."""
    cuts = (ROW, BLANK) if last.header is not None else (PARAGRAPH, SENTENCE, BLANK)
    start, end = first.start, last.end
    left = _count(text[start:end])
    while start < end:
        parts = -(-left // words)
        cut = _cut(text, start, _limit(text, start, end, -(-left // parts)), end, cuts)
        stripped = text[start:cut].strip()
        begin = text.index(stripped, start)
        yield begin, begin + len(stripped)
        left = max(left - _count(stripped), 1)
        start = _next(text, cut, end)


def _limit(text: str, start: int, end: int, words: int) -> int:
    """The end of the last word that belongs to a passage from `start` on; `end` where nothing follows."""
    place = start
    for count, token in enumerate(TOKEN.finditer(text, start, end)):
        if count == words:
            return place
        place = token.end()
    return end


def _cut(text: str, start: int, limit: int, end: int, cuts: tuple[re.Pattern[str], ...]) -> int:
    """The last good end before the limit, if the passage is not much shorter for it."""
    if limit == end:
        return end
    for pattern in cuts:
        place = max(
            (match.start() for match in pattern.finditer(text, (start + limit) // 2, limit + 1)), default=0
        )
        if place > start:
            return place
    return limit


def _next(text: str, place: int, end: int) -> int:
    """Where the next word begins; `end` where there is none."""
    word = TOKEN.search(text, place, end)
    return word.start() if word else end


def _count(text: str) -> int:
    return sum(1 for _ in TOKEN.finditer(text))
