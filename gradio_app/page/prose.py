"""Prose in Markdown as HTML: made by one parser, cleaned by one list, in one line that no other reads anew.

Whatever the parser makes of a text, only these elements and attributes come out of it, with what `_Finish`
puts around them.
"""

import html
import re
from urllib.parse import quote

import nh3

from gradio_app.page import formulas
from gradio_app.page.encoding import (
    MOST_ADDRESS_CHARACTERS,
    MOST_LINK_CHARACTERS,
    encoded,
    link,
    with_links,
)
from gradio_app.page.sections import ANY_TAG, Hidden, UnfitError, parser

BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "ul", "ol", "li", "pre"}
TABLE = {"table", "thead", "tbody", "tr", "th", "td"}
INLINE = {"em", "strong", "del", "code", "a", "br"}
ELEMENTS = BLOCKS | TABLE | INLINE
ATTRIBUTES = {"a": {"href"}, "ol": {"start"}}
ALIGNMENTS = {"left", "center", "right"}
SCHEMES = {"http", "https", "mailto"}

MOST_DEPTH = 60
"""Elements inside of elements: cleaning takes time in its square."""
MOST_HTML = 1_000_000
"""Characters of HTML that one part of a text may become."""

COPY_CODE = '<button type="button" class="copy_code_button"></button>'
"""The same as Gradio's own, which is on code of the top level; named and served by `static/copy.js`."""

TAG = re.compile(r"<(/?)([a-z0-9]+)((?:[^<>\"]|\"[^\"]*\")*)>")
SPLIT = re.compile(r"(<(?:[^<>\"]|\"[^\"]*\")*>)")
IMAGE = re.compile(r' src="([^"]*)" alt="([^"]*)"')
ALIGNMENT = re.compile(r' style="text-align: (left|center|right)"')
HREF = re.compile(r'href="([^"]*)"')
BOX = re.compile(r'<input disabled="" type="checkbox"( checked="")?/>\n?')
DIRECTED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol"}
"""Blocks that run as their first word does, if they stand in no other: what has a direction of its own does
not count for what is around it. (A table's is that of the box in which it scrolls.)"""
EMPTY = {"br", "hr", "img"}
BREAKS = BLOCKS | TABLE | {"br"}


def markdown(source: str, hidden: Hidden) -> str:
    """One line of HTML; raises UnfitError for what is too much for us."""
    if has_html(source):
        source = hidden.without_any(source)
    raw = parser.html(source)
    if len(raw) > MOST_HTML:
        raise UnfitError
    raw = _Tags().rewritten(raw).replace(hidden.tag, "&lt;")
    for sign, shown in ((hidden.tag, "%3C"), (hidden.mark, hidden.mark)):
        raw = raw.replace(quote(sign), shown)
    return _Finish(hidden).line(_cleaner.clean(raw))


def has_html(source: str) -> bool:
    """Whether the parser finds HTML in it: then all is hidden that looks like a tag, and links with it."""
    return ANY_TAG.search(source) is not None and any(
        isinstance(event, dict) and not event.keys().isdisjoint(("Html", "InlineHtml"))
        for event in parser.events(source)
    )


class _Tags:
    """The parser's own tags made into those that we have: no images, no boxes to tick, no styles."""

    def __init__(self) -> None:
        self._depth = 0
        self._in_link = False

    def rewritten(self, raw: str) -> str:
        raw = BOX.sub(lambda box: "☑ " if box[1] else "☐ ", raw)
        return TAG.sub(self._tag, raw)

    def _tag(self, tag: re.Match[str]) -> str:
        closing, name, attributes = tag.groups()
        if name not in EMPTY:
            self._depth += -1 if closing else 1
            if self._depth > MOST_DEPTH:
                raise UnfitError
        if name == "a":
            self._in_link = not closing
        if name == "img" and (image := IMAGE.match(attributes)):
            # Never loaded: the address of an image can carry away what the model was told.
            shown = image[2] or image[1]
            return shown if self._in_link else f'<a href="{image[1]}">{shown}</a>'
        if alignment := ALIGNMENT.fullmatch(attributes):
            return f'<{name} class="{alignment[1]}">'
        return tag[0]


class _Finish:
    """Cleaned HTML in one line, with links that say where they lead, formulas, and tables that scroll."""

    def __init__(self, hidden: Hidden) -> None:
        self._hidden = hidden
        self._blocks = 0
        self._code = 0
        self._pre = False
        self._linked = False
        self._shown_link = False

    def line(self, cleaned: str) -> str:
        pieces = SPLIT.split(cleaned)
        done = []
        for number, piece in enumerate(pieces):
            if number % 2:
                done.append(self._tag(piece, pieces, number))
            elif piece:
                done.append(self._text(html.unescape(piece), *_around(pieces, number)))
        return "".join(done)

    def _tag(self, tag: str, pieces: list[str], number: int) -> str:
        name = _name(tag)
        closing = tag.startswith("</")
        if name == "a":
            return self._link(tag, closing, pieces, number)
        if name in BLOCKS and name not in EMPTY:
            self._blocks += -1 if closing else 1
        if name in ("code", "pre"):
            self._code += -1 if closing else 1
        if name == "pre":
            self._pre = not closing
            return f"{tag}</div>" if closing else f'<div class="code_wrap">{COPY_CODE}{tag}'
        if name == "table":
            return f"{tag}</div>" if closing else f'<div class="table" tabindex="0" dir="auto">{tag}'
        if name == "code" and not closing:
            return f'{tag[:-1]} dir="ltr">'  # and so does not count for what is around it
        if name in DIRECTED and not closing and self._blocks == 1:
            return f'{tag[:-1]} dir="auto">'
        return tag

    def _link(self, tag: str, closing: bool, pieces: list[str], number: int) -> str:
        self._linked = not closing
        if closing:
            return "</a>" if self._shown_link else ""
        href = HREF.search(tag)
        address = self._address(html.unescape(href[1])) if href else ""
        text = 0
        for at in range(number + 1, len(pieces), 2):
            text += len(pieces[at])
            if text > MOST_LINK_CHARACTERS or (at + 1 < len(pieces) and pieces[at + 1] == "</a>"):
                break
        self._shown_link = 0 < text <= MOST_LINK_CHARACTERS and 0 < len(address) <= MOST_ADDRESS_CHARACTERS
        return link(address, "").removesuffix("</a>") if self._shown_link else ""

    def _address(self, address: str) -> str:
        """An address in which escaped brackets were taken for a formula."""
        *_, pieces = [self._hidden.split(address)]
        return "".join(
            quote(re.sub(r"\\([()\[\]])", r"\1", piece), safe="()[]/") if number % 2 else piece
            for number, piece in enumerate(pieces)
        )

    def _text(self, text: str, begins: bool, ends: bool) -> str:
        if self._code:
            return encoded(self._hidden.shown(text))
        if begins:
            text = text.lstrip("\n")
        if ends:
            text = text.rstrip("\n")
        pieces = self._hidden.split(text)
        return "".join(
            self._formula(piece) if number % 2 else self._words(piece, pieces, number)
            for number, piece in enumerate(pieces)
        )

    def _words(self, text: str, pieces: list[str], number: int) -> str:
        if number and formulas.is_display(pieces[number - 1]):
            text = text.lstrip("\n")
        if number + 1 < len(pieces) and formulas.is_display(pieces[number + 1]):
            text = text.rstrip("\n")
        # As chats do: a line that ends in the text ends on the page.
        lines = text.split("\n")
        return "<br>".join(encoded(line) if self._linked else with_links(line) for line in lines)

    def _formula(self, source: str) -> str:
        converted = formulas.mathml(source) if self._hidden.may_convert(source) else None
        return converted or f"<code>{encoded(source)}</code>"


def _around(pieces: list[str], number: int) -> tuple[bool, bool]:
    """Whether a text stands directly after, and before, what ends a line by itself."""
    before = number == 0 or _name(pieces[number - 1]) in BREAKS
    after = number + 1 == len(pieces) or _name(pieces[number + 1]) in BREAKS
    return before, after


def _name(tag: str) -> str:
    match = TAG.match(tag)
    return match[2] if match else ""


_cleaner = nh3.Cleaner(
    tags=ELEMENTS,
    clean_content_tags=set(),
    attributes=ATTRIBUTES,
    allowed_classes={"th": ALIGNMENTS, "td": ALIGNMENTS},
    url_schemes=SCHEMES,
    url_relative="deny",
    link_rel=None,
)
