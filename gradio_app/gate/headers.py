"""The headers of every response, and the nonce in the chat's page that its script policy asks for."""

import gzip
import re
import secrets
import zlib
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from gradio_app.gate.access import is_static

SCRIPT_TAG = re.compile(rb"<script(?=[\s>])", re.IGNORECASE)

# Gradio sets styles in elements, and its page has a <base>. Images only from here: what a model writes must
# not be able to send data to another host by naming it in an image, nor by a form: the page has none.
PAGE_POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; "
    "base-uri 'self'; form-action 'none'; frame-ancestors 'none'"
)
OTHER_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

ALWAYS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",  # "no-referrer" would blank the Origin of our own forms
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"
HASHED = "public, max-age=31536000, immutable"
ONE_DAY = "public, max-age=86400"
CHAT = "/"
DESCRIPTION = "/page/description"
"""What the chat's page is made of: its address changes with its content, and nothing of it is anybody's."""
FOR_THE_SIGNED_IN = "private, max-age=31536000, immutable"
GZIP_LEVEL = 6
EVENTS = frozenset({"/gradio_api/run/predict", "/gradio_api/queue/data"})
"""What the page's events answer, at once or as a stream: JSON, mostly the same from one to the next."""
STREAM_WINDOW, STREAM_MEMORY = 13, 6
"""zlib's logarithms, with which a stream takes 64 kB of memory instead of 256."""
REFUSED = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")
"""The weight of an encoding that is not wanted: RFC 9110, 12.4.2."""
SMALLEST = 500
"""Bytes from which on an answer is compressed."""


class Outward:
    """An ASGI `send` that completes one response; only a page of HTML is held back, for its nonce.

    Gradio compresses files and no pages, so what is held can be read. `takes_gzip` is whether the browser can
    read what is compressed: the chat's page and what its events answer. Where an answer says something secret
    and repeats something of its request, one could guess at the one by the other's effect on its length
    (BREACH), if one had a browser send many such requests. The page does neither; an event is no request that
    another site can have sent. Other pages are short, and as they are.
    """

    def __init__(self, send: Send, path: str, https: bool, takes_gzip: bool = False) -> None:
        self._send = send
        self._path = path
        self._https = https
        self._takes_gzip = takes_gzip
        self._squeezed: Any = None
        self._nonce = ""
        self._held: Message | None = None
        self._body = bytearray()
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            await self._start(message)
        elif self._squeezed:
            is_last = not message.get("more_body")
            part = self._squeezed.compress(message.get("body", b""))
            part += self._squeezed.flush(zlib.Z_FINISH if is_last else zlib.Z_SYNC_FLUSH)
            await self._send({**message, "body": part})
        elif self._held is None:
            await self._send(message)
        else:
            self._body += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._held)

    async def _start(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        for name, value in ALWAYS.items():
            headers[name] = value
        if self._https:
            headers["strict-transport-security"] = TWO_YEARS
        del headers["server"]
        self._set_caching(headers, message["status"])
        is_page = headers.get("content-type", "").startswith("text/html")
        if is_page and "content-security-policy" not in headers:
            self._nonce = secrets.token_urlsafe(16)
            headers["content-security-policy"] = PAGE_POLICY.format(nonce=self._nonce)
            self._held = message
            return
        headers.setdefault("content-security-policy", OTHER_POLICY)
        if self._takes_gzip and self._path in EVENTS and _is_long(headers):
            wbits = STREAM_WINDOW + 16  # with gzip's head and sum
            self._squeezed = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, wbits, STREAM_MEMORY)
            del headers["content-length"]
            _say_gzip(headers)
        await self._send(message)

    def _set_caching(self, headers: MutableHeaders, status: int) -> None:
        if self._path == DESCRIPTION and status == 200 and "cache-control" not in headers:
            headers["cache-control"] = FOR_THE_SIGNED_IN
        elif not is_static(self._path) or status not in (200, 206, 304):
            headers["cache-control"] = "no-store"
        else:
            hashed = self._path.startswith(("/assets/", "/pages/static/", "/page/static/"))
            headers["cache-control"] = HASHED if hashed else ONE_DAY

    async def _send_page(self, start: Message) -> None:
        page = SCRIPT_TAG.sub(b'<script nonce="%s"' % self._nonce.encode(), bytes(self._body))
        headers = MutableHeaders(scope=start)
        if self._takes_gzip and self._path == CHAT and page:
            page = gzip.compress(page, GZIP_LEVEL, mtime=0)
            _say_gzip(headers)
        headers["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})


def takes_gzip(accepted: str) -> bool:
    """Whether a browser that accepts these encodings can read what is compressed."""
    encodings = (each.partition(";") for each in accepted.lower().split(","))
    return any(name.strip() == "gzip" and not REFUSED.fullmatch(weight) for name, _, weight in encodings)


def _is_long(headers: MutableHeaders) -> bool:
    """Whether it has a body that compressing makes shorter; how long a stream gets, nobody knows."""
    kind = headers.get("content-type", "").partition(";")[0]
    return kind == "text/event-stream" or int(headers.get("content-length", 0)) >= SMALLEST


def _say_gzip(headers: MutableHeaders) -> None:
    headers["content-encoding"] = "gzip"
    headers.add_vary_header("accept-encoding")
