"""Collections of a library, and the libraries of groups."""

from starlette.requests import Request
from starlette.responses import Response

from gradio_app.chat.attachments import clean_name
from gradio_app.library.access import Shelf, administers
from gradio_app.library.desk import Desk, NotThereError
from gradio_app.pages.forms import form
from gradio_app.store.library import QuotaError
from gradio_app.store.shared import TooManyGroupsError

COLLECTION_CHARACTERS = 80
GROUP_CHARACTERS = 128
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GroupType.html"""


class Grouping:
    """Routes that make, rename and end them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def collections(self, request: Request) -> Response:
        """Make, rename or delete a collection; documents stay."""
        values = await form(request, "library", "id", "action", "name")
        name = clean_name(values["name"])[:COLLECTION_CHARACTERS]
        library = self._desk.parts.library
        try:
            there = await self._desk.writable(request, values["library"])
            if values["action"] == "delete":
                await self._desk.run(library.delete_collection, there.id, values["id"])
                return self._desk.back(there, "changed")
            if not name:
                return await self._desk.told(request, there, ["no_collection_name"])
            if values["action"] == "add":
                return await self._add_collection(request, there, name)
            if not await self._desk.run(library.rename_collection, there.id, values["id"], name):
                raise NotThereError
        except NotThereError:
            return self._desk.nothing(request)
        return self._desk.back(there, "changed", values["id"])

    async def _add_collection(self, request: Request, there: Shelf, name: str) -> Response:
        try:
            made = await self._desk.run(self._desk.parts.library.add_collection, there.id, name)
        except QuotaError as full:
            return await self._desk.told(request, there, [f"quota_{full.which}"])
        return self._desk.back(there, "changed", made.id)

    async def groups(self, request: Request) -> Response:
        """Give a group a library, or end one that is empty: administrators do."""
        if not administers(request.state.identity):
            return self._desk.nothing(request)
        values = await form(request, "action", "name", "library")
        own = await self._desk.shelf_of(request, "")
        try:
            if values["action"] == "end":
                there = await self._desk.shelf_of(request, values["library"])
                counts = await self._desk.run(self._desk.parts.library.counts, there.id)
                if counts.files or not there.group:
                    return await self._desk.told(request, there, ["group_not_empty"])
                await self._desk.run(self._desk.parts.shared.end, there.id)
                return self._desk.back(own, "changed")
            name = values["name"].strip()
            if not name or len(name) > GROUP_CHARACTERS:
                return await self._desk.told(request, own, ["no_collection_name"])
            library_id = await self._desk.run(self._desk.parts.shared.add, name)
        except TooManyGroupsError:
            return await self._desk.told(request, own, ["quota_groups"])
        except NotThereError:
            return self._desk.nothing(request)
        return self._desk.back(Shelf(library_id, is_own=False, may_change=True, group=name), "changed")
