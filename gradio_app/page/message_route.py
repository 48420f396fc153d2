"""Where our script gets a message as it was written, to copy it or to change it."""

import re

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat.conversation import valid_id
from gradio_app.store.conversations import Conversations

PATH = "/message"
WHICH = ("question", "answer")
NUMBER = re.compile(r"[0-9]{1,15}")


def message_routes(store: Conversations) -> list[BaseRoute]:
    """`GET /message?conversation=<id>&turn=<number>&which=question|answer`, for whom it belongs to."""

    async def read(request: Request) -> Response:
        asked = request.query_params
        conversation_id, number, which = (asked.get(name, "") for name in ("conversation", "turn", "which"))
        if (
            not valid_id(conversation_id)
            or not NUMBER.fullmatch(number)
            or which not in ("question", "answer")
        ):
            return Response(status_code=404)
        user_id = request.state.identity.user_id
        text = await run_in_threadpool(_text, store, user_id, conversation_id, int(number), which)
        return Response(status_code=404) if text is None else PlainTextResponse(text)

    return [Route(PATH, read, methods=["GET"])]


def _text(store: Conversations, user_id: str, conversation_id: str, number: int, which: str) -> str | None:
    turn = store.turn(user_id, conversation_id, number)
    if turn is None:
        return None
    if which == "question":
        return turn.question_text
    return turn.answer.text if turn.answer else None
