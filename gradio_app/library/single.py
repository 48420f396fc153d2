"""One document of a library: its page, its file, and what can be changed of it."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from gradio_app.chat.attachments import clean_name
from gradio_app.language import language
from gradio_app.library import listing
from gradio_app.library.access import Shelf
from gradio_app.library.desk import PROBLEM, Desk, NotThereError, query
from gradio_app.library.document import Document, State
from gradio_app.library.texts import TEXTS
from gradio_app.pages.forms import form
from gradio_app.showing import shown
from gradio_app.store import schema
from gradio_app.store.bucket import MissingObjectError


class Single:
    """Routes of one document."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def document(self, request: Request) -> Response:
        """One document, and what can be done with it."""
        try:
            return await self._document(request, request.query_params)
        except NotThereError:
            return self._desk.nothing(request)

    async def change(self, request: Request) -> Response:
        """Rename a document, put it into a collection, delete it: that is asked twice."""
        values = await form(request, "library", "id", "action", "name", "collection", "sure")
        try:
            there = await self._desk.writable(request, values["library"])
            if values["action"] == "delete" and not values["sure"]:
                return await self._document(request, values, sure=True)
            if values["action"] == "save" and not clean_name(values["name"]):
                return await self._document(request, values, errors={"name": "fill_in"}, status=PROBLEM)
            await self._desk.run(self._changed, there, values)
        except NotThereError:
            return self._desk.nothing(request)
        return self._desk.back(there, "deleted" if values["action"] == "delete" else "changed")

    async def file(self, request: Request) -> Response:
        """The original, as it came."""
        asked = request.query_params
        try:
            there = await self._desk.shelf_of(request, asked.get("library", ""))
            document = await self._desk.run(self._found, there, asked.get("id", ""))
            key = schema.library_file(there.id, document.id)
            stream = await self._desk.run(self._desk.parts.bucket.stream, key)
        except (NotThereError, MissingObjectError):
            return self._desk.nothing(request)
        return shown(_file_name(document), document.kind, stream)

    async def _document(
        self,
        request: Request,
        asked: Mapping[str, str],
        *,
        sure: bool = False,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        there = await self._desk.shelf_of(request, asked.get("library", ""))
        document = await self._desk.run(self._found, there, asked.get("id", ""))
        collections = await self._desk.run(self._desk.parts.library.collections, there.id)
        texts = TEXTS[language(request)]
        return self._desk.parts.pages.page(
            request,
            "document.html",
            "delete_sure" if sure else "documents",
            status=status,
            errors=errors,
            shelf=there,
            document=document,
            doing=listing.doing(document, texts, language(request)),
            about=listing.about(document, texts, language(request)),
            has_file=document.state not in (State.REFUSED, State.ARRIVING, State.DELETING),
            is_deleting=document.state is State.DELETING,
            collections=collections,
            sure=sure,
            back=query({"library": there.id}),
            file=query({"library": there.id, "id": document.id}),
        )

    def _changed(self, there: Shelf, values: Mapping[str, str]) -> None:
        library, document_id = self._desk.parts.library, values["id"]
        if values["action"] == "delete":
            done = library.delete(there.id, document_id)
            self._desk.parts.wake()
        else:
            name = clean_name(values["name"])
            done = library.rename(there.id, document_id, name)
            done = done and library.move(there.id, document_id, values["collection"])
        if not done:
            raise NotThereError

    def _found(self, there: Shelf, document_id: str) -> Document:
        document = self._desk.parts.library.get(there.id, document_id)
        if document is None:
            raise NotThereError
        return document


def _file_name(document: Document) -> str:
    """A document is saved under its name with an ending that says what it is, also after it was renamed."""
    ending = f".{document.kind}"
    has_ending = "." in document.name[-6:]
    return document.name if has_ending or document.kind == "code" else document.name + ending
