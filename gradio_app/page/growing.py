"""An answer that grows, as HTML: what is finished of it is rendered once."""

from bisect import bisect_right

from gradio_app.page import code, prose
from gradio_app.page.encoding import plain
from gradio_app.page.markup import WRITTEN, as_it_stands, blocks, prose_part
from gradio_app.page.sections import (
    MOST_PARTS,
    Hidden,
    Section,
    UnfitError,
    definitions,
    sections,
)
from gradio_app.page.words import written_on

LARGE = 16_000
"""Characters of an answer's unfinished end from which on it is rendered anew now and then only, and of an
answer from which on no work is done on the event loop."""
MOST_LATE_DEFINITIONS = 8
"""How often an answer that grows is rendered from its beginning because of links that it defines later."""


class LiveAnswer:
    """An answer that grows; its parts are those of `markup.answer_parts` in the end.

    Finished is what ends with an empty line before a block whose first line is complete: neither Markdown nor
    a formula reaches over that. Finished parts are kept as they are, and so are the finished blocks of the
    last one, unless a link in them is defined later or something in the part is too much for us.
    """

    def __init__(self) -> None:
        self._text = ""
        self._rendered_to = 0
        self._parts: list[str] = []
        """Those that are finished."""
        self._part_from = 0
        """Where the last part begins, in characters of the text."""
        self._blocks = ""
        """Its finished blocks as HTML, and how many bytes they were to the parser."""
        self._blocks_bytes = 0
        self._from = 0
        """Where the rest begins."""
        self._splits = True
        """Whether finished blocks of the last part may be kept."""
        self._defined: dict[str, str] = {}
        self._late = 0
        self._end: list[str] = []
        """What is shown behind the finished parts."""

    def written_on(self, text: str) -> list[str] | None:
        """The same as `update`, for next to nothing, where only words were added to the last line."""
        if len(text) > LARGE:
            return None
        text = plain(text)
        if not (self._end and self._rendered_to == len(self._text) and text.startswith(self._text)):
            return None
        part = written_on(self._text, self._end[-1], text[len(self._text) :])
        if part is None or not part.startswith(WRITTEN):
            return None
        self._text, self._rendered_to = text, len(text)
        self._end = [*self._end[:-1], part]
        return [*self._parts, *self._end]

    def update(self, text: str) -> list[str]:
        """The parts of the answer so far; costs as much as what is not finished of it."""
        text = plain(text)
        if not text.startswith(self._text):
            self.__init__()
        self._text = text
        fresh = len(text) - self._rendered_to
        if self._end and fresh < (self._rendered_to - self._from) // 8 and len(text) - self._from > LARGE:
            rest = as_it_stands(text[self._rendered_to :])
            return [*self._parts, *self._end, rest] if fresh else [*self._parts, *self._end]
        self._render()
        return [*self._parts, *self._end]

    def _render(self) -> None:
        self._rendered_to = len(self._text)
        try:
            hidden = Hidden(self._text[self._from :])
            defined = definitions(hidden.text)
            if self._is_late(defined):
                self._render()
                return
            found = sections(hidden, MOST_PARTS - len(self._parts), self._blocks_bytes)
            if self._has_blocks and found and found[0].is_code:
                self._parts.append(prose_part(self._blocks))
                self._begin_part(self._from)
                self._render()
                return
            self._advance(hidden, found, self._defined | defined)
        except UnfitError:
            if self._has_blocks:  # it is the whole part's
                self._begin_part(self._part_from, splits=False)
                self._render()
                return
            self._end = [as_it_stands(self._text[self._from :])]

    @property
    def _has_blocks(self) -> bool:
        return self._from > self._part_from

    def _begin_part(self, at: int, *, splits: bool = True) -> None:
        self._part_from = self._from = at
        self._blocks, self._blocks_bytes = "", 0
        self._splits = splits

    def _is_late(self, defined: dict[str, str]) -> bool:
        """Whether links in what is finished are defined only now, so that it has to be rendered again.

        All of it a few times for an answer, and the last part as often as it takes.
        """
        if not defined.keys() - self._defined.keys():
            return False
        if self._parts and self._late < MOST_LATE_DEFINITIONS:
            self._late += 1
            self._defined |= defined
            self._parts = []
            self._begin_part(0)
            return True
        if self._has_blocks:
            self._begin_part(self._part_from, splits=self._splits)
            return True
        return False

    def _advance(self, hidden: Hidden, found: list[Section], defined: dict[str, str]) -> None:
        """Render what is not finished, and keep what of it is by now. Raises UnfitError."""
        if not found:
            self._end = [prose_part(self._blocks)] if self._has_blocks else []
            return
        if self._has_blocks and prose.has_html(found[0].source):
            raise UnfitError  # the parser would take the blocks before for something else
        seen = hidden.text.encode()
        starts = [section.start for section in found]
        to = max((start for start in _later_starts(found) if _is_finished_before(seen, start)), default=0)
        last = max(0, bisect_right(starts, to) - 1)
        if not self._may_split(found[last], seen[:to].decode(), defined, is_first=not last):
            to = starts[last] if last else 0
        shown, kept = list[str](), ""
        for number, section in enumerate(found):
            before = "" if number else self._blocks
            cut = max(to, section.start) if number == last else section.start
            try:
                html, inner = _rendered(hidden, section, defined, before, cut)
            except UnfitError:
                if before:
                    raise
                html, inner = as_it_stands(hidden.shown(section.source)), ""
                to = section.start if number == last else to
            shown.append(html)
            kept = inner if number == last else kept
        self._parts += shown[:last]
        self._end = shown[last:]
        if to > starts[0]:
            self._keep(hidden, seen, starts[last] if last else None, to)
            self._blocks = kept
            self._blocks_bytes += to - starts[last]

    def _may_split(self, part: Section, finished: str, defined: dict[str, str], *, is_first: bool) -> bool:
        """Whether finished blocks of a part may be kept while the rest of it grows.

        Not where links are defined in what is not finished, for more of the text may undo that.
        """
        pending = defined.keys() - self._defined.keys() - definitions(finished).keys()
        return (self._splits or not is_first) and not pending and not prose.has_html(part.source)

    def _keep(self, hidden: Hidden, seen: bytes, begin: int | None, to: int) -> None:
        """What comes before `to` is finished; a new part may begin before that, at `begin`."""

        def characters(end: int) -> int:
            return len(hidden.shown(seen[:end].decode()))

        self._defined |= definitions(seen[:to].decode())
        at = self._from
        if begin is not None:
            self._begin_part(at + characters(begin))
        self._from = at + characters(to)


def _rendered(
    hidden: Hidden, section: Section, defined: dict[str, str], before: str, cut: int
) -> tuple[str, str]:
    """A part, and its blocks of HTML before `cut`, which begin with those of `before`. Raises UnfitError."""
    if section.language is not None:
        return code.block(section.source, section.language), ""
    source, at = section.source.encode(), cut - section.start
    kept = before + (blocks(source[:at].decode(), hidden, defined) if at else "")
    return prose_part(kept + blocks(source[at:].decode(), hidden, defined)), kept


def _later_starts(found: list[Section]) -> list[int]:
    """Where blocks begin, but for the first of all."""
    return [start for section in found for start in section.blocks or (section.start,)][1:]


def _is_finished_before(seen: bytes, start: int) -> bool:
    """Whether the text before a block that begins here can change no more."""
    return seen.find(b"\n", start) >= 0 and seen[:start].rstrip(b" \t").endswith(b"\n\n")
