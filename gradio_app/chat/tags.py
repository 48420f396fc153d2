"""Text that goes to a model as data, between tags, and the one line that it is asked to write about it."""

import unicodedata

from gradio_app.chat.asking import is_blank, whole


def tagged(tag: str, text: str) -> str:
    """A text between tags that nothing in it can close."""
    return f"<{tag}>\n{text.replace('</', '< /')}\n</{tag}>"


def only_line(written: str, around: str = "") -> str:
    """The one line that a model wrote, without `around` at its ends and what nobody sees in it.

    Raises ValueError where there are several or none; its words say how many, and nothing of them.
    """
    lines = [line.strip(around) for line in whole(written).splitlines() if not is_blank(line)]
    text = visible(lines[0]) if len(lines) == 1 else ""
    if not text:
        raise ValueError(f"{len(lines)} lines, {len(written)} characters")
    return text


def visible(text: str) -> str:
    """A text without what nobody sees in it, its blanks one by one."""
    return " ".join("".join(filter(_is_visible, text)).split())


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in ("Cc", "Cf") or character == "\t"
