"""Adding to a library: files of a form, our sample, a web page by its address."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response

from gradio_app.chat.attachments import clean_name
from gradio_app.identity import Identity
from gradio_app.language import language
from gradio_app.library.access import Shelf
from gradio_app.library.adding import NotAddedError
from gradio_app.library.desk import Desk, NotThereError
from gradio_app.library.document import State
from gradio_app.library.fetching import NotFetchedError
from gradio_app.library.texts import TEXTS
from gradio_app.library.uploads import MalformedFormError, UploadForm, upload_form
from gradio_app.pages.forms import form
from gradio_app.store.library import DuplicateError, QuotaError

ADDING, FETCHING = 2, 4
"""Requests of each sort that work at the same time; an upload is held in memory, and so is a fetched page."""
SAMPLES = Path(__file__).parent / "samples"


class Additions:
    """Routes that add something."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._adding = CapacityLimiter(ADDING)
        self._fetching = CapacityLimiter(FETCHING)

    async def add(self, request: Request) -> Response:
        """Files of a form: each is added or refused by itself."""
        read = partial(upload_form, request.headers, await request.body(), "library", "collection")
        try:
            sent = await to_thread.run_sync(read, limiter=self._adding)
            there = await self._desk.writable(request, sent.fields["library"])
        except MalformedFormError:
            return self._desk.parts.pages.refusal(request, 400)
        except NotThereError:
            return self._desk.nothing(request)
        if not sent.files:
            return await self._desk.told(request, there, ["add_no_file"])
        add = partial(self._add_all, request.state.identity, there, sent, language(request))
        problems = await to_thread.run_sync(add, limiter=self._adding)
        notice = "added_one" if len(sent.files) == 1 else "added_many"
        return await self._desk.told(request, there, problems, notice)

    async def add_sample(self, request: Request) -> Response:
        """Our own short document, in the language of the page."""
        try:
            there = await self._desk.writable(request, (await form(request, "library"))["library"])
        except NotThereError:
            return self._desk.nothing(request)
        lang = language(request)
        content = (SAMPLES / f"{lang}.md").read_bytes()
        name = content.decode().partition("\n")[0].removeprefix("# ") + ".md"
        add = partial(self._added, request.state.identity, there, "", lang, name, content)
        problem = await to_thread.run_sync(add, limiter=self._adding)
        return await self._desk.told(request, there, [problem] if problem else [], "added_one")

    async def add_address(self, request: Request) -> Response:
        """A web page, by its address."""
        values = await form(request, "library", "collection", "address")
        try:
            there = await self._desk.writable(request, values["library"])
        except NotThereError:
            return self._desk.nothing(request)
        if self._desk.parts.fetcher is None:
            return self._desk.parts.pages.refusal(request, 404)
        fetch = partial(self._fetched, request.state.identity, there, values, language(request))
        if self._fetching.available_tokens < 1:
            return await self._desk.told(request, there, ["address_busy"])
        problem = await to_thread.run_sync(fetch, limiter=self._fetching)
        return await self._desk.told(request, there, [problem] if problem else [], "added_one")

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
        groups = {each.id for each in self._desk.parts.library.collections(there.id)} if collection else set()
        try:
            self._desk.parts.adding.add(
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
        assert self._desk.parts.fetcher is not None  # noqa: S101 (the route looks)
        try:
            page = self._desk.parts.fetcher.fetch(values["address"].strip())
        except NotFetchedError as refused:
            return TEXTS[lang][f"address_{refused.reason}"].format(status=refused.status)
        return self._added(
            identity, there, values["collection"], lang, page.name, page.content, source=page.address
        )
