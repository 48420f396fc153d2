"""PDF: the text of each page, under the bookmarks that lead to it."""

import itertools
import re

import pypdfium2
import pypdfium2.raw

from gradio_app.documents.collecting import Collector, Outline
from gradio_app.documents.extracted import Reason, UnreadableError

BOOKMARKS = 5_000
HYPHEN = re.compile("(?:\x02|\ufffe)\\s*")
"""PDFium's mark for a hyphen that is only there because the line ended."""


def read(content: bytes, collector: Collector) -> None:
    """Raises `UnreadableError` for a password."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if error.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            raise UnreadableError(Reason.PASSWORD) from None
        raise
    collector.pages = len(document)
    headings = _headings(document)
    heading = None
    for index in range(len(document)):
        heading = headings.get(index, heading)
        page = document[index]
        text_page = page.get_textpage()
        text = HYPHEN.sub("", text_page.get_text_range())
        text_page.close()
        page.close()
        collector.add(text, mark=f"[Page {index + 1}]", page=index + 1, heading=heading)


def _headings(document: pypdfium2.PdfDocument) -> dict[int, str | None]:
    """The path of the first bookmark of each page that has one; bookmarks are in the order of reading."""
    outline = Outline()
    first: dict[int, str | None] = {}
    for bookmark in itertools.islice(document.get_toc(), BOOKMARKS):
        outline.enter(bookmark.level + 1, bookmark.get_title())
        target = bookmark.get_dest()
        index = target.get_index() if target else None
        if index is not None:
            first.setdefault(index, outline.path)
    return first
