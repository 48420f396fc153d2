"""What the routes of the documents share: whose library a request names, threads, and a library's page, which
is also where one is told what did not work.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from gradio_app.identity import Identity
from gradio_app.language import language
from gradio_app.library import listing
from gradio_app.library.access import Shelf, administers, own_groups, shelf
from gradio_app.library.adding import Adding
from gradio_app.library.document import EVERYBODY, Collection, Document
from gradio_app.library.fetching import Fetcher
from gradio_app.library.texts import TEXTS
from gradio_app.pages.pages import Pages, views_page
from gradio_app.store.bucket import Bucket
from gradio_app.store.library import Library, Place
from gradio_app.store.shared import SharedLibraries
from gradio_app.threads import Threads

T = TypeVar("T")

AT_ONCE = 25
"""Documents on one page."""
LOOKING = 8
"""Requests that look something up at the same time."""
NOTICES = ("added_one", "added_many", "changed", "deleted")
PROBLEM = 422


@dataclass(frozen=True)
class Parts:
    """What the page works with; `fetcher` is None where there is no way to the internet."""

    pages: Pages
    library: Library
    shared: SharedLibraries
    adding: Adding
    bucket: Bucket
    wake: Callable[[], None]
    model: str
    fetcher: Fetcher | None = None


class NotThereError(Exception):
    """The library or document is not there, or not for this person."""


@dataclass(frozen=True)
class View:
    """A page of a library, as the table has it."""

    shelf: Shelf
    groups: Mapping[str, str]
    documents: list[Document]
    following: Place | None
    collections: list[Collection]
    room: str


class Desk:
    """A library's page, and what those who answer requests need."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.run = Threads(LOOKING).run
        """Looks something up."""

    async def overview(
        self, request: Request, there: Shelf | None = None, problems: tuple[str, ...] = ()
    ) -> Response:
        """A page of a library, by itself the one that the request names; raises NotThereError."""
        asked = request.query_params
        there = there or await self.shelf_of(request, asked.get("library", ""))
        name, collection = asked.get("find", "").strip()[:200], asked.get("collection", "")
        look = partial(self._view, request.state.identity, there, name, collection, asked.get("after", ""))
        view = await self.run(look, language(request))
        texts = TEXTS[language(request)]
        groups = {each.id: each.name for each in view.collections}
        notice = next((each for each in NOTICES if each in asked), "") if request.method == "GET" else ""
        here = {"library": there.id, "collection": collection, "find": name}
        return self.parts.pages.page(
            request,
            "documents.html",
            "documents",
            status=PROBLEM if problems else 200,
            notice=notice,
            problem="\n".join(problems),
            script="documents.js",
            shelf=there,
            shelves=_shelves(request.state.identity, view.groups, texts),
            everybody=EVERYBODY,
            is_admin=administers(request.state.identity),
            lines=listing.lines(view.documents, there.id, groups, texts, language(request)),
            is_unfinished=listing.is_unfinished(view.documents),
            following=query(here | {"after": listing.place_text(view.following)}) if view.following else "",
            first=query(here) if "after" in asked else "",
            collections=view.collections,
            collection=collection if collection in groups else "",
            collection_name=groups.get(collection, ""),
            find=name,
            room=view.room,
            is_empty=not view.documents and not name and not collection and "after" not in asked,
            addresses=self.parts.fetcher is not None,
            query=query,
        )

    def _view(
        self, identity: Identity, there: Shelf, name: str, collection: str, after: str, lang: str
    ) -> View:
        library = self.parts.library
        place = listing.place_of(after)
        found, following = library.page(there.id, AT_ONCE, place, name=name, collection=collection)
        if there.may_change and library.bring_up_to_date(there.id, self.parts.model, found):
            self.parts.wake()
        return View(
            shelf=there,
            groups=self._groups(identity),
            documents=found,
            following=following,
            collections=library.collections(there.id),
            room=listing.room(library.counts(there.id), library.quotas, TEXTS[lang], lang),
        )

    def _groups(self, identity: Identity) -> dict[str, str]:
        shared = self.parts.shared
        return shared.all() if administers(identity) else shared.of(own_groups(identity))

    async def shelf_of(self, request: Request, library_id: str) -> Shelf:
        """The library that a request names; raises NotThereError."""
        identity = request.state.identity
        groups = {} if library_id in ("", EVERYBODY) else await self.run(self._groups, identity)
        found = shelf(identity, library_id, groups)
        if found is None:
            raise NotThereError
        return found

    async def writable(self, request: Request, library_id: str) -> Shelf:
        """The same, where the person may change it; raises NotThereError."""
        found = await self.shelf_of(request, library_id)
        if not found.may_change:
            raise NotThereError
        return found

    async def told(self, request: Request, there: Shelf, problems: list[str], notice: str = "") -> Response:
        """What became of something: a script gets a sentence, a browser the page."""
        texts = TEXTS[language(request)]
        told = tuple(texts.get(each, each) for each in problems)
        if not views_page(request) and "text/html" not in request.headers.get("accept", ""):
            detail = " ".join(told) or texts[notice]
            return JSONResponse({"detail": detail}, status_code=PROBLEM if told else 200)
        if told:
            return await self.overview(request, there, told)
        return self.back(there, notice)

    def back(self, there: Shelf, notice: str, collection: str = "") -> Response:
        """To a library's page, or to a collection of it, which then says that something was done."""
        here = query({"library": there.id, "collection": collection, notice: "1"})
        return RedirectResponse(f"/documents?{here}", status_code=303)

    def nothing(self, request: Request) -> Response:
        """As of what does not exist."""
        return self.parts.pages.refusal(request, 404, "no_document")


def _shelves(
    identity: Identity, groups: Mapping[str, str], texts: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The libraries that a person sees, with what they are called."""
    own = shelf(identity, "", {})
    mine = [(own.id, texts["my_documents"])] if own else []
    shared = sorted(groups.items(), key=lambda each: each[1].casefold())
    return [*mine, (EVERYBODY, texts["everybodys"]), *shared]


def query(values: Mapping[str, str]) -> str:
    """What an address says behind its path; empty values are left out."""
    return urlencode({name: value for name, value in values.items() if value})
