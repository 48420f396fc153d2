"""Texts: as they are; Markdown under its headings, subtitles by the minute."""

import re

import pyromark

from gradio_app.documents.collecting import Collector, Outline, clean
from gradio_app.documents.decoding import decoded

CUE = re.compile(r"(?:(\d{1,3}):)?(\d\d):(\d\d)[.,]\d{3}[ \t]+-->")
CUE_TAG = re.compile(r"<[^<>\n]{0,200}>")


def read(content: bytes, collector: Collector) -> None:
    collector.add(decoded(content) or "")


def read_markdown(content: bytes, collector: Collector) -> None:
    """Verbatim, one section from each heading to the next."""
    source = clean(decoded(content) or "").encode()
    outline = Outline()
    start = 0
    for at, level, title in _headings(source):
        collector.add(source[start:at].decode(), heading=outline.path)
        outline.enter(level, title)
        start = at
    collector.add(source[start:].decode(), heading=outline.path)


def _headings(source: bytes) -> list[tuple[int, int, str]]:
    """`(offset, level, title)` of the headings that stand in no list and no quotation."""
    found: list[tuple[int, int, str]] = []
    depth = 0
    title: list[str] | None = None
    for event, place in pyromark.Markdown().events_with_range(source.decode()):
        kind, value = next(iter(event.items())) if isinstance(event, dict) else (event, None)
        if kind == "Start":
            if isinstance(value, dict) and "Heading" in value and depth == 0:
                title = []
                found.append((place["start"], int(str(value["Heading"]["level"])[1:]), ""))
            depth += 1
        elif kind == "End":
            depth -= 1
            if isinstance(value, dict) and "Heading" in value and title is not None:
                found[-1] = (*found[-1][:2], "".join(title))
                title = None
        elif title is not None:
            title.append(str(value) if kind in ("Text", "Code") else " ")
    return found


def read_subtitles(content: bytes, collector: Collector) -> None:
    """WebVTT and SubRip: what is said, a section for each minute in which something is."""
    minute: str | None = None
    lines: list[str] = []
    for block in re.split(r"\n[ \t]*\n", clean(decoded(content) or "")):
        cue = CUE.search(block)
        if cue is None:
            continue  # the file's head, a note, a style
        hours, minutes, seconds = int(cue[1] or 0), cue[2], cue[3]
        if f"{hours:02}:{minutes}" != minute:
            collector.add("\n".join(lines), heading=minute)
            minute, lines = f"{hours:02}:{minutes}", []
        said = CUE_TAG.sub("", block[cue.end() :].partition("\n")[2])
        lines.append(f"{minute}:{seconds} " + " ".join(said.split()))
    collector.add("\n".join(lines), heading=minute)
