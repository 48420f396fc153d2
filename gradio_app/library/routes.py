"""The page of documents: add, find, open, rename, group and delete them, without a script or with ours.

Every request names a library, and what a person may not open answers like what does not exist. All that is
slow runs in threads of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat.attachments import clean_name
from gradio_app.identity import Identity
from gradio_app.language import language
from gradio_app.library import listing
from gradio_app.library.access import Shelf, administers, own_groups, shelf
from gradio_app.library.adding import Adding, NotAddedError
from gradio_app.library.document import EVERYBODY, Collection, Document, State
from gradio_app.library.fetching import Fetcher, NotFetchedError
from gradio_app.library.texts import TEXTS
from gradio_app.library.uploads import MalformedFormError, UploadForm, upload_form
from gradio_app.pages.forms import form
from gradio_app.pages.pages import Pages, views_page
from gradio_app.showing import shown
from gradio_app.store import schema
from gradio_app.store.bucket import Bucket, MissingObjectError
from gradio_app.store.library import DuplicateError, Library, Place, QuotaError
from gradio_app.store.shared import SharedLibraries, TooManyGroupsError

T = TypeVar("T")

AT_ONCE = 25
"""Documents on one page."""
LOOKING, ADDING, FETCHING = 8, 2, 4
"""Requests of each sort that work at the same time; an upload is held in memory, and so is a fetched page."""
COLLECTION_CHARACTERS = 80
GROUP_CHARACTERS = 128
"""https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GroupType.html"""
SAMPLES = Path(__file__).parent / "samples"
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


class Documents:
    """Routes behind the gate, which has put who asks into the request's state."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._looking = CapacityLimiter(LOOKING)
        self._adding = CapacityLimiter(ADDING)
        self._fetching = CapacityLimiter(FETCHING)

    def routes(self) -> list[BaseRoute]:
        """All of them; `gate.access` names them too."""
        return [
            Route("/documents", self.overview, methods=["GET"]),
            Route("/documents/add", self.add, methods=["POST"]),
            Route("/documents/sample", self.add_sample, methods=["POST"]),
            Route("/documents/address", self.add_address, methods=["POST"]),
            Route("/documents/document", self.document, methods=["GET"]),
            Route("/documents/document", self.change, methods=["POST"]),
            Route("/documents/file", self.file, methods=["GET"]),
            Route("/documents/collections", self.collections, methods=["POST"]),
            Route("/documents/groups", self.groups, methods=["POST"]),
        ]

    async def overview(self, request: Request) -> Response:
        """A page of one library."""
        try:
            return await self._overview(request)
        except NotThereError:
            return self._nothing(request)

    async def add(self, request: Request) -> Response:
        """Files of a form: each is added or refused by itself."""
        read = partial(upload_form, request.headers, await request.body(), "library", "collection")
        try:
            sent = await to_thread.run_sync(read, limiter=self._adding)
            there = await self._writable(request, sent.fields["library"])
        except MalformedFormError:
            return self._parts.pages.refusal(request, 400)
        except NotThereError:
            return self._nothing(request)
        if not sent.files:
            return await self._told(request, there, ["add_no_file"])
        add = partial(self._add_all, request.state.identity, there, sent, language(request))
        problems = await to_thread.run_sync(add, limiter=self._adding)
        notice = "added_one" if len(sent.files) == 1 else "added_many"
        return await self._told(request, there, problems, notice)

    async def add_sample(self, request: Request) -> Response:
        """Our own short document, in the language of the page."""
        try:
            there = await self._writable(request, (await form(request, "library"))["library"])
        except NotThereError:
            return self._nothing(request)
        lang = language(request)
        content = (SAMPLES / f"{lang}.md").read_bytes()
        name = content.decode().partition("\n")[0].removeprefix("# ") + ".md"
        add = partial(self._added, request.state.identity, there, "", lang, name, content)
        problem = await to_thread.run_sync(add, limiter=self._adding)
        return await self._told(request, there, [problem] if problem else [], "added_one")

    async def add_address(self, request: Request) -> Response:
        """A web page, by its address."""
        values = await form(request, "library", "collection", "address")
        try:
            there = await self._writable(request, values["library"])
        except NotThereError:
            return self._nothing(request)
        if self._parts.fetcher is None:
            return self._parts.pages.refusal(request, 404)
        fetch = partial(self._fetched, request.state.identity, there, values, language(request))
        if self._fetching.available_tokens < 1:
            return await self._told(request, there, ["address_busy"])
        problem = await to_thread.run_sync(fetch, limiter=self._fetching)
        return await self._told(request, there, [problem] if problem else [], "added_one")

    async def document(self, request: Request) -> Response:
        """One document, and what can be done with it."""
        try:
            return await self._document(request, request.query_params)
        except NotThereError:
            return self._nothing(request)

    async def change(self, request: Request) -> Response:
        """Rename a document, put it into a collection, delete it: that is asked twice."""
        values = await form(request, "library", "id", "action", "name", "collection", "sure")
        try:
            there = await self._writable(request, values["library"])
            if values["action"] == "delete" and not values["sure"]:
                return await self._document(request, values, sure=True)
            if values["action"] == "save" and not clean_name(values["name"]):
                return await self._document(request, values, errors={"name": "fill_in"}, status=PROBLEM)
            await self._run(self._changed, there, values)
        except NotThereError:
            return self._nothing(request)
        return self._back(there, "deleted" if values["action"] == "delete" else "changed")

    async def file(self, request: Request) -> Response:
        """The original, as it came."""
        asked = request.query_params
        try:
            there = await self._shelf(request, asked.get("library", ""))
            document = await self._run(self._found, there, asked.get("id", ""))
            key = schema.library_file(there.id, document.id)
            stream = await self._run(self._parts.bucket.stream, key)
        except (NotThereError, MissingObjectError):
            return self._nothing(request)
        return shown(_file_name(document), document.kind, stream)

    async def collections(self, request: Request) -> Response:
        """Make, rename or delete a collection; documents stay."""
        values = await form(request, "library", "id", "action", "name")
        name = clean_name(values["name"])[:COLLECTION_CHARACTERS]
        library = self._parts.library
        try:
            there = await self._writable(request, values["library"])
            if values["action"] == "delete":
                await self._run(library.delete_collection, there.id, values["id"])
                return self._back(there, "changed")
            if not name:
                return await self._told(request, there, ["no_collection_name"])
            if values["action"] == "add":
                return await self._add_collection(request, there, name)
            if not await self._run(library.rename_collection, there.id, values["id"], name):
                raise NotThereError
        except NotThereError:
            return self._nothing(request)
        return self._back(there, "changed", values["id"])

    async def _add_collection(self, request: Request, there: Shelf, name: str) -> Response:
        try:
            made = await self._run(self._parts.library.add_collection, there.id, name)
        except QuotaError as full:
            return await self._told(request, there, [f"quota_{full.which}"])
        return self._back(there, "changed", made.id)

    async def groups(self, request: Request) -> Response:
        """Give a group a library, or end one that is empty: administrators do."""
        if not administers(request.state.identity):
            return self._nothing(request)
        values = await form(request, "action", "name", "library")
        own = await self._shelf(request, "")
        try:
            if values["action"] == "end":
                there = await self._shelf(request, values["library"])
                counts = await self._run(self._parts.library.counts, there.id)
                if counts.files or not there.group:
                    return await self._told(request, there, ["group_not_empty"])
                await self._run(self._parts.shared.end, there.id)
                return self._back(own, "changed")
            name = values["name"].strip()
            if not name or len(name) > GROUP_CHARACTERS:
                return await self._told(request, own, ["no_collection_name"])
            library_id = await self._run(self._parts.shared.add, name)
        except TooManyGroupsError:
            return await self._told(request, own, ["quota_groups"])
        except NotThereError:
            return self._nothing(request)
        return self._back(Shelf(library_id, is_own=False, may_change=True, group=name), "changed")

    async def _overview(
        self, request: Request, there: Shelf | None = None, problems: tuple[str, ...] = ()
    ) -> Response:
        asked = request.query_params
        there = there or await self._shelf(request, asked.get("library", ""))
        name, collection = asked.get("find", "").strip()[:200], asked.get("collection", "")
        look = partial(self._view, request.state.identity, there, name, collection, asked.get("after", ""))
        view = await self._run(look, language(request))
        texts = TEXTS[language(request)]
        groups = {each.id: each.name for each in view.collections}
        notice = next((each for each in NOTICES if each in asked), "") if request.method == "GET" else ""
        here = {"library": there.id, "collection": collection, "find": name}
        return self._parts.pages.page(
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
            following=_query(here | {"after": listing.place_text(view.following)}) if view.following else "",
            first=_query(here) if "after" in asked else "",
            collections=view.collections,
            collection=collection if collection in groups else "",
            collection_name=groups.get(collection, ""),
            find=name,
            room=view.room,
            is_empty=not view.documents and not name and not collection and "after" not in asked,
            addresses=self._parts.fetcher is not None,
            query=_query,
        )

    async def _document(
        self,
        request: Request,
        asked: Mapping[str, str],
        *,
        sure: bool = False,
        errors: dict[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        there = await self._shelf(request, asked.get("library", ""))
        document = await self._run(self._found, there, asked.get("id", ""))
        collections = await self._run(self._parts.library.collections, there.id)
        texts = TEXTS[language(request)]
        return self._parts.pages.page(
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
            back=_query({"library": there.id}),
            file=_query({"library": there.id, "id": document.id}),
        )

    def _view(
        self, identity: Identity, there: Shelf, name: str, collection: str, after: str, lang: str
    ) -> View:
        library = self._parts.library
        place = listing.place_of(after)
        found, following = library.page(there.id, AT_ONCE, place, name=name, collection=collection)
        if there.may_change:
            self._embed_anew(there, found)
        return View(
            shelf=there,
            groups=self._groups(identity),
            documents=found,
            following=following,
            collections=library.collections(there.id),
            room=listing.room(library.counts(there.id), library.quotas, TEXTS[lang], lang),
        )

    def _embed_anew(self, there: Shelf, documents: list[Document]) -> None:
        """Documents whose vectors another model made come into the line when somebody looks at them."""
        begun = [
            self._parts.library.embed_anew(there.id, each, self._parts.model)
            for each in documents
            if each.state is State.READY
            and self._parts.model not in (each.model, each.refused_model)
            and not each.work
        ]
        if any(begun):
            self._parts.wake()

    def _groups(self, identity: Identity) -> dict[str, str]:
        shared = self._parts.shared
        return shared.all() if administers(identity) else shared.of(own_groups(identity))

    def _add_all(self, identity: Identity, there: Shelf, sent: UploadForm, lang: str) -> list[str]:
        told = (
            self._added(identity, there, sent.fields["collection"], lang, each.name, each.content)
            for each in sent.files
        )
        return [problem for problem in told if problem]

    def _added(
        self,
        identity: Identity,
        there: Shelf,
        collection: str,
        lang: str,
        name: str,
        content: bytes,
        source: str = "",
    ) -> str:
        """Add one file; why not, in one sentence, or nothing."""
        groups = {each.id for each in self._parts.library.collections(there.id)} if collection else set()
        try:
            self._parts.adding.add(
                there.id,
                identity.user_id,
                name,
                content,
                collection=collection if collection in groups else "",
                source=source,
            )
        except NotAddedError as refused:
            why = TEXTS[lang][f"add_{refused.reason}"]
        except QuotaError as full:
            why = TEXTS[lang][f"quota_{full.which}"]
        except DuplicateError as duplicate:
            key = "add_deleting" if duplicate.document.state is State.DELETING else "add_duplicate"
            why = TEXTS[lang][key].format(other=duplicate.document.name)
        else:
            return ""
        return TEXTS[lang]["not_added"].format(name=clean_name(name), why=why)

    def _fetched(self, identity: Identity, there: Shelf, values: Mapping[str, str], lang: str) -> str:
        assert self._parts.fetcher is not None  # noqa: S101 (the route looks)
        try:
            page = self._parts.fetcher.fetch(values["address"].strip())
        except NotFetchedError as refused:
            return TEXTS[lang][f"address_{refused.reason}"].format(status=refused.status)
        return self._added(
            identity, there, values["collection"], lang, page.name, page.content, source=page.address
        )

    def _changed(self, there: Shelf, values: Mapping[str, str]) -> None:
        library, document_id = self._parts.library, values["id"]
        if values["action"] == "delete":
            done = library.delete(there.id, document_id)
            self._parts.wake()
        else:
            name = clean_name(values["name"])
            done = library.rename(there.id, document_id, name)
            done = done and library.move(there.id, document_id, values["collection"])
        if not done:
            raise NotThereError

    def _found(self, there: Shelf, document_id: str) -> Document:
        document = self._parts.library.get(there.id, document_id)
        if document is None:
            raise NotThereError
        return document

    async def _shelf(self, request: Request, library_id: str) -> Shelf:
        """The library that a request names; raises NotThereError."""
        identity = request.state.identity
        groups = {} if library_id in ("", EVERYBODY) else await self._run(self._groups, identity)
        found = shelf(identity, library_id, groups)
        if found is None:
            raise NotThereError
        return found

    async def _writable(self, request: Request, library_id: str) -> Shelf:
        found = await self._shelf(request, library_id)
        if not found.may_change:
            raise NotThereError
        return found

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await to_thread.run_sync(partial(work, *arguments), limiter=self._looking)

    async def _told(self, request: Request, there: Shelf, problems: list[str], notice: str = "") -> Response:
        """What became of something: a script gets a sentence, a browser the page."""
        texts = TEXTS[language(request)]
        told = tuple(texts.get(each, each) for each in problems)
        if not views_page(request) and "text/html" not in request.headers.get("accept", ""):
            detail = " ".join(told) or texts[notice]
            return JSONResponse({"detail": detail}, status_code=PROBLEM if told else 200)
        if told:
            return await self._overview(request, there, told)
        return self._back(there, notice)

    def _back(self, there: Shelf, notice: str, collection: str = "") -> Response:
        query = _query({"library": there.id, "collection": collection, notice: "1"})
        return RedirectResponse(f"/documents?{query}", status_code=303)

    def _nothing(self, request: Request) -> Response:
        return self._parts.pages.refusal(request, 404, "no_document")


def _shelves(
    identity: Identity, groups: Mapping[str, str], texts: Mapping[str, str]
) -> list[tuple[str, str]]:
    """The libraries that a person sees, with what they are called."""
    own = shelf(identity, "", {})
    mine = [(own.id, texts["my_documents"])] if own else []
    shared = sorted(groups.items(), key=lambda each: each[1].casefold())
    return [*mine, (EVERYBODY, texts["everybodys"]), *shared]


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})


def _file_name(document: Document) -> str:
    """A document is saved under its name with an ending that says what it is, also after it was renamed."""
    ending = f".{document.kind}"
    has_ending = "." in document.name[-6:]
    return document.name if has_ending or document.kind == "code" else document.name + ending
