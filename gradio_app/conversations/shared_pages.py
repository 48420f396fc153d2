"""The pages of copies that people share: making one, the list of one's own, and the copy that others read."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app import language
from gradio_app.chat.conversation import valid_id
from gradio_app.chat.model import short_name
from gradio_app.page import markup
from gradio_app.pages.forms import form, wants_json
from gradio_app.pages.pages import Pages
from gradio_app.store.conversations import Conversations
from gradio_app.store.sharing import SHARED_BYTES, SHARED_TURNS, Copy, Sharing, TooManySharesError
from gradio_app.store.table import ConflictError
from gradio_app.threads import Threads

AT_WORK = 4
MADE = "/conversations/shares?share_made=1"


class SharedPages:
    """Routes behind the gate; there are none of them unless the deployment allows sharing."""

    def __init__(self, pages: Pages, store: Conversations, sharing: Sharing) -> None:
        self._pages = pages
        self._store = store
        self._sharing = sharing
        self._run = Threads(AT_WORK).run

    def routes(self) -> list[BaseRoute]:
        """All of them; `gate.access` names them too."""
        return [
            Route("/shared", self.copy, methods=["GET"]),
            Route("/conversations/shares", self.shares, methods=["GET"]),
            Route("/conversations/shares", self.change, methods=["POST"]),
        ]

    async def copy(self, request: Request) -> Response:
        """`GET ?id=`: a copy, for whoever is signed in."""
        found = await self._run(self._found, request.query_params.get("id", ""))
        if found is None:
            return self._pages.refusal(request, 404, "no_share")
        turns = await self._run(_shown, found)
        day = _day(found.at, request)
        return self._pages.page(request, "shared.html", "shared", copy=found, turns=turns, day=day)

    async def shares(self, request: Request) -> Response:
        """The list of one's own."""
        asked = request.query_params
        notice = next((each for each in ("share_made", "share_revoked") if each in asked), "")
        return await self._list(request, notice=notice)

    async def change(self, request: Request) -> Response:
        """Make a copy of a conversation, or revoke one."""
        values = await form(request, "id", "action", "share")
        user_id = request.state.identity.user_id
        if values["action"] == "revoke":
            await self._run(self._sharing.revoke, user_id, values["id"], values["share"])
            return RedirectResponse("/conversations/shares?share_revoked=1", status_code=303)
        if values["action"] != "share" or not valid_id(values["id"]):
            return self._pages.refusal(request, 400)
        problem = await self._run(self._made, user_id, values["id"])
        if wants_json(request):
            return self._told(request, problem)
        if problem == "no_conversation":
            return self._pages.refusal(request, 404, problem)
        if problem:
            return await self._list(request, problem=problem)
        return RedirectResponse(MADE, status_code=303)

    def _told(self, request: Request, problem: str) -> Response:
        """For our script: where to go on, or a sentence."""
        if not problem:
            return JSONResponse({"next": MADE})
        status = 404 if problem == "no_conversation" else 422
        return JSONResponse({"detail": self._pages.text(request, problem)}, status_code=status)

    def _made(self, user_id: str, conversation_id: str) -> str:
        """Make a copy; the key of what is in the way, if anything."""
        page = self._store.page(user_id, conversation_id, None, SHARED_TURNS, SHARED_BYTES)
        if page is None or not page.turns:
            return "no_conversation"
        if page.has_earlier:
            return "share_too_long"
        try:
            self._sharing.share(user_id, conversation_id, page.title, page.turns)
        except TooManySharesError:
            return "quota_shares"
        except ConflictError:
            return "no_conversation"
        return ""

    def _found(self, share_id: str) -> Copy | None:
        found = self._sharing.read(share_id)
        is_there = found and self._store.head(found.owner, found.conversation_id)
        return found if is_there else None

    async def _list(self, request: Request, *, notice: str = "", problem: str = "") -> Response:
        shares = await self._run(self._sharing.shares, request.state.identity.user_id)
        return self._pages.page(
            request,
            "shares.html",
            "shares",
            status=422 if problem else 200,
            notice=notice,
            problem=problem,
            shares=shares,
            day=lambda share: _day(share.at, request),
        )


def _day(at: int, request: Request) -> str:
    return language.day(datetime.fromtimestamp(at, UTC).date(), language.language(request))


def _shown(copy: Copy) -> list[dict[str, object]]:
    """Questions as they were typed; answers in pieces, clean HTML that `markup` made or code as it is."""
    return [
        {
            "question": turn.question,
            "answer": [_piece(part) for part in markup.answer_parts(turn.answer)],
            "model": short_name(turn.model_id) if turn.model_id else "",
        }
        for turn in copy.turns
    ]


def _piece(part: str) -> tuple[str, bool]:
    """A part of an answer, and whether it is HTML; of a fence what stands in it."""
    if part.startswith("<"):
        return part, True
    return part.partition("\n")[2], False
