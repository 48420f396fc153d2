"""Where our script keeps what is typed and not sent. Past Gradio: it has to work when Gradio does not."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat import errors
from gradio_app.chat.attachments import valid_file_id
from gradio_app.page.address import conversation_in
from gradio_app.store.drafts import Drafts
from gradio_app.store.files import UPLOADS
from gradio_app.store.table import TableUnreachable
from gradio_app.store.temporary import TemporaryFullError

PATH = "/draft"
OWNER = "x-page-owner"
"""Whose page sends this: another person may have signed in in the same browser since."""
DRAFT_CHARACTERS = 64_000


def draft_routes(drafts: Drafts) -> list[BaseRoute]:
    """`PUT /draft?conversation=<id>&files=<ids>` keeps a text and what is uploaded beside it.

    `GET /draft` tells whether the session goes on.
    """

    async def keep(request: Request) -> Response:
        user_id = request.state.identity.user_id
        conversation_id = conversation_in({"c": request.query_params.get("conversation", "")})[0]
        if not conversation_id:
            return Response(status_code=404)
        if request.headers.get(OWNER) != user_id:
            return Response(status_code=409)
        text = (await request.body()).decode("utf-8", "replace")[:DRAFT_CHARACTERS]
        named = request.query_params.get("files", "").split(",")
        uploads = [file_id for file_id in named if valid_file_id(file_id)][:UPLOADS]
        try:
            await run_in_threadpool(drafts.keep, user_id, conversation_id, text, uploads)
        except TemporaryFullError:
            return Response(status_code=413)
        except TableUnreachable as error:
            errors.record_storage(error)
            return Response(status_code=503)
        return Response(status_code=204)

    async def look(_: Request) -> Response:
        return Response(status_code=204)

    return [Route(PATH, keep, methods=["PUT"]), Route(PATH, look, methods=["GET"])]
