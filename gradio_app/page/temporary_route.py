"""Where our script tells that the page of a temporary conversation is gone; past Gradio, which goes too."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat.conversation import valid_id
from gradio_app.page.draft_route import OWNER
from gradio_app.store.temporary import Temporaries

PATH = "/temporary"


def temporary_routes(temporaries: Temporaries) -> list[BaseRoute]:
    """`DELETE /temporary?conversation=<id>`, of one's own; of one that is not there it does nothing."""

    async def leave(request: Request) -> Response:
        user_id = request.state.identity.user_id
        conversation_id = request.query_params.get("conversation", "")
        if not valid_id(conversation_id):
            return Response(status_code=404)
        if request.headers.get(OWNER) != user_id:
            return Response(status_code=409)
        temporaries.leave(user_id, conversation_id)
        return Response(status_code=204)

    return [Route(PATH, leave, methods=["DELETE"])]
