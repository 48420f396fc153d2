"""The door before MiniStack: keeps web pages out, but from where people sign in, and notices changes."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

# A page of any site can reach loopback from the user's browser (and, by DNS rebinding, under its own name).
# No AWS SDK sends these headers; every current browser sends one of them.
BROWSER_HEADERS = frozenset({b"origin", b"sec-fetch-site"})
# Where Cognito expects a person's browser, which another site sends there.
FOR_BROWSERS = frozenset(
    {
        ("GET", "/oauth2/authorize"),
        ("GET", "/oauth2/idpresponse"),
        ("POST", "/saml2/idpresponse"),
        ("GET", "/logout"),
    }
)
LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost"})
REFUSAL = b"The AWS emulator answers programs on this machine, not web pages.\n"


class Front:
    """ASGI middleware around MiniStack.

    Attributes:
        changed: true since the last time someone cleared it if a request may have changed state.
    """

    def __init__(self, app: App, on_started: Callable[[], None]) -> None:
        self._app = app
        self._on_started = on_started
        self.changed = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, self._announcing(send))
        elif scope["type"] == "http" and _may_pass(scope):
            await self._app(scope, receive, send)
            self.changed = self.changed or scope["method"] not in ("GET", "HEAD", "OPTIONS")
        elif scope["type"] == "http":
            await respond(send, 403, "text/plain", REFUSAL)

    def _announcing(self, send: Send) -> Send:
        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                self._on_started()

        return announce


def _may_pass(scope: MutableMapping[str, Any]) -> bool:
    headers = dict(scope["headers"])
    if headers.get(b"host", b"").decode("latin-1").rsplit(":", 1)[0] not in LOOPBACK_NAMES:
        return False
    if not BROWSER_HEADERS & headers.keys():
        return True
    views_page = headers.get(b"sec-fetch-mode") == b"navigate"
    return views_page and (scope["method"], scope["path"]) in FOR_BROWSERS


async def respond(send: Send, status: int, content_type: str, body: bytes) -> None:
    """Send a whole response."""
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
