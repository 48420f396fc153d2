"""The chat's page as it leaves: Gradio's own, in its reader's language and with our scripts before Gradio's.

Gradio serves one page in English to everybody and adds what `head=` holds only after its own scripts ran.
"""

import hashlib
import html
import re
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gradio_app.identity import Identity
from gradio_app.language import language
from gradio_app.page import texts
from gradio_app.page.description import Description
from gradio_app.pages import installable
from gradio_app.pages.files import served

STATIC = Path(__file__).with_name("static")
"""Our scripts: plain JavaScript, served as it is."""
STYLES = (
    "messages",
    "meter",
    "summed",
    "thought",
    "files",
    "citations",
    "dialogs",
    "reader",
    "conversations",
    "thumbs",
    "print",
    "without_scripts",
)
"""Style sheets that Gradio would write anew and break, were they given to it (`:is(a, b)`, `@media print`),
or bring along only by its scripts."""
HTML_TAG = re.compile(rb'<html\s+lang="en"')
HEAD_TAG = b"<head>"
MANIFEST_LINK = b'<link rel="manifest" href="/manifest.json" />'
BODY_TAG = re.compile(rb"<body[^>]*>")


def _digest() -> str:
    files = sorted(STATIC.iterdir())
    return hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()[:16]


PREFIX = f"/page/static/{_digest()}"
"""Another version of the scripts has another address, so that browsers may keep this one for ever."""


def static_routes() -> list[BaseRoute]:
    """Our scripts, which are the same for everyone."""
    return [Mount(PREFIX, served(STATIC))]


class ServedPage:
    """ASGI middleware: completes the page of `GET /`."""

    def __init__(self, app: ASGIApp, description: Description) -> None:
        self._app = app
        self._description = description

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/":
            request = Request(scope)
            identity: Identity | None = getattr(request.state, "identity", None)
            owner = identity.user_id if identity else ""
            send = _Completing(send, language(request), owner, self._description)
        await self._app(scope, receive, send)


class _Completing:
    """An ASGI `send` that holds a page of HTML back until it is whole."""

    def __init__(self, send: Send, lang: str, owner: str, description: Description) -> None:
        self._send = send
        self._description = description
        self._lang = lang
        self._owner = owner
        self._start: Message | None = None
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith("text/html"):
                self._start = message
                return
        if self._start is None:
            await self._send(message)
            return
        self._body += message.get("body", b"")
        if not message.get("more_body"):
            await self._send_page(self._start)

    async def _send_page(self, start: Message) -> None:
        page = completed(bytes(self._body), self._lang, self._owner, self._description)
        headers = MutableHeaders(scope=start)
        if "content-length" in headers and int(headers["content-length"]):  # the answer to HEAD has none
            headers["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})


def completed(page: bytes, lang: str, owner: str, description: Description) -> bytes:
    """Gradio's page with its language, its person, and our scripts; its description is in one of them."""
    ours = f'<meta name="owner" content="{html.escape(owner)}">{description.tag(lang)}'
    ours += f'<script type="module" src="{PREFIX}/page.js"></script>'
    ours += "".join(f'<link rel="stylesheet" href="{PREFIX}/{name}.css">' for name in STYLES)
    page = HTML_TAG.sub(b'<html lang="%s"' % lang.encode(), page, count=1)
    ours += installable.head(lang)
    page = description.shortened(page).replace(MANIFEST_LINK, b"", 1)
    page = BODY_TAG.sub(lambda tag: tag[0] + _without_scripts(lang).encode(), page, count=1)
    return page.replace(HEAD_TAG, HEAD_TAG + ours.encode(), 1)


def _without_scripts(lang: str) -> str:
    """The page of a browser that runs no scripts, in its language first and then in the others."""
    languages = sorted(texts.NO_SCRIPT, key=lambda each: each != lang)
    sentences = "".join(f'<p lang="{each}">{texts.NO_SCRIPT[each]}</p>' for each in languages)
    return f"<noscript>{sentences}</noscript>"
