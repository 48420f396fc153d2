"""An answer that cites, as a reader sees it while it is written: without its citations."""

import re
from collections.abc import Iterable

from gradio_app.chat.citation_marks import LONGEST, MARK, Pieces, without_beginning


class Readable:
    """Each stretch is looked at until `LONGEST` characters have come behind it, code until it ends."""

    def __init__(self) -> None:
        self._before = Pieces()
        self._rest = ""
        self._text = ""

    def __str__(self) -> str:
        return self._text

    def add(self, piece: str) -> None:
        """More was written."""
        raw = self._rest + piece
        found = list(MARK.finditer(raw))
        settled = max(0, len(raw) - LONGEST)
        count = sum(match.end() <= settled for match in found)
        settled = min([settled, *(match.start() for match in found[count:])])
        _copy(self._before, raw, found[:count], 0, settled)
        text = Pieces()
        text.add(str(self._before))
        _copy(text, raw, found[count:], settled, len(raw))
        self._rest = raw[settled:]
        self._text = without_beginning(str(text))


def _copy(text: Pieces, raw: str, found: Iterable[re.Match[str]], begin: int, end: int) -> None:
    """Add a stretch of what was written, without the citations that were found in it."""
    for match in found:
        if match["code"] is None:
            text.add(raw[begin : match.start()])
            text.close(raw, match)
            begin = match.end()
    text.add(raw[begin:end])
