"""What an answer shows of the documents that back it: a mark behind each statement, and the passages below.

Names and passages are what somebody wrote: they are text here, and nothing in them is a link or an image.
"""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from gradio_app.chat.lookup import DELETED, OPEN
from gradio_app.chat.sources import Backing, Mark, Source
from gradio_app.page import markup, texts
from gradio_app.page.encoding import encoded, plain

FILE_PATH = "/documents/file"
BEGIN, END = "\U000f0000", "\U000f0001"
"""Private signs around the number of a mark, on its way through Markdown; nobody else's survive."""
_SIGNED = re.compile(f"{BEGIN}(\\d+){END}")
_TAG_OR_TEXT = re.compile(r"(<(?:[^<>\"]|\"[^\"]*\")*>)")
_ADDRESS_END = re.compile(r"https?://\S{1,2000}\Z")
HEADING_CHARACTERS = 120


def answer_parts(text: str, backing: Backing, language: str, *, is_kept: bool = True) -> list[str]:
    """An answer with its marks. Each is a button that opens its source; `static/citations.js` does it."""
    names = [_about(source, language) for source in backing.sources]
    return [
        each
        for part in markup.answer_parts(_signed(text, backing.marks), is_kept=is_kept)
        for each in _with_marks(part, names)
    ]


def sources(backing: Backing, language: str, standing: Mapping[tuple[str, str], str]) -> list[str]:
    """The passages that an answer cites, each under what it is from; or that it cites none."""
    words = texts.SOURCES[language]
    searched = [_searched_for(backing.searched_for, language)] if backing.searched_for else []
    if not backing.sources:
        return [markup.notice(words["none"]), *searched]
    shown = "".join(
        _source(number, source, _words_of(backing, number), language, standing.get(source.place, DELETED))
        for number, source in enumerate(backing.sources)
    )
    group = f'<div class="sources" role="group" aria-label="{encoded(words["sources"])}">{shown}</div>'
    return [group, *searched]


def _searched_for(worded: str, language: str) -> str:
    """What was searched for beside the question, which a model wrote: text, as all that is not ours."""
    told = texts.SOURCES[language]["searched_for"].format(question=plain(worded))
    return f'<div class="searched">{encoded(told)}</div>'


def _signed(text: str, marks: Sequence[Mark]) -> str:
    """The text with the numbers of its marks between signs."""
    text = text.replace(BEGIN, "\N{REPLACEMENT CHARACTER}").replace(END, "\N{REPLACEMENT CHARACTER}")
    pieces: list[str] = []
    done = 0
    for mark in sorted(marks, key=lambda each: each.at):
        at = max(done, min(mark.at, len(text)))
        # An address would take what follows it for its own.
        blank = " " if at > done and _ADDRESS_END.search(text, max(0, at - 2_000), at) else ""
        pieces += [text[done:at], blank, f"{BEGIN}{mark.source}{END}"]
        done = at
    return "".join((*pieces, text[done:]))


def _with_marks(part: str, names: Sequence[str]) -> list[str]:
    """A part of an answer with buttons in place of signs; those in a block of code stand behind it."""
    if BEGIN not in part:
        return [part]
    if not part.startswith("<"):
        found = "".join(_button(number, names) for number in dict.fromkeys(_SIGNED.findall(part)))
        return [_SIGNED.sub("", part), f'<div class="written">{found}</div>']
    pieces = _TAG_OR_TEXT.split(part)
    shown = [
        _SIGNED.sub("" if number % 2 else lambda sign: _button(sign[1], names), piece)
        for number, piece in enumerate(pieces)
    ]
    return ["".join(shown)]


def _button(number: str, names: Sequence[str]) -> str:
    source = int(number)
    return (
        f'<button type="button" class="cite" value="{source}" title="{encoded(names[source])}">'
        f"{source + 1}</button>"
    )


def _source(
    number: int, source: Source, words: Sequence[tuple[int, int]], language: str, standing: str
) -> str:
    told = texts.SOURCES[language]
    if standing == OPEN:
        address = f"{FILE_PATH}?{urlencode({'library': source.library, 'id': source.document})}"
        address += f"#page={source.page}" if source.kind == "pdf" and source.page else ""
        link = encoded(address)
        foot = f'<a href="{link}" target="_blank" rel="noopener">{encoded(told["open"])}</a>'
    else:
        foot = f'<span class="note">{encoded(told[standing])}</span>'
    about = f'<span class="number">{number + 1}</span> {encoded(_about(source, language))}'
    return (
        f'<details class="source"><summary>{about}</summary>'
        f'<div class="typed passage">{_highlighted(source.text, words)}</div>{foot}</details>'
    )


def _about(source: Source, language: str) -> str:
    """Where a passage is from: `Handbook.pdf, page 3, Batteries`."""
    page = texts.SOURCES[language]["page"].format(page=source.page) if source.page else ""
    heading = " ".join((source.heading or "").split())[:HEADING_CHARACTERS]
    return plain(", ".join(filter(None, [source.name, page, heading])))


def _words_of(backing: Backing, number: int) -> list[tuple[int, int]]:
    return sorted({(mark.start, mark.end) for mark in backing.marks if mark.source == number})


def _highlighted(text: str, words: Sequence[tuple[int, int]]) -> str:
    """A passage in which the words that are cited stand out."""
    pieces: list[str] = []
    done = 0
    for start, end in words:
        start = max(start, done)
        if end > start:
            pieces += [encoded(plain(text[done:start])), f"<mark>{encoded(plain(text[start:end]))}</mark>"]
            done = end
    return "".join((*pieces, encoded(plain(text[done:]))))
