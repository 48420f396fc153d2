"""Thumbs by HTTP: a person gives them to the answers of their own conversations, administrators see them.

What administrators see says neither who gave a thumb nor where, and leads to no conversation.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat import errors
from gradio_app.chat.asking import whole
from gradio_app.chat.assistant import OWN
from gradio_app.chat.conversation import valid_id
from gradio_app.chat.model import short_name
from gradio_app.language import day, language
from gradio_app.library.access import administers
from gradio_app.page.draft_route import OWNER
from gradio_app.page.message_route import NUMBER
from gradio_app.pages.forms import form
from gradio_app.pages.pages import Pages
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, TableUnreachable
from gradio_app.store.thumbs import NOBODY, REASON_CHARACTERS, Count, Thumb, Thumbs, Told
from gradio_app.threads import Threads

PATH, PAGE = "/thumb", "/thumbs"
AT_WORK = 8
"""Requests that read or write at the same time; the others wait."""
COUNTS, REASONS = 50, 25
"""Lines of one page."""
CURSOR = re.compile(r"[!-~]{1,500}")
"""Where a page begins: what else there may be in an address is no place, and a key takes 1,024 bytes."""


class ThumbPages:
    """Routes behind the gate, which has put who asks into the request's state."""

    def __init__(self, pages: Pages, thumbs: Thumbs, store: Conversations) -> None:
        self._pages = pages
        self._thumbs = thumbs
        self._store = store
        self._run = Threads(AT_WORK).run

    def routes(self) -> list[BaseRoute]:
        """`/thumb?conversation=<id>&turn=<number>` is what a person thinks of an answer of theirs."""
        return [
            Route(PATH, self.look, methods=["GET"]),
            Route(PATH, self.give, methods=["PUT"]),
            Route(PATH, self.take_back, methods=["DELETE"]),
            Route(PAGE, self.overview, methods=["GET"]),
        ]

    async def look(self, request: Request) -> Response:
        """What was given."""
        if (where := _where(request)) is None:
            return Response(status_code=404)
        found = await self._run(self._thumbs.find, request.state.identity.user_id, *where)
        return JSONResponse(vars(found)) if found else Response(status_code=404)

    async def give(self, request: Request) -> Response:
        """Give a thumb, or another one in its place: fields `up`, `reason`, `agreed`."""
        user_id, where = request.state.identity.user_id, _where(request)
        if where is None:
            return Response(status_code=404)
        if request.headers.get(OWNER) != user_id:
            return Response(status_code=409)
        values = await form(request, "up", "reason", "agreed")
        reason = whole(values["reason"].replace("\r\n", "\n")).strip()
        if values["up"] not in ("0", "1") or values["agreed"] not in ("", "0", "1"):
            return Response(status_code=400)
        if len(reason) > REASON_CHARACTERS:
            return Response(status_code=422)
        thumb = Thumb(values["up"] == "1", reason, values["agreed"] == "1")
        return await self._changed(partial(self._give, user_id, *where, thumb))

    async def take_back(self, request: Request) -> Response:
        """Take a thumb back."""
        user_id, where = request.state.identity.user_id, _where(request)
        if where is None:
            return Response(status_code=404)
        if request.headers.get(OWNER) != user_id:
            return Response(status_code=409)
        return await self._changed(partial(self._thumbs.take_back, user_id, *where))

    async def overview(self, request: Request) -> Response:
        """What administrators see: counts, and what was said, each a page at a time."""
        identity = request.state.identity
        if not administers(identity):
            return self._pages.refusal(request, 404)
        asked = request.query_params
        sent = {name: asked.get(name, "") for name in ("counts", "reasons")}
        places = {name: place if CURSOR.fullmatch(place) else "" for name, place in sent.items()}
        counts, more_counts = await self._run(self._thumbs.counts, places["counts"], COUNTS)
        told, more_told = await self._run(self._thumbs.told, places["reasons"], REASONS)
        lang = language(request)
        text = partial(self._pages.text, request)
        return self._pages.page(
            request,
            "thumbs.html",
            "thumbs",
            counts=[_line(each, lang, text) for each in counts],
            told=[_line(each, lang, text) for each in told],
            more_counts=_query(places | {"counts": more_counts}) if more_counts else "",
            more_told=_query(places | {"reasons": more_told}) if more_told else "",
            is_first=not any(places.values()),
        )

    def _give(self, user_id: str, conversation_id: str, number: int, thumb: Thumb) -> None:
        head = self._store.head(user_id, conversation_id)
        turn = self._store.turn(user_id, conversation_id, number)
        if head is None or turn is None or turn.answer is None or not turn.answer.text.strip():
            raise ConflictError
        self._thumbs.give(user_id, conversation_id, turn, head.assistant, thumb)

    async def _changed(self, work: Callable[[], None]) -> Response:
        try:
            await self._run(work)
        except ConflictError:
            return Response(status_code=404)
        except TableUnreachable as error:
            errors.record_storage(error)
            return Response(status_code=503)
        return Response(status_code=204)


def _where(request: Request) -> tuple[str, int] | None:
    """The conversation and the turn that a request names."""
    asked = request.query_params
    conversation_id, turn = asked.get("conversation", ""), asked.get("turn", "")
    return (conversation_id, int(turn)) if valid_id(conversation_id) and NUMBER.fullmatch(turn) else None


def _line(each: Count | Told, lang: str, text: Callable[[str], str]) -> dict[str, object]:
    """What a template shows, in one language."""
    names = {"": text("no_assistant_counted"), OWN: text("own_assistant_counted")}
    return {
        **vars(each),
        "day": day(date.fromisoformat(each.day), lang),
        "model": text("unknown_model") if each.model_id == NOBODY else short_name(each.model_id),
        "assistant": names.get(each.assistant, each.assistant),
    }


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
