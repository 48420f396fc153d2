"""The headers of every response, and the nonce in the chat's page that its script policy asks for."""

import re
import secrets

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


class Outward:
    """An ASGI `send` that completes one response; only a page of HTML is held back, for its nonce.

    Gradio compresses files and no pages, so what is held can be read.
    """

    def __init__(self, send: Send, path: str, https: bool) -> None:
        self._send = send
        self._path = path
        self._https = https
        self._nonce = ""
        self._held: Message | None = None
        self._body = bytearray()
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            await self._start(message)
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
        await self._send(message)

    def _set_caching(self, headers: MutableHeaders, status: int) -> None:
        if not is_static(self._path) or status not in (200, 206, 304):
            headers["cache-control"] = "no-store"
        else:
            hashed = self._path.startswith(("/assets/", "/pages/static/", "/page/static/"))
            headers["cache-control"] = HASHED if hashed else ONE_DAY

    async def _send_page(self, start: Message) -> None:
        page = SCRIPT_TAG.sub(b'<script nonce="%s"' % self._nonce.encode(), bytes(self._body))
        MutableHeaders(scope=start)["content-length"] = str(len(page))
        await self._send(start)
        await self._send({"type": "http.response.body", "body": page})
