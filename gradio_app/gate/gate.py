"""The gate: nothing reaches the application, Gradio included, but through here.

Everything is refused that `access` does not name, and everything not public without a session.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gradio_app import request_id
from gradio_app.audit import audit
from gradio_app.cognito.errors import CognitoUnreachable
from gradio_app.cognito.tokens import PASSWORD
from gradio_app.gate.access import Access, Addresses
from gradio_app.gate.binding import Binding, JoinReply, NotYours, Unknown
from gradio_app.gate.events import Event, Malformed, Offered
from gradio_app.gate.forwarded import cleaned
from gradio_app.gate.headers import Outward, takes_gzip
from gradio_app.gate.joined import AtWork, EventQueue, Joined, JoinedEvents
from gradio_app.gate.limits import (
    UPLOADS,
    Bodies,
    BodyTooLarge,
    BodyTooSlow,
    MalformedLength,
    TooManyBodies,
    head_is_too_large,
    limit_for,
    replay,
    upload_limit,
)
from gradio_app.gate.origin import SAFE_METHODS, is_forged
from gradio_app.gate.shares import Shares, TooMuchAtOnce
from gradio_app.gate.streams import WatchedStream
from gradio_app.identity import LOCAL_USER, Identity
from gradio_app.login.cookies import session_cookie
from gradio_app.pages.pages import Pages, views_page
from gradio_app.sessions.session import Session
from gradio_app.sessions.sessions import Sessions
from gradio_app.settings import Settings
from gradio_app.store.table import TableUnreachable

EVENTS = "/gradio_api/"
JOIN = "/gradio_api/queue/join"
STREAM = "/gradio_api/queue/data"


class Refused(Exception):
    """The request ends here with this HTTP status, and the sentence of it or of `text`."""

    def __init__(self, status: int, reason: str, text: str = "") -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.text = text


class PageQueue(EventQueue, Protocol):
    """The queue of the chat's page, with the events that the page offers."""

    @property
    def offered(self) -> Mapping[int, Offered]:
        """They by their numbers."""
        ...


@dataclass(frozen=True)
class Admitted:
    """A request that was let in: what it may receive and send, and which event or stream it names."""

    receive: Receive
    send: Send
    event: Event | None = None


class Gate:
    """Pure ASGI around the whole application; streams pass through it untouched.

    `sessions` is None when the application runs without login: then everybody is LOCAL_USER and the
    addresses of the login are closed. `queue` is Gradio's, `at_work` what else ends with a session.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        pages: Pages,
        sessions: Sessions | None,
        queue: PageQueue,
        at_work: AtWork = AtWork(),  # noqa: B008 (it cannot be changed)
    ) -> None:
        self.app = app
        self._settings = settings
        self._pages = pages
        self._sessions = sessions
        self._addresses = Addresses(settings)
        self._cookie = session_cookie(settings.https)
        self._binding = Binding(queue.has_messages, queue.offered)
        self._joined = JoinedEvents(queue, at_work)
        self._shares = Shares()
        self._bodies = Bodies()
        self._bodies_of_strangers = Bodies()
        self._uploads = Bodies(UPLOADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            scope = cleaned(scope, self._settings)
            request_id.current.set(scope["state"]["request_id"])
            accepted = Headers(scope=scope).get("accept-encoding", "")
            outward = Outward(send, scope["path"], self._settings.https, takes_gzip(accepted))
            await self._serve(scope, receive, outward)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, outward: Outward) -> None:
        request = Request(scope)
        async with AsyncExitStack() as share:
            try:
                admitted = await self._admit(request, receive, outward, share)
            except Refused as refusal:
                await self._refuse(request, refusal)(scope, receive, outward)
            except (TableUnreachable, CognitoUnreachable):
                await self._pages.refusal(request, 503)(scope, receive, outward)
            except ConnectionResetError:
                return
            else:
                await self._pass_on(request, admitted)

    async def _pass_on(self, request: Request, admitted: Admitted) -> None:
        session: Session | None = getattr(request.state, "session", None)
        lasts = partial(self._sessions.lasts, session) if self._sessions and session else _always
        if session is None or request.scope["path"] != STREAM:
            await self.app(request.scope, admitted.receive, admitted.send)
            if admitted.event:
                self._account(request, admitted, session.key if session else "", lasts)
            return
        stream = WatchedStream(admitted.receive, admitted.send, lasts)
        if await stream.serve(self.app, request.scope):
            audit(
                "stream",
                outcome="cut",
                client=request.client.host if request.client else "",
                user_id=session.identity.user_id,
                detail="its session has ended",
            )

    def _account(
        self, request: Request, admitted: Admitted, session_key: str, lasts: Callable[[], Awaitable[bool]]
    ) -> None:
        """Keep an account of what an event has started."""
        user_id = request.state.identity.user_id
        event_id = admitted.send.event_id if isinstance(admitted.send, JoinReply) else ""
        if event_id and admitted.event:
            event = admitted.event
            now = time.monotonic()
            joined = Joined(event_id, event.session_hash, event.fn_index, user_id, session_key, now)
            self._joined.add(joined)
        self._joined.watch(user_id, session_key, lasts)

    async def _admit(
        self, request: Request, receive: Receive, outward: Outward, share: AsyncExitStack
    ) -> Admitted:
        """Let the request through, with what it may receive and send; raises Refused."""
        method, path = request.method, request.scope["path"]
        if head_is_too_large(request.scope["raw_path"], request.scope["query_string"], request.headers.raw):
            raise Refused(431, "head too large")
        if is_forged(method, request.headers, self._settings.public_scheme):
            raise Refused(403, "from another site")
        wanted = self._addresses.access(method, path)
        user_id = ""
        if wanted is not Access.PUBLIC:
            request.state.identity = await self._identify(request)
            user_id = request.state.identity.user_id
        if wanted is Access.CLOSED:
            raise Refused(404, "no such address")
        if wanted is Access.WITH_PASSWORD and request.state.session.way != PASSWORD:
            raise Refused(404, "the identity provider's to change")
        if path == STREAM:
            await self._open_stream(request, user_id, share)
            return Admitted(receive, outward)
        if user_id:
            await self._take_turn(user_id, share)
        if method in SAFE_METHODS:
            return Admitted(receive, outward)
        if limit := upload_limit(method, path):
            body = await self._hold(request, receive, limit, user_id, share)
            return Admitted(replay(body, receive), outward)
        body = await self._read(request, receive, user_id)
        if not path.startswith(EVENTS) or wanted is not Access.SIGNED_IN:
            return Admitted(replay(body, receive), outward)
        event = self._event(request, user_id, body)
        if path != JOIN:
            return Admitted(replay(event.body, receive), outward, event)
        with _refusing():
            share.enter_context(self._joined.room(user_id, event.session_hash))
        return Admitted(replay(event.body, receive), JoinReply(outward, self._binding, user_id), event)

    async def _identify(self, request: Request) -> Identity:
        if self._sessions is None:
            return LOCAL_USER
        token = self._cookie.read(request)
        session = await self._sessions.find(token) if token else None
        if session is None:
            raise Refused(401, "a cookie without a session" if token else "")
        request.state.session = session
        return session.identity

    async def _read(self, request: Request, receive: Receive, user_id: str) -> bytes:
        """The whole body; a stranger's never takes the place of somebody's who is signed in."""
        limit = limit_for(request.scope["path"])
        bodies, client = self._bodies, user_id
        if not user_id:
            bodies, client = self._bodies_of_strangers, request.client.host if request.client else ""
        with _refusing_bodies():
            return await bodies.read(receive, request.headers, limit, client)

    async def _hold(
        self, request: Request, receive: Receive, limit: int, user_id: str, share: AsyncExitStack
    ) -> bytes:
        """The whole of a file, which counts as on its way until the request is answered."""
        with _refusing_bodies():
            held = self._uploads.held(receive, request.headers, limit, user_id)
            return await share.enter_async_context(held)

    async def _take_turn(self, user_id: str, share: AsyncExitStack) -> None:
        with _refusing():
            await share.enter_async_context(self._shares.turn(user_id))

    async def _open_stream(self, request: Request, user_id: str, share: AsyncExitStack) -> None:
        with _refusing():
            session_hash = self._binding.check_stream(user_id, request.scope["query_string"])
            share.enter_context(self._joined.reading(user_id, session_hash))

    def _event(self, request: Request, user_id: str, body: bytes) -> Event:
        """What a POST of the page says; raises Refused."""
        with _refusing():
            event = self._binding.check_event(user_id, request.scope["path"], body)
            if not self._joined.names(user_id, event):
                raise Malformed
            return event

    def _refuse(self, request: Request, refusal: Refused) -> Response:
        if refusal.reason:
            identity: Identity | None = getattr(request.state, "identity", None)
            audit(
                "request",
                outcome="denied",
                client=request.client.host if request.client else "",
                user_id=identity.user_id if identity else "",
                detail=f"{refusal.status} {refusal.reason}: {request.method} {request.scope['path']}",
            )
        if refusal.status == 401 and views_page(request):
            return self._pages.to_login(request, ended=bool(refusal.reason))
        return self._pages.refusal(request, refusal.status, refusal.text)


@contextmanager
def _refusing() -> Iterator[None]:
    """What the chat's events and streams are refused for, as HTTP knows it."""
    try:
        yield
    except Malformed:
        raise Refused(400, "not an event of the page") from None
    except NotYours:
        raise Refused(403, "another user's session or event") from None
    except Unknown:
        raise Refused(404, "a stream of nothing") from None
    except TooMuchAtOnce:
        raise Refused(429, "too much at once", "too_much_at_once") from None


@contextmanager
def _refusing_bodies() -> Iterator[None]:
    """What bodies are refused for, as HTTP knows it."""
    try:
        yield
    except MalformedLength:
        raise Refused(400, "a length that is none") from None
    except BodyTooSlow:
        raise Refused(408, "body too slow") from None
    except BodyTooLarge:
        raise Refused(413, "body too large") from None
    except TooManyBodies:
        raise Refused(429, "too many bodies at once", "busy") from None


async def _always() -> bool:
    """Without login there is no session that could end."""
    return True
