"""Every page of the chat has its conversation in its address, so that a reload opens the same one.

`/?c=<id>` opens a conversation that exists, `/?c=<id>&turn=<number>` at one of its turns; `/?new=<id>` is
the page of a new one, whose id the server hands out here, and `/?temporary` gets the id of one that is never
stored. Two tabs have two addresses and do not disturb each other.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

import gradio as gr
from starlette.datastructures import QueryParams
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gradio_app.chat.conversation import new_id, temporary_id, valid_id
from gradio_app.store.schema import NUMBER_DIGITS

OPEN, NEW, TURN, TEMPORARY = "c", "new", "turn", "temporary"
"""Query parameters."""
OF_GRADIO = {"page", "deep_link"}
"""Names of what our page has none of: asked for any, Gradio fails."""


class ConversationAddress:
    """ASGI middleware: gives `GET /` the address of a conversation, and takes other pages out of it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] in ("GET", "HEAD"):
            query = QueryParams(scope["query_string"])
            conversation_id, exists = conversation_in(query)
            if not conversation_id or OF_GRADIO & query.keys():
                ours = {OPEN, NEW, TEMPORARY} | OF_GRADIO
                fresh = temporary_id() if TEMPORARY in query else new_id()
                rest = [(name, value) for name, value in query.multi_items() if name not in ours]
                target = f"/?{urlencode([(OPEN if exists else NEW, conversation_id or fresh), *rest])}"
                await RedirectResponse(target, status_code=303)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def conversation_in(query: Mapping[str, str]) -> tuple[str, bool]:
    """The conversation id in a page's query, or "", and whether the conversation ought to exist."""
    for name, expected in ((OPEN, True), (NEW, False)):
        if valid_id(query.get(name)):
            return query[name], expected
    return "", False


def address_of(conversation_id: str) -> str:
    """Where a stored conversation is opened."""
    return f"/?{OPEN}={conversation_id}"


def turn_address(conversation_id: str, turn: int) -> str:
    """Where it is opened at a turn; without one, at its end."""
    return address_of(conversation_id) + (f"&{TURN}={turn}" if turn else "")


def turn_in(query: Mapping[str, str]) -> int:
    """The number of the turn that an address names; 0 for none."""
    text = query.get(TURN, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= NUMBER_DIGITS else 0


def new_address(conversation_id: str) -> str:
    """Where a conversation is begun."""
    return f"/?{NEW}={conversation_id}"


def id_of(held: str, request: gr.Request) -> str:
    """The conversation of the page that sent an event: what it holds, or what its address says.

    The second is for whoever sends a message before the page has loaded its own.
    """
    return held or conversation_in(dict(request.query_params))[0] or new_id()
