"""What the readers put the text into: clean, in order, and never more than the bound."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from gradio_app.documents.extracted import PATH_SEPARATOR, Limits

PATH_LEVELS = 6
HEADING_CHARACTERS = 120
HEADER_CHARACTERS = 500
BETWEEN = "\n\n"

NO_TEXT = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\ufeff\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]")
"""Controls but tab and line feed, byte order marks, lone surrogates, the invisible twins of ASCII (tags)."""
TRAILING = re.compile(r"(?<![ \t])[ \t]+(?=\n|$)")
BLANK_LINES = re.compile(r"\n{3,}")


class Full(Exception):
    """The bound on text or sections is reached: the reader stops where it is."""


def clean(text: str) -> str:
    """NFC, line feeds only, no invisible characters, at most one empty line at a time."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\f", "\n").replace("\x0b", "\n")
    text = unicodedata.normalize("NFC", NO_TEXT.sub("", text))
    return BLANK_LINES.sub(BETWEEN, TRAILING.sub("", text)).strip("\n")


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


@dataclass
class Collector:
    """Sections as the child hands them on: `[start, end, page, heading, header, first row, last row]`."""

    limits: Limits
    pages: int | None = None
    is_cut: bool = False
    sections: list[list[int | str | None]] = field(default_factory=list)
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _mark: str = ""

    def add(
        self,
        text: str,
        *,
        mark: str = "",
        page: int | None = None,
        heading: str | None = None,
        header: str | None = None,
        rows: tuple[int, int] | None = None,
    ) -> None:
        """Take one section; `mark` stands before it in the whole text unless it stood before the last one.

        Raises `Full` when this was the last that fits.
        """
        text = clean(text)
        if not text.strip():
            return
        before = (BETWEEN if self._pieces else "") + (f"{mark}\n" if mark and mark != self._mark else "")
        room = self.limits.characters - self._length - len(before)
        self.is_cut = len(text) > room or len(self.sections) >= self.limits.sections
        if room > 0 and len(self.sections) < self.limits.sections:
            # A cut between a letter and its accent would not be NFC's doing: both halves are NFC.
            self._take(before, text[:room], page, heading, header, rows)
            self._mark = mark or self._mark
        if self.is_cut:
            raise Full

    def _take(
        self,
        before: str,
        text: str,
        page: int | None,
        heading: str | None,
        header: str | None,
        rows: tuple[int, int] | None,
    ) -> None:
        start = self._length + len(before)
        self._pieces += (before, text)
        self._length = start + len(text)
        first, last = rows or (None, None)
        self.sections.append(
            [start, self._length, page, heading or None, header and header[:HEADER_CHARACTERS], first, last]
        )

    @property
    def text(self) -> str:
        return "".join(self._pieces)


class Outline:
    """The headings above the place where a reader is."""

    def __init__(self) -> None:
        self._open: list[tuple[int, str]] = []

    def enter(self, level: int, title: str) -> None:
        """A heading of `level` (1 is the outermost) ends those of its own level and below."""
        title = one_line(title)[:HEADING_CHARACTERS]
        if title:
            self._open = [(above, name) for above, name in self._open if above < level]
            self._open = [*self._open, (level, title)][-PATH_LEVELS:]

    @property
    def path(self) -> str | None:
        return PATH_SEPARATOR.join(title for _, title in self._open) or None


def table_row(cells: Iterable[str]) -> str:
    """One row of a Markdown table, on one line."""
    return "| " + " | ".join(one_line(cell).replace("|", "\\|") for cell in cells) + " |"


def table_header(cells: list[str]) -> str:
    return table_row(cells) + "\n|" + " --- |" * len(cells)


def table(rows: list[list[str]]) -> tuple[str, str] | None:
    """A Markdown table as `(header, whole text)` of rows that may differ in length; None without any text."""
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    if not rows:
        return None
    width = max(len(row) for row in rows)
    rows = [row + [""] * (width - len(row)) for row in rows]
    header = table_header(rows[0])
    return header, "\n".join([header, *(table_row(row) for row in rows[1:])])
