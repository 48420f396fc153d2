"""Word: paragraphs under their headings, tables, footnotes, as they are shown.

Also what stands in content controls, in text boxes and in insertions not accepted yet; not what was deleted.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

from gradio_app.documents.collecting import Collector, Outline, table
from gradio_app.documents.readers.openxml import Package, children

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
HEADING = re.compile(r"heading ([1-9])|(title)", re.IGNORECASE)
"""The built-in styles have these names in every language of Word; only their ids are translated."""
NOTES = {"/footnotes": "[Footnotes]", "/endnotes": "[Endnotes]"}
NOT_SHOWN = {f"{W}del", f"{W}moveFrom", f"{W}instrText", f"{W}delText", f"{W}pPr", f"{W}rPr"}
BREAKS = {f"{W}tab": "\t", f"{W}br": "\n", f"{W}cr": "\n", f"{W}noBreakHyphen": "-"}


def read(content: bytes, collector: Collector) -> None:
    package = Package(content, collector.limits)
    main = package.main()
    document = package.part(main)
    body = document.find(f"{W}body") if document is not None else None
    if body is None:
        raise ValueError("no body")
    related = dict(package.related(main))
    styles = next((name for kind, name in related.items() if kind.endswith("/styles")), "")
    _Reader(collector, _heading_styles(package.part(styles))).read(body)
    for kind, name in sorted(related.items()):
        mark = next((mark for ending, mark in NOTES.items() if kind.endswith(ending)), None)
        notes = package.part(name) if mark else None
        if mark and notes is not None:
            collector.add("\n".join(_paragraph(note) for note in notes.iter(f"{W}p")), mark=mark)


def _heading_styles(styles: Element | None) -> dict[str, int]:
    """The level of each style for headings, 1 the outermost: its own, or of the style it is based on."""
    levels: dict[str, int] = {}
    based: dict[str, str] = {}
    for style in styles.iter(f"{W}style") if styles is not None else ():
        identifier = style.get(f"{W}styleId", "")
        name = style.find(f"{W}name")
        match = HEADING.fullmatch(name.get(f"{W}val", "") if name is not None else "")
        level = style.find(f"{W}pPr/{W}outlineLvl")
        if match:
            levels[identifier] = int(match[1] or 1)
        elif level is not None and level.get(f"{W}val", "9").isdigit() and int(level.get(f"{W}val", "9")) < 9:
            levels[identifier] = int(level.get(f"{W}val", "9")) + 1
        base = style.find(f"{W}basedOn")
        if base is not None:
            based[identifier] = base.get(f"{W}val", "")
    return levels | {
        style: levels[base] for style, base in based.items() if style not in levels and base in levels
    }


class _Reader:
    def __init__(self, collector: Collector, levels: dict[str, int]) -> None:
        self._collector = collector
        self._levels = levels
        self._outline = Outline()
        self._lines: list[str] = []

    def read(self, body: Element) -> None:
        for block in _blocks(body):
            if block.tag == f"{W}tbl":
                self._flush()
                made = table([[_cell(cell) for cell in _in(row, f"{W}tc")] for row in _in(block, f"{W}tr")])
                if made:
                    self._collector.add(made[1], header=made[0], heading=self._outline.path)
            else:
                self._take(block)
        self._flush()

    def _take(self, paragraph: Element) -> None:
        text = _paragraph(paragraph)
        style = paragraph.find(f"{W}pPr/{W}pStyle")
        level = self._levels.get(style.get(f"{W}val", "") if style is not None else "")
        if level and text.strip():
            self._flush()
            self._outline.enter(level, text)
            text = "#" * min(level, 6) + " " + " ".join(text.split())
        elif paragraph.find(f"{W}pPr/{W}numPr") is not None and text.strip():
            text = "- " + text
        self._lines.append(text)

    def _flush(self) -> None:
        self._collector.add(
            "\n\n".join(line for line in self._lines if line.strip()), heading=self._outline.path
        )
        self._lines = []


def _blocks(element: Element) -> Iterator[Element]:
    """Paragraphs and tables in order, also those in content controls and in insertions."""
    for child in children(element):
        if child.tag in (f"{W}p", f"{W}tbl"):
            yield child
        elif child.tag not in NOT_SHOWN:
            yield from _blocks(child)


def _in(element: Element, tag: str) -> Iterator[Element]:
    for child in children(element):
        if child.tag == tag:
            yield child
        elif child.tag not in NOT_SHOWN:
            yield from _in(child, tag)


def _cell(cell: Element) -> str:
    return " ".join(_paragraph(paragraph) for paragraph in cell.iter(f"{W}p"))


def _paragraph(paragraph: Element) -> str:
    return "".join(_runs(paragraph))


def _runs(element: Element) -> Iterator[str]:
    for child in children(element):
        if child.tag == f"{W}t":
            yield child.text or ""
        elif child.tag in BREAKS:
            yield BREAKS[child.tag]
        elif child.tag == f"{W}p":  # of a text box that hangs on this paragraph
            yield "\n" + _paragraph(child) + "\n"
        elif child.tag not in NOT_SHOWN:
            yield from _runs(child)
