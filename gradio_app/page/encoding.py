"""Text as HTML that no parser of Markdown can read anything into: every sign is a numeric reference."""

import re
import string

LINE_ENDS = "\n\t\f\u2028\u2029"
SIGN = re.compile(f"[{re.escape(string.punctuation + LINE_ENDS)}]")

MOST_LINK_CHARACTERS = 300
"""Of the text of a link: a longer one could cover the page."""
MOST_ADDRESS_CHARACTERS = 2_000
ADDRESS = re.compile(r"(?<![\w/])https?://[^\s<>\"'`\\^{}|]{1,2000}", re.ASCII)
HOST = re.compile(r"https?://(?:[^/?#]*@)?([^/?#]{1,100})", re.IGNORECASE)


def plain(text: str) -> str:
    """Text that can be encoded in UTF-8 and stand in HTML, with one kind of line end."""
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def encoded(text: str) -> str:
    """HTML in one line that shows exactly this text."""
    return SIGN.sub(_reference, text)


def _reference(sign: re.Match[str]) -> str:
    return f"&#{ord(sign[0])};"


def link(address: str, shown: str) -> str:
    """A link that leads out, around HTML."""
    host = HOST.match(address)
    title = f' title="{encoded(host[1])}"' if host else ""
    return (
        f'<a href="{encoded(address)}"{title} target="_blank" rel="noopener noreferrer nofollow">{shown}</a>'
    )


def with_links(text: str) -> str:
    """The text as HTML; web addresses in it are links."""
    pieces: list[str] = []
    last = 0
    for match in ADDRESS.finditer(text):
        address = _without_end(match[0])
        if len(address) > MOST_LINK_CHARACTERS or not HOST.match(address):
            continue
        pieces += [encoded(text[last : match.start()]), link(address, encoded(address))]
        last = match.start() + len(address)
    return "".join((*pieces, encoded(text[last:])))


def _without_end(address: str) -> str:
    """An address without the punctuation of the sentence that it stands in."""
    while address:
        last = address[-1]
        if last in ".,;:!?*_~" or (last in ")]" and address.count(last) > address.count("(["[last == "]"])):
            address = address[:-1]
        else:
            break
    return address
