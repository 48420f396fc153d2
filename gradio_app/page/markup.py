"""HTML in what people and the model write is text to read, never a part of our page.

Gradio's sanitizer removes scripts but lets `<style>`, `style=` and `<form>` pass, with which an answer could
cover the page or sign its reader out. So tags are made visible before they reach the browser, which is also
what somebody wants who asks about HTML. Fenced code stays as it is: there the browser shows tags anyway.
"""

import re

from markdown_it import MarkdownIt

JOINER = "\N{WORD JOINER}"
"""Invisible; a `<` before it begins no tag, neither in Markdown nor in HTML."""
TAG = re.compile(r"<(?=[A-Za-z/!?])")
LINK = re.compile(r"<(https?://[^\s<>]*)>")

# Blocks are all that is looked for: where fenced code begins and ends.
_blocks = MarkdownIt("commonmark", {"html": False}).disable("inline").parse


def harmless(markdown: str) -> str:
    """The same Markdown without HTML: every tag outside of fenced code is shown as text."""
    if not TAG.search(markdown):
        return markdown
    lines = markdown.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    code = {number for first, end in _fences("\n".join(lines)) for number in range(first + 1, end)}
    return "\n".join(line if number in code else _shown(line) for number, line in enumerate(lines))


def original(markdown: str) -> str:
    """The Markdown as it was before `harmless`, but for the brackets around links."""
    return markdown.replace(f"<{JOINER}", "<")


def _fences(markdown: str) -> list[tuple[int, int]]:
    """First line and the line after the last of each piece of fenced code."""
    return [
        (token.map[0], token.map[1]) for token in _blocks(markdown) if token.type == "fence" and token.map
    ]


def _shown(line: str) -> str:
    return TAG.sub(f"<{JOINER}", LINK.sub(r"\1", line))
