"""Where the top-level blocks of a Markdown text begin and end, as the one parser sees them.

Two things are hidden from the parser. The `<` of what looks like a tag becomes a rare sign, so that it finds
no HTML anywhere and code shows it as it was; a formula becomes a number between two other rare signs.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pyromark

from gradio_app.page import formulas

_options = (
    pyromark.Options.ENABLE_TABLES | pyromark.Options.ENABLE_STRIKETHROUGH | pyromark.Options.ENABLE_TASKLISTS
)
parser = pyromark.Markdown(options=_options)

# Links in angle brackets are no tags, unless what stands in them is no link.
TAG = re.compile(
    r"(?<!\]\()(?<!\]: )<(?=[A-Za-z/!?])(?!(?:(?:https?://|mailto:)[^\s<>]*|[\w.+-]{1,64}@[\w.-]{1,255})>)"
)
ANY_TAG = re.compile(r"<(?=[A-Za-z/!?])")
RARE = "".join(map(chr, range(0x2E2A, 0x2E50)))
"""Punctuation, as `<` is, that hardly anybody writes."""

GROUP_CHARACTERS = 4_000
"""So much of prose at least goes into one part: each is a component in the browser."""
MOST_PARTS = 100
"""After so many everything goes into the last."""
MOST_FORMULAS = 60_000
"""Characters of all formulas of a text that become MathML, with so many for each one; the rest is code."""
EACH_FORMULA = 40
MOST_DEFINITIONS = 200
MOST_DEFINITION = 500


class UnfitError(Exception):
    """A text that is better shown as it stands."""


@dataclass(frozen=True)
class Section:
    """Part of a text: prose with `source` in Markdown, or code in a `language`, which may be "" for none.

    `start` is where it begins in the text that the parser saw, in bytes, and `blocks` where each of its own
    blocks does.
    """

    start: int
    source: str
    language: str | None = None
    blocks: tuple[int, ...] = ()

    @property
    def is_code(self) -> bool:
        """Whether this is a block of code of the top level."""
        return self.language is not None


class Hidden:
    """A text without its tags and formulas."""

    def __init__(self, text: str) -> None:
        free = [sign for sign in RARE if sign not in text]
        if len(free) < 2:
            raise UnfitError
        self.tag, self.mark = free[:2]
        self.formulas: list[str] = []
        self._converted = 0
        pieces, last = [], 0
        for start, end in formulas.found(text):
            pieces += [text[last:start], f"{self.mark}{len(self.formulas)}{self.mark}"]
            self.formulas.append(text[start:end])
            last = end
        pieces.append(text[last:])
        self.text = TAG.sub(self.tag, "".join(pieces))
        self._number = re.compile(f"{self.mark}(\\d+){self.mark}")

    def without_any(self, source: str) -> str:
        """A piece of the text with every tag hidden, also what might be a link in angle brackets."""
        return ANY_TAG.sub(self.tag, source)

    def may_convert(self, formula: str) -> bool:
        """Whether one more may become MathML, which takes a thousand times what text does; counts it."""
        self._converted += len(formula) + EACH_FORMULA
        return self._converted <= MOST_FORMULAS

    def shown(self, source: str) -> str:
        """A piece of the text as it was written."""
        return self._number.sub(self._formula, source.replace(self.tag, "<"))

    def split(self, piece: str) -> list[str]:
        """Text around formulas, and each second one is the source of a formula."""
        pieces = self._number.split(piece)
        return [
            self.formulas[int(each)] if number % 2 else each.replace(self.tag, "<")
            for number, each in enumerate(pieces)
        ]

    def _formula(self, number: re.Match[str]) -> str:
        return self.formulas[int(number[1])]


@dataclass
class _Block:
    start: int
    language: str | None = None
    code: list[str] = field(default_factory=list)


def sections(hidden: Hidden, most: int = MOST_PARTS, before: int = 0) -> list[Section]:
    """The text in parts: each block of code by itself, and prose up to `GROUP_CHARACTERS` and more.

    `before` is how many bytes the first part has already, if that is prose.
    """
    seen = hidden.text.encode()
    result: list[Section] = []
    starts: list[int] = []
    """Where the blocks of prose begin that are not in the result yet."""

    def prose(end: int) -> None:
        if starts:
            result.append(Section(starts[0], seen[starts[0] : end].decode(), blocks=tuple(starts)))
            starts.clear()

    for block in _blocks(hidden.text, seen):
        begun = bool(starts or (before and not result))
        if len(result) + begun + 1 < most:
            size = block.start - starts[0] + (0 if result else before) if starts else 0
            if block.language is not None or size >= GROUP_CHARACTERS:
                prose(block.start)
            if block.language is not None:
                result.append(Section(block.start, hidden.shown("".join(block.code)), block.language))
                continue
        starts.append(block.start)
    prose(len(seen))
    return result


def definitions(text: str) -> dict[str, str]:
    """The link reference definitions in a text that the parser may see: label, and a line that repeats it."""
    found = {}
    for label, link in parser.reference_definitions(text).items():
        target = re.sub(r"[\s<>]", "", link["dest"])
        name = " ".join(label.split())
        if len(name) + len(target) <= MOST_DEFINITION:
            found[name.lower()] = f"[{name}]: <{target}>"
        if len(found) == MOST_DEFINITIONS:
            break
    return found


def _blocks(text: str, seen: bytes) -> Iterator[_Block]:
    depth, block = 0, None
    for each, span in parser.events_with_range(text):
        event = cast(Any, each)
        if depth == 0 or block is None:
            # Indentation belongs to the block: without it, code would not be code any more.
            block = _Block(seen.rfind(b"\n", 0, span["start"]) + 1, _language(event))
            if not isinstance(event, dict) or "Start" not in event:
                yield block
                continue
        if isinstance(event, dict):
            if "Start" in event:
                depth += 1
            elif "End" in event:
                depth -= 1
                if depth == 0:
                    yield block
            elif block.language is not None and "Text" in event:
                block.code.append(event["Text"])


def _language(event: Any) -> str | None:
    """The language of a block that begins with this event, if it is one of code."""
    start = event.get("Start") if isinstance(event, dict) else None
    kind = start.get("CodeBlock") if isinstance(start, dict) else None
    if kind is None:
        return None
    return kind["Fenced"] if isinstance(kind, dict) else ""
