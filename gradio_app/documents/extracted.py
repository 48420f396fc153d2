"""The text of a document in sections, each with its place."""

from dataclasses import dataclass
from enum import StrEnum

PATH_SEPARATOR = " > "
"""Between the parts of a heading's way."""


class Reason(StrEnum):
    """Why a file gives no text; the page has a sentence for each, in each language."""

    PASSWORD = "password"  # noqa: S105
    EMPTY = "empty"
    """There is no text in it, as in a scan."""
    BROKEN = "broken"
    TOO_LARGE = "too_large"
    """More than the bound on what is read, unpacked or held in memory."""
    TOO_SLOW = "too_slow"
    UNSUPPORTED = "unsupported"
    BUSY = "busy"
    """Nothing is wrong with the file: others were being read for as long as one waits. Try again."""


class UnreadableError(Exception):
    """No text could be read. `detail` is for the log and quotes nothing of the document.

    `pages` says how many a document has in which there is no text, where they were counted: a model may see
    them.
    """

    def __init__(self, reason: Reason, detail: str = "", pages: int | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.detail = detail
        self.pages = pages


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What reading one document may cost."""

    content_bytes: int = 50 * 1024 * 1024
    unpacked_bytes: int = 200 * 1024 * 1024
    """Of all parts of an archive, as it says itself."""
    part_bytes: int = 48 * 1024 * 1024
    """Of one part that is read, as it turns out."""
    memory_bytes: int = 448 * 1024 * 1024
    """Address space of the child. A task has 1 GiB, and one child at a time."""
    cpu_seconds: int = 30
    wall_seconds: float = 120.0
    """A child gives way to answers that are being written, so it may wait much longer than it works."""
    waiting_seconds: float = 60.0
    """For another document that is being read."""
    characters: int = 2_000_000
    """Of text; the rest is left out and `is_cut` says so. A book of 500 pages has 1,200,000."""
    sections: int = 10_000


@dataclass(frozen=True, kw_only=True)
class Section:
    """A piece of the text with its place: `Extracted.text[start:end] == text`."""

    text: str
    start: int
    page: int | None = None
    """Counted from 1: the page of a PDF, the slide of a presentation."""
    heading: str | None = None
    """The way to it, outermost first: `Guide > Install`. Of a workbook the sheet, of subtitles the time, of a
    mail its subject."""
    header: str | None = None
    """The first row of a table, cut where it is long; None where the text is no table. A row is a line."""
    rows: tuple[int, int] | None = None
    """First and last row of a sheet or CSV file, counted from 1 as a spreadsheet does."""

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, kw_only=True)
class Extracted:
    """A document's text as a whole and in sections, in order; between them stand marks such as `[Page 3]`."""

    text: str
    sections: tuple[Section, ...]
    pages: int | None = None
    """How many pages or slides there are, also where `is_cut`; None where the kind has none."""
    is_cut: bool = False
