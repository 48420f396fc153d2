"""What goes into the chat for a text: for an answer HTML out of its Markdown, for a person's own as it is.

Gradio's parser of Markdown gets what it cannot read anything into: each part is one line of HTML, or a fence.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from gradio_app.page import code, prose
from gradio_app.page.encoding import encoded, plain, with_links
from gradio_app.page.sections import MOST_PARTS, Hidden, Section, UnfitError, definitions, sections
from gradio_app.page.words import without_ends, written_on

MOST_KEPT = 8_000_000
"""Characters of finished parts that the process keeps."""
LARGE = 16_000
"""Characters of an answer's unfinished end from which on it is rendered anew now and then only, and of an
answer from which on no work is done on the event loop."""
WRITTEN = '<div class="written">'
"""How prose begins."""
MOST_LATE_DEFINITIONS = 8
"""How often an answer that grows is rendered from its beginning because of links that it defines later."""


def typed(text: str) -> str:
    """A person's own message exactly as it was typed; web addresses are links."""
    return f'<div class="typed" dir="auto">{with_links(plain(text))}</div>'


def notice(text: str, kind: str = "") -> str:
    """A sentence of ours in a message; `kind` is a class by which scripts know it."""
    return f'<div class="{f"notice {kind}".strip()}">{encoded(text)}</div>'


def actions(turn: int, names: Mapping[str, str], *others: str) -> str:
    """Buttons below a message, by class and name. `static/messages.js` does what they say.

    Gradio's sanitizer leaves a button its class and its value, and takes `data-` attributes away.
    """
    buttons = "".join(
        f'<button type="button" class="{kind}" value="{turn}" title="{encoded(name)}"></button>'
        for kind, name in names.items()
    )
    return f'<div class="actions">{"".join(others)}{buttons}</div>'


def versions(turn: int, numbers: Sequence[int], names: Mapping[str, str]) -> str:
    """Which version of a question this is, `2/3`, between buttons that lead to the ones beside it."""
    if len(numbers) < 2 or turn not in numbers:
        return ""
    at = numbers.index(turn)
    before = _version(turn, numbers[at - 1], "back", names["back"]) if at else ""
    behind = _version(turn, numbers[at + 1], "forth", names["forth"]) if at + 1 < len(numbers) else ""
    heard = f'<span class="heard">{encoded(names["version"])} </span>'
    return f'{before}<span class="count">{heard}{at + 1}/{len(numbers)}</span>{behind}'


def _version(turn: int, wanted: int, kind: str, name: str) -> str:
    value = f"{turn}:{wanted}"
    return f'<button type="button" class="version {kind}" value="{value}" title="{encoded(name)}"></button>'


def go_on(turn: int, model_id: str, name: str) -> str:
    """The button that has an answer go on, with the model that began it."""
    return f'<button type="button" class="go-on" value="{turn}:{encoded(model_id)}">{encoded(name)}</button>'


@dataclass(frozen=True)
class FileLink:
    """An attached file as a message shows it; `note` is a sentence about it, or empty."""

    address: str
    name: str
    is_image: bool
    note: str = ""


def files(links: Sequence[FileLink], name: str) -> str:
    """Attached files, each of which opens in a tab of its own."""
    # Gradio's sanitizer takes `aria-label` away: the name is a text that is heard and not seen.
    heard = f'<span class="heard">{encoded(name)}</span>'
    return f'<div class="files">{heard}{"".join(map(_file, links))}</div>'


def _file(link: FileLink) -> str:
    address, name = encoded(link.address), encoded(link.name)
    note = f'<span class="note">{encoded(link.note)}</span>' if link.note else ""
    # The name stands at an image too: it may not be there any more, or not be seen.
    image = f'<img src="{address}" alt="" loading="lazy">' if link.is_image else ""
    inside = f'{image}<span class="name">{name}</span>{note}'
    kind = "file image" if link.is_image else "file"
    return f'<a class="{kind}" href="{address}" title="{name}" target="_blank" rel="noopener">{inside}</a>'


def open_ended(parts: Sequence[str]) -> list[str]:
    """Parts of an answer that grows, the last one without the ends of its elements, which browsers add.

    So what it is next begins with what it is now, and Gradio sends the rest alone, and not a paragraph again
    for each of its words.
    """
    return [*parts[:-1], *(without_ends(each) if each.startswith(WRITTEN) else each for each in parts[-1:])]


def answer_parts(text: str, *, is_kept: bool = True) -> list[str]:
    """A whole answer; the same text is rendered once, unless it may not be kept."""
    return list(_kept.get(text)) if is_kept else _render(text)


class LiveAnswer:
    """An answer that grows: what is finished of it is rendered once.

    Finished is what ends with an empty line before a block whose first line is complete: neither Markdown nor
    a formula reaches over that.
    """

    def __init__(self) -> None:
        self._text = ""
        self._finished: list[str] = []
        self._from = 0
        self._defined: dict[str, str] = {}
        self._late = 0
        self._end: list[str] = []
        self._rendered_to = 0

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
        return [*self._finished, *self._end]

    def update(self, text: str) -> list[str]:
        """The parts of the answer so far; costs as much as what is not finished of it."""
        text = plain(text)
        if not text.startswith(self._text):
            self.__init__()
        self._text = text
        fresh = len(text) - self._rendered_to
        if self._end and fresh < (self._rendered_to - self._from) // 8 and len(text) - self._from > LARGE:
            rest = _as_it_stands(text[self._rendered_to :])
            return [*self._finished, *self._end, rest] if fresh else [*self._finished, *self._end]
        self._render(text)
        return [*self._finished, *self._end]

    def _render(self, text: str) -> None:
        self._rendered_to = len(text)
        tail = text[self._from :]
        try:
            hidden = Hidden(tail)
            defined = definitions(hidden.text)
            if self._is_late(defined):
                self._finished, self._from = [], 0
                self._render(text)
                return
            parts = sections(hidden, MOST_PARTS - len(self._finished))
            ends = _ends(hidden, parts)
            count = max((number for number, end in enumerate(ends, 1) if end is not None), default=0)
            rendered = _rendered(hidden, parts, self._defined | defined)
        except UnfitError:
            self._end = [_as_it_stands(tail)]
            return
        self._finished += rendered[:count]
        self._end = rendered[count:]
        if count:
            self._defined |= definitions(hidden.text.encode()[: parts[count].start].decode())
            self._from += ends[count - 1] or 0

    def _is_late(self, defined: dict[str, str]) -> bool:
        """Whether links of finished parts are defined only now; at most a few times for an answer."""
        new = defined.keys() - self._defined.keys()
        if not new or not self._finished or self._late == MOST_LATE_DEFINITIONS:
            return False
        self._late += 1
        self._defined |= defined
        return True


def _ends(hidden: Hidden, parts: list[Section]) -> list[int | None]:
    """For each part where it ends in the text as it was written, if it is finished, else None."""
    seen = hidden.text.encode()
    complete = seen.rfind(b"\n")
    ends: list[int | None] = []
    for following in parts[1:]:
        start = following.start
        before = seen[:start].rstrip(b" \t")
        finished = start <= complete and seen.find(b"\n", start) >= 0 and before.endswith(b"\n\n")
        ends.append(len(hidden.shown(seen[:start].decode())) if finished else None)
    return ends


def _render(text: str) -> list[str]:
    text = plain(text)
    try:
        hidden = Hidden(text)
        return _rendered(hidden, sections(hidden), definitions(hidden.text))
    except UnfitError:
        return [_as_it_stands(text)]


def _rendered(hidden: Hidden, parts: list[Section], defined: dict[str, str]) -> list[str]:
    return [_part(hidden, part, defined) for part in parts]


def _part(hidden: Hidden, part: Section, defined: dict[str, str]) -> str:
    if part.language is not None:
        return code.block(part.source, part.language)
    source = part.source
    if defined and "[" in source:
        lower = source.lower()
        used = [line for label, line in defined.items() if label in lower]
        source = "\n\n".join([source, "\n".join(used)])
    try:
        return f"{WRITTEN}{prose.markdown(source, hidden)}</div>"
    except UnfitError:
        return _as_it_stands(hidden.shown(part.source))


def _as_it_stands(text: str) -> str:
    return f'<div class="typed" dir="auto">{encoded(text)}</div>'


class _Kept:
    """Finished answers by their texts; the longest unused goes first."""

    def __init__(self) -> None:
        self._parts: OrderedDict[bytes, list[str]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def get(self, text: str) -> list[str]:
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()
        with self._lock:
            if parts := self._parts.get(key):
                self._parts.move_to_end(key)
                return parts
        parts = _render(text)
        with self._lock:
            if parts and key not in self._parts:
                self._parts[key] = parts
                self._size += sum(map(len, parts))
            while self._size > MOST_KEPT:
                _, dropped = self._parts.popitem(last=False)
                self._size -= sum(map(len, dropped))
        return parts


_kept = _Kept()
