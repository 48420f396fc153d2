"""The gate: nothing reaches the application, Gradio included, but through here.

Everything is refused that `access` does not name, and everything not public without a session.
"""

from functools import partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from gradio_app import request_id
from gradio_app.audit import audit
from gradio_app.cognito.errors import CognitoUnreachable
from gradio_app.cognito.tokens import PASSWORD
from gradio_app.gate.access import Access, Addresses
from gradio_app.gate.binding import Binding, JoinAnswer, Malformed, NotYours, Unknown
from gradio_app.gate.forwarded import cleaned
from gradio_app.gate.headers import Answer
from gradio_app.gate.joined import EventQueue, JoinedEvents
from gradio_app.gate.limits import BodyTooLarge, limit_for, read_body, replay
from gradio_app.gate.origin import SAFE_METHODS, is_forged
from gradio_app.gate.streams import WatchedStream
from gradio_app.identity import LOCAL_USER, Identity
from gradio_app.login.cookies import session_cookie
from gradio_app.login.pages import Pages, views_page
from gradio_app.sessions.session import Session
from gradio_app.sessions.sessions import Sessions
from gradio_app.settings import Settings
from gradio_app.store.table import TableUnreachable

EVENTS = "/gradio_api/"
JOIN = "/gradio_api/queue/join"
STREAM = "/gradio_api/queue/data"


class Refused(Exception):
    """The request ends here with this HTTP status."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Gate:
    """Pure ASGI around the whole application; streams pass through it untouched.

    `sessions` is None when the application runs without login: then everybody is LOCAL_USER and the
    addresses of the login are closed. `queue` is Gradio's.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        pages: Pages,
        sessions: Sessions | None,
        queue: EventQueue,
    ) -> None:
        self.app = app
        self._settings = settings
        self._pages = pages
        self._sessions = sessions
        self._addresses = Addresses.offered(settings)
        self._cookie = session_cookie(settings.https)
        self._binding = Binding(queue.has_messages)
        self._joined = JoinedEvents(queue)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            scope = cleaned(scope, self._settings)
            request_id.current.set(scope["state"]["request_id"])
            answer = Answer(send, scope["path"], self._settings.https)
            await self._serve(scope, receive, answer)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, answer: Answer) -> None:
        request = Request(scope)
        try:
            receive, send = await self._admit(request, receive, answer)
        except Refused as refusal:
            await self._refuse(request, refusal)(scope, receive, answer)
        except (TableUnreachable, CognitoUnreachable):
            await self._pages.refusal(request, 503)(scope, receive, answer)
        except ConnectionResetError:
            return
        else:
            await self._pass_on(request, receive, send)

    async def _pass_on(self, request: Request, receive: Receive, send: Send) -> None:
        session: Session | None = getattr(request.state, "session", None)
        if self._sessions is None or session is None:
            await self.app(request.scope, receive, send)
            return
        lasts = partial(self._sessions.lasts, session)
        if request.scope["path"] != STREAM:
            await self.app(request.scope, receive, send)
            if isinstance(send, JoinAnswer) and send.event_id:
                self._joined.watch(send.event_id, lasts)
            return
        stream = WatchedStream(receive, send, lasts)
        if await stream.serve(self.app, request.scope):
            audit(
                "stream",
                outcome="cut",
                client=request.client.host if request.client else "",
                user_id=session.identity.user_id,
                detail="its session has ended",
            )

    async def _admit(self, request: Request, receive: Receive, answer: Answer) -> tuple[Receive, Send]:
        """Let the request through, with what it may receive and send; raises Refused."""
        method, path = request.method, request.scope["path"]
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
        body = b""
        if method not in SAFE_METHODS:
            body = await self._read(request, receive)
            receive = replay(body, receive)
        if path.startswith(EVENTS) and wanted is Access.SIGNED_IN:
            self._bind(request, user_id, body)
        send: Send = JoinAnswer(answer, self._binding, user_id) if path == JOIN else answer
        return receive, send

    async def _identify(self, request: Request) -> Identity:
        if self._sessions is None:
            return LOCAL_USER
        token = self._cookie.read(request)
        session = await self._sessions.find(token) if token else None
        if session is None:
            raise Refused(401, "a cookie without a session" if token else "")
        request.state.session = session
        return session.identity

    async def _read(self, request: Request, receive: Receive) -> bytes:
        try:
            return await read_body(receive, request.headers, limit_for(request.scope["path"]))
        except BodyTooLarge:
            raise Refused(413, "body too large") from None

    def _bind(self, request: Request, user_id: str, body: bytes) -> None:
        path = request.scope["path"]
        try:
            if path == STREAM:
                self._binding.check_stream(user_id, request.scope["query_string"])
            elif request.method not in SAFE_METHODS:
                self._binding.check_event(user_id, path, body)
        except Malformed:
            raise Refused(400, "not an event of the page") from None
        except Unknown:
            raise Refused(404, "a stream of nothing") from None
        except NotYours:
            raise Refused(403, "another user's session or event") from None

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
        return self._pages.refusal(request, refusal.status)
