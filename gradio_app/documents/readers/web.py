"""HTML: what a page shows, under its headings. Scripts are never run, and nothing is fetched."""

from collections.abc import Callable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from gradio_app.documents.collecting import Collector, Outline, table
from gradio_app.documents.decoding import decoded

HIDDEN = {
    "script",
    "style",
    "template",
    "head",
    "svg",
    "math",
    "iframe",
    "object",
    "noscript",
    "select",
    "textarea",
}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "dd", "details", "dialog", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "header", "hr", "main", "nav", "ol", "p",
    "pre", "section", "summary", "table", "tbody", "tfoot", "thead", "tr", "ul", "caption",
}  # fmt: skip
HEADINGS = {f"h{level}": level for level in range(1, 7)}


def read(content: bytes, collector: Collector) -> None:
    read_html(decoded(content) or "", collector)


def read_html(html: str, collector: Collector) -> None:
    root = LexborHTMLParser(html).body
    if root is not None:
        _Page(collector).read(root)


class _Page:
    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._outline = Outline()
        self._pieces: list[str] = []

    def read(self, root: LexborNode) -> None:
        for node, is_end in _walk(root, _is_whole):
            tag = node.tag or ""
            if node.is_text_node:
                self._pieces.append(_text_of(node))
            elif tag in HEADINGS and not is_end:
                self._flush()
                title = _shown(node)
                self._outline.enter(HEADINGS[tag], title)
                self._pieces.append("#" * HEADINGS[tag] + " " + title + "\n\n")
            elif tag == "table" and _is_whole(node):
                self._take_table(node)
            elif tag == "pre" and not is_end:
                self._pieces.append("\n\n" + node.text(deep=True) + "\n\n")
            else:
                self._pieces.append(_space(tag, is_end=is_end))
        self._flush()

    def _take_table(self, node: LexborNode) -> None:
        made = table([[_shown(cell) for cell in row.css("th, td")] for row in node.css("tr")])
        if made:
            self._flush()
            self._collector.add(made[1], header=made[0], heading=self._outline.path)

    def _flush(self) -> None:
        self._collector.add("".join(self._pieces).strip(), heading=self._outline.path)
        self._pieces = []


def _is_whole(node: LexborNode) -> bool:
    """Headings, preformatted text and tables are read at once; a table that holds another one is layout."""
    if node.tag == "table":
        return len(node.css("table")) == 1  # itself
    return node.tag in HEADINGS or node.tag == "pre"


def _walk(root: LexborNode, is_whole: Callable[[LexborNode], bool]) -> Iterator[tuple[LexborNode, bool]]:
    """Each node as it begins, each element also as it ends; without recursion: pages may nest very deep."""
    stack: list[tuple[LexborNode, bool]] = [(root, False)]
    while stack:
        node, is_end = stack.pop()
        if not is_end and (node.tag in HIDDEN or node.is_comment_node):
            continue
        yield node, is_end
        if not is_end and not node.is_text_node and not is_whole(node):
            stack.append((node, True))
            children = list(node.iter(include_text=True))
            stack += [(child, False) for child in reversed(children)]


def _text_of(node: LexborNode) -> str:
    """Blanks as a browser shows them."""
    text = node.text_content or ""
    words = " ".join(text.split())
    if not words:
        return " " if text else ""
    return (" " if text[0].isspace() else "") + words + (" " if text[-1].isspace() else "")


def _shown(node: LexborNode) -> str:
    pieces = (
        _text_of(inner) if inner.is_text_node else _space(inner.tag or "", is_end=is_end)
        for inner, is_end in _walk(node, lambda _: False)
    )
    return " ".join("".join(pieces).split())


def _space(tag: str, *, is_end: bool) -> str:
    if tag == "br":
        return "" if is_end else "\n"
    if tag == "li":
        return "" if is_end else "\n- "
    if tag in ("td", "th"):
        return " " if is_end else ""
    return "\n\n" if tag in BLOCKS else ""
