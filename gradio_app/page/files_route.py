"""Attached files by HTTP: one is uploaded, taken off again, shown. Past Gradio, whose own upload is closed.

Whoever asks gets what is theirs: each key begins with the id of the person whom the gate let in.
"""

from collections.abc import Mapping

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat import errors
from gradio_app.chat.attachments import File, valid_file_id
from gradio_app.chat.conversation import valid_id
from gradio_app.chat.uploading import Uploading, UploadRefusedError
from gradio_app.gate.limits import FILES_PATH
from gradio_app.language import language
from gradio_app.page import texts
from gradio_app.page.draft_route import OWNER
from gradio_app.page.message_route import NUMBER
from gradio_app.showing import shown
from gradio_app.store.bucket import MissingObjectError, Stream
from gradio_app.store.conversations import Conversations
from gradio_app.store.files import AttachedFiles
from gradio_app.store.table import TableUnreachable

READ_AT_ONCE = 4
"""Uploads that are read and stored at the same time; the others wait, with their bytes in memory."""
REFUSED, TOO_LARGE, FULL = 422, 413, 409
STATUSES = {"image_bytes": TOO_LARGE, "file_too_large": TOO_LARGE, "too_many_uploads": FULL, "file_busy": 503}


def file_routes(files: AttachedFiles, store: Conversations) -> list[BaseRoute]:
    """All at one address; what is asked for stands in the query.

    `POST ?name=` takes a file and tells what it is; `DELETE ?id=` takes it off. `GET ?id=` shows one that is
    not sent, `GET ?conversation=&turn=&id=` one of a message.
    """
    uploading = Uploading(files)
    reading = CapacityLimiter(READ_AT_ONCE)

    async def upload(request: Request) -> Response:
        user_id = request.state.identity.user_id
        if request.headers.get(OWNER) != user_id:
            return _refusal(request, "another_owner", FULL)
        name, content = request.query_params.get("name", ""), await request.body()
        try:
            file = await to_thread.run_sync(uploading.take, user_id, name, content, limiter=reading)
        except UploadRefusedError as refused:
            return _refusal(request, refused.reason, STATUSES.get(refused.reason, REFUSED))
        except TableUnreachable as error:
            errors.record_storage(error)
            return _refusal(request, "storage", 503)
        return JSONResponse(told(file))

    async def drop(request: Request) -> Response:
        user_id, file_id = request.state.identity.user_id, request.query_params.get("id", "")
        if not valid_file_id(file_id):
            return Response(status_code=404)
        try:
            await to_thread.run_sync(files.drop_upload, user_id, file_id)
        except TableUnreachable as error:
            errors.record_storage(error)  # it ends by itself within a day
        return Response(status_code=204)

    async def show(request: Request) -> Response:
        user_id = request.state.identity.user_id
        try:
            file, stream = await to_thread.run_sync(_opened, files, store, user_id, request.query_params)
        except MissingObjectError:
            return _refusal(request, "no_file", 404)
        except TableUnreachable as error:
            errors.record_storage(error)
            return _refusal(request, "storage", 503)
        return shown(file.name, file.kind, stream)

    return [
        Route(FILES_PATH, upload, methods=["POST"]),
        Route(FILES_PATH, drop, methods=["DELETE"]),
        Route(FILES_PATH, show, methods=["GET"]),
    ]


def told(file: File) -> dict[str, object]:
    """What our script knows of a file."""
    return {"id": file.id, "name": file.name, "kind": file.kind, "bytes": file.bytes, "image": file.is_image}


def _opened(
    files: AttachedFiles, store: Conversations, user_id: str, asked: Mapping[str, str]
) -> tuple[File, Stream]:
    """A file and its bytes; raises MissingObjectError where nothing of this person names it."""
    conversation_id, turn, file_id = (asked.get(name, "") for name in ("conversation", "turn", "id"))
    if not valid_file_id(file_id):
        raise MissingObjectError
    if not conversation_id and not turn:
        return files.open_upload(user_id, file_id)
    if not valid_id(conversation_id) or not NUMBER.fullmatch(turn):
        raise MissingObjectError
    found = store.files_of_turn(user_id, conversation_id, int(turn))
    file = next((each for each in found if each.id == file_id), None)
    if file is None:
        raise MissingObjectError
    return file, files.open(user_id, conversation_id, file_id)


def _refusal(request: Request, key: str, status: int) -> Response:
    """One sentence in the page's language, as the gate's own refusals are."""
    return JSONResponse({"detail": texts.UPLOADS[language(request)][key]}, status_code=status)
