"""The page of documents: add, find, open, rename, group and delete them, without a script or with ours.

Every request names a library, and what a person may not open answers like what does not exist. All that is
slow runs in threads of its own.
"""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from gradio_app.library.additions import Additions
from gradio_app.library.desk import Desk, NotThereError, Parts
from gradio_app.library.grouping import Grouping
from gradio_app.library.single import Single


class Documents:
    """Routes behind the gate, which has put who asks into the request's state."""

    def __init__(self, parts: Parts) -> None:
        self._desk = Desk(parts)

    def routes(self) -> list[BaseRoute]:
        """All of them; `gate.access` names them too."""
        additions, single, grouping = Additions(self._desk), Single(self._desk), Grouping(self._desk)
        return [
            Route("/documents", self.overview, methods=["GET"]),
            Route("/documents/add", additions.add, methods=["POST"]),
            Route("/documents/sample", additions.add_sample, methods=["POST"]),
            Route("/documents/address", additions.add_address, methods=["POST"]),
            Route("/documents/document", single.document, methods=["GET"]),
            Route("/documents/document", single.change, methods=["POST"]),
            Route("/documents/file", single.file, methods=["GET"]),
            Route("/documents/collections", grouping.collections, methods=["POST"]),
            Route("/documents/groups", grouping.groups, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """A page of one library."""
        try:
            return await self._desk.overview(request)
        except NotThereError:
            return self._desk.nothing(request)
