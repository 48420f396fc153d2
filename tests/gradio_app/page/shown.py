"""What may stand in a message of the chat: derived from the lists by which the page is made."""

import functools
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from gradio_app.page import formulas, prose

OURS: dict[str, set[str]] = {
    "a": {"href", "title", "target", "rel"},
    "button": {"type", "class", "value", "title", "aria-pressed"},
    **{name: {"dir"} for name in prose.DIRECTED},
    "code": {"class", "dir"},
    "div": {"class", "tabindex", "dir"},
    "pre": {"tabindex"},
    "span": {"class", "tabindex", "dir"},
    "td": {"class"},
    "th": {"class"},
}
"""What we put around what was cleaned; the class of code is the highlighter's."""
CLASSES = re.compile(
    r"written|typed|notice( waits)?|actions|table|formula( block)?|code_wrap|copy_code_button"
    r"|copy_fenced|copy_table|edit|copy|as-text|again|go-on|version (back|forth)|count|heard"
    r"|thumb (up|down)( given)?"
    r"|left|center|right|language-[a-z]+|token [a-z -]+"
)
VALUES = {
    "href": re.compile(r"(https?://|mailto:).{1,2000}", re.DOTALL | re.IGNORECASE),
    "class": CLASSES,
    "target": re.compile("_blank"),
    "rel": re.compile("noopener noreferrer( nofollow)?"),
    "type": re.compile("button"),
    "aria-pressed": re.compile("true|false"),
    "dir": re.compile("auto|ltr"),
    "tabindex": re.compile("0"),
    "start": re.compile(r"\d{1,9}"),
}


@functools.cache
def allowed() -> dict[str, set[str]]:
    """Elements and their attributes."""
    lists: dict[str, set[str]] = {name: set() for name in prose.ELEMENTS | formulas.ELEMENTS}
    for attributes in (prose.ATTRIBUTES, formulas.ATTRIBUTES, OURS):
        for name, names in attributes.items():
            lists[name] = lists.get(name, set()) | names
    return lists


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, str, str]] = []
        self.text = ""
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, "", ""))
        self.found += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.found.append(("!--", "", data))

    def handle_decl(self, decl: str) -> None:
        self.found.append(("!", "", decl))


def text_of(part: str) -> str:
    """What a part in HTML says."""
    reader = _Reader()
    reader.feed(part)
    reader.close()
    assert not reader.open
    return reader.text


def is_allowed(tag: str, name: str, value: str) -> bool:
    """Whether an element may have this attribute, or with an empty name, whether it may be there at all."""
    lists = allowed()
    if tag not in lists or (name and name not in lists[tag]):
        return False
    return name not in VALUES or VALUES[name].fullmatch(value) is not None


def unwanted(part: str) -> Iterator[tuple[str, str, str]]:
    """Elements and attributes in a part in HTML that must not be there."""
    reader = _Reader()
    reader.feed(part)
    reader.close()
    return (each for each in reader.found if not is_allowed(*each))
