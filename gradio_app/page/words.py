"""Words that are added to the last line of an answer, as HTML without a parser.

Most updates of an answer that grows add some words to its last line, and to render the paragraph anew for
them was a third of what showing an answer cost. Letters with blanks and the signs of a sentence between them
mean nothing to Markdown where other words stand before them on the line.
"""

import re

from gradio_app.page.encoding import encoded

LOOKED_AT = 200
"""Characters of the last line: enough to see words before its last one."""
_SIGNS = ",.;?!'"
_WORDS = re.compile(rf"(?:[^\W_]|[ {_SIGNS}])*")
_UNDER_WAY = re.compile(rf"[^\W\d_]{{2}} (?:.* )?((?:[^\W_]|[{_SIGNS}])+) *\Z")
"""A line whose first words say what it is, with its last word, in which nothing else is."""


def written_on(text: str, part: str, more: str) -> str | None:
    """The part that a text ends with, as HTML, with what is added to both; None if that takes the parser."""
    line = text[-LOOKED_AT:].rpartition("\n")[2]
    found = _UNDER_WAY.search(line)
    if not found or "|" in line or not _WORDS.fullmatch(more):
        return None
    begun = without_ends(part)
    # What is not the end of the page either is not where words go on: an address, a cell too many. And in
    # code blanks at the end are shown.
    if not begun.endswith(encoded(found[1])) or "</pre>" in part[len(begun) :]:
        return None
    blanks = line[len(line.rstrip(" ")) :]
    return begun + encoded(f"{blanks}{more}".rstrip(" ")) + part[len(begun) :]


def without_ends(part: str) -> str:
    """HTML without the ends of elements at its end, which browsers add."""
    while part.endswith(">") and (begin := part.rfind("<")) == part.rfind("</") and begin >= 0:
        part = part[:begin]
    return part
