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
from gradio_app.page.sections import Hidden, Section, UnfitError, definitions, sections
from gradio_app.page.words import without_ends

MOST_KEPT = 24_000_000
"""Characters of finished parts that the process keeps."""
WRITTEN = '<div class="written">'
"""How prose begins."""


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


def prose_part(inner: str) -> str:
    """A part with these blocks of HTML."""
    return f"{WRITTEN}{inner}</div>"


def blocks(source: str, hidden: Hidden, defined: Mapping[str, str]) -> str:
    """Prose as blocks of HTML, with the links that are `defined` elsewhere; raises UnfitError."""
    if defined and "[" in source:
        lower = source.lower()
        used = [line for label, line in defined.items() if label in lower]
        source = "\n\n".join([source, "\n".join(used)])
    return prose.markdown(source, hidden)


def as_it_stands(text: str) -> str:
    """What is too much for us, as it was written."""
    return f'<div class="typed" dir="auto">{encoded(text)}</div>'


def _render(text: str) -> list[str]:
    text = plain(text)
    try:
        hidden = Hidden(text)
        defined = definitions(hidden.text)
        return [_part(hidden, part, defined) for part in sections(hidden)]
    except UnfitError:
        return [as_it_stands(text)]


def _part(hidden: Hidden, part: Section, defined: Mapping[str, str]) -> str:
    if part.language is not None:
        return code.block(part.source, part.language)
    try:
        return prose_part(blocks(part.source, hidden, defined))
    except UnfitError:
        return as_it_stands(hidden.shown(part.source))


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
