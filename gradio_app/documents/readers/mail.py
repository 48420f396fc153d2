"""Mail: its headers, what it says, what it forwards; attachments by name only."""

import codecs
import contextlib
import email.parser
import email.policy
from email.message import EmailMessage
from encodings.aliases import aliases

from gradio_app.documents.collecting import Collector, one_line
from gradio_app.documents.readers.web import read_html

for _name in set(aliases.values()):
    # A mail may be in any encoding, and nothing can be loaded while it is read. Some are another system's.
    with contextlib.suppress(LookupError):
        codecs.lookup(_name)

HEADERS = ("From", "To", "Cc", "Date", "Subject")
FORWARDS = 5
"""How deep mails stand in mails."""


def read(content: bytes, collector: Collector) -> None:
    _read_message(
        email.parser.BytesParser(policy=email.policy.default).parsebytes(content), collector, depth=0
    )


def _read_message(message: EmailMessage, collector: Collector, *, depth: int) -> None:
    heading = one_line(_header(message, "Subject")) or None
    lines = [f"{name}: {one_line(_header(message, name))}" for name in HEADERS if message[name]]
    attachments = list(message.iter_attachments()) if message.is_multipart() else []
    names = [one_line(part.get_filename() or "") for part in attachments]
    if any(names):
        lines.append("Attachments: " + ", ".join(name for name in names if name))
    collector.add("\n".join(lines), heading=heading)
    body = message.get_body(("plain", "html"))
    if body is not None and body.get_content_subtype() == "html":
        read_html(_content(body), collector)
    elif body is not None:
        collector.add(_content(body), heading=heading)
    for part in attachments:
        inner = part.get_payload(0) if part.get_content_type() == "message/rfc822" else None
        if isinstance(inner, EmailMessage) and depth < FORWARDS:
            _read_message(inner, collector, depth=depth + 1)


def _header(message: EmailMessage, name: str) -> str:
    return str(message[name] or "")


def _content(body) -> str:
    """The text of a part, also where its character set is unknown or wrong."""
    try:
        return body.get_content()
    except LookupError:
        return body.get_payload(decode=True).decode("utf-8", "replace")
