"""The library, as somebody brings a document to it: added, read, asked in the chat, and deleted."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from html import unescape

import httpx

from deployer.errors import one_line
from deployer.proof.conversation import Conversation
from deployer.proof.faults import NotAsPromised
from deployer.proof.visitor import Visitor

PAGE = "/documents"
SECONDS = 180.0
"""For the document to be ready, and again to be gone: the task may be busy with another one."""
PAUSE_SECONDS = 2.0
QUESTION = "How long does the battery of the lamp last? Cite the words of the document."
OWN = "own"
"""What the chat calls all documents of a person."""
_LINE = re.compile(
    r'<a href="/documents/document\?[^"]*?id=(?P<id>[0-9a-f]{64})">.*?'
    r'<span class="state (?P<state>\w+)">(?P<doing>[^<]*)</span>',
    re.DOTALL,
)


def proved(visitor: Visitor, sleep: Callable[[float], None] = time.sleep) -> str:
    """Go through it with a document of our own; what was seen to work, or that there is no library.

    Raises NotAsPromised. The document goes with the visitor at the latest.
    """
    page = visitor.get(PAGE)
    if page.status_code == httpx.codes.NOT_FOUND:
        return "there are no documents to ask: EmbeddingModelId is empty, or Egress is endpoints"
    if page.status_code != httpx.codes.OK:
        raise NotAsPromised(f"{PAGE} answers {page.status_code}")
    # As nobody has brought it yet: a library has a content once.
    text = (
        f"# Lamp {secrets.token_hex(6)}\n\nThe battery of the lamp lasts for eleven hours and ten minutes.\n"
    )
    visitor.post_file(f"{PAGE}/add", "files", "lamp.md", text.encode())
    document_id = _ready(visitor, sleep)
    conversation = Conversation(visitor)
    answer = conversation.ask(conversation.models()[0], QUESTION, OWN)
    _delete(visitor, document_id, sleep)
    cites = "cites it" if answer.cites else "answers, this time without a citation,"
    return f"a document is read, {cites} when asked, and deleted"


def _ready(visitor: Visitor, sleep: Callable[[float], None]) -> str:
    """The id of the visitor's one document, once it can be asked."""
    line = _waited(visitor, sleep, lambda found: found is not None and found["state"] != "working")
    if line is None or line["state"] != "ready":
        doing = one_line(unescape(line["doing"])) if line else "there is none"
        raise NotAsPromised(f"a document that was added cannot be asked: {doing}")
    return line["id"]


def _delete(visitor: Visitor, document_id: str, sleep: Callable[[float], None]) -> None:
    answer = visitor.post_form(f"{PAGE}/document", library="", id=document_id, action="delete", sure="1")
    if answer.status_code != httpx.codes.SEE_OTHER:
        raise NotAsPromised(f"deleting a document answers {answer.status_code}")
    if _waited(visitor, sleep, lambda found: found is None) is not None:
        raise NotAsPromised("a document that was deleted is still there")


def _waited(
    visitor: Visitor, sleep: Callable[[float], None], is_over: Callable[[re.Match[str] | None], bool]
) -> re.Match[str] | None:
    """The visitor's one document as it is once that is over, or after SECONDS."""
    left = SECONDS
    while True:
        page = visitor.get(PAGE)
        if page.status_code != httpx.codes.OK:
            raise NotAsPromised(f"{PAGE} answers {page.status_code}")
        found = _LINE.search(page.text)
        if is_over(found) or left <= 0:
            return found
        sleep(PAUSE_SECONDS)
        left -= PAUSE_SECONDS
