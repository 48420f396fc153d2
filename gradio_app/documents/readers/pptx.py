"""PowerPoint: the text of each slide in order, its tables, diagrams and notes."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from gradio_app.documents.collecting import Collector, one_line, table
from gradio_app.documents.readers.openxml import R_ID, Package, children

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
TITLES = {"title", "ctrTitle"}
FURNITURE = {"sldNum", "dt", "ftr", "hdr", "sldImg"}
"""Placeholders that repeat on every slide."""


def read(content: bytes, collector: Collector) -> None:
    package = Package(content, collector.limits)
    main = package.main()
    presentation = package.part(main)
    if presentation is None:
        raise ValueError("no presentation")
    parts = package.by_id(main)
    slides = [parts[slide.get(R_ID, "")] for slide in presentation.iter(f"{P}sldId")]
    collector.pages = len(slides)
    for number, name in enumerate(slides, start=1):
        _read_slide(package, name, number, collector)


def _read_slide(package: Package, name: str, number: int, collector: Collector) -> None:
    slide = package.part(name)
    if slide is None:
        raise ValueError("no slide")
    mark = f"[Slide {number}]"
    heading = next(
        (one_line(_text(shape)) for shape in slide.iter(f"{P}sp") if _place(shape) in TITLES), None
    )
    lines: list[str] = []
    for shape in _shapes(slide):
        if shape.tag == f"{A}tbl":
            made = table([[_text(cell) for cell in row.iter(f"{A}tc")] for row in shape.iter(f"{A}tr")])
            if made:
                collector.add("\n\n".join(lines), mark=mark, page=number, heading=heading)
                lines = []
                collector.add(made[1], mark=mark, page=number, heading=heading, header=made[0])
        elif _place(shape) not in FURNITURE:
            lines.append(("# " if _place(shape) in TITLES else "") + _text(shape))
    for kind, part in package.related(name):
        if kind.endswith(("/diagramData", "/notesSlide")):
            lines += _beside(package.part(part), is_note=kind.endswith("/notesSlide"))
    collector.add(
        "\n\n".join(line for line in lines if line.strip()), mark=mark, page=number, heading=heading
    )


def _beside(part: Element | None, *, is_note: bool) -> Iterator[str]:
    """The text of a diagram, or what the speaker notes, which is the body of the notes' page."""
    if part is None:
        return
    if not is_note:
        yield _text(part)
    for shape in part.iter(f"{P}sp") if is_note else ():
        if _place(shape) == "body" and _text(shape).strip():
            yield "Notes: " + _text(shape)


def _shapes(element: Element) -> Iterator[Element]:
    """Shapes with text and tables, in the order of the slide, also those in groups."""
    for child in children(element):
        if child.tag in (f"{P}sp", f"{A}tbl"):
            yield child
        else:
            yield from _shapes(child)


def _place(shape: Element) -> str | None:
    """The placeholder that a shape fills; one without a type is a body."""
    place = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
    return None if place is None else place.get("type", "body")


def _text(element: Element) -> str:
    return "\n".join("".join(_runs(paragraph)) for paragraph in element.iter(f"{A}p"))


def _runs(paragraph: Element) -> Iterator[str]:
    for child in paragraph.iter():
        if child.tag == f"{A}t":
            yield child.text or ""
        elif child.tag in (f"{A}br", f"{A}tab"):
            yield "\n" if child.tag == f"{A}br" else "\t"
