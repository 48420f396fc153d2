"""The pages of assistants, and of a person's own instructions.

They work without a script. Every request names a shelf, and what a person may not open answers like what does
not exist. All that asks the table runs in threads of its own.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.assistants import given
from gradio_app.assistants.access import OpenAssistants, is_open, may_change, shelf_of
from gradio_app.assistants.given import FIELDS, NotAnAssistantError, NotOursError, Offered
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.assistant import (
    ASSISTANT_ID,
    EVERYBODY,
    NAME_CHARACTERS,
    OWN,
    STARTER_CHARACTERS,
    STARTERS,
    Assistant,
    Says,
)
from gradio_app.chat.instructions import ASSISTANT_CHARACTERS, OWN_CHARACTERS, instructions_of
from gradio_app.chat.lookup import Asker, Choosable, Documents
from gradio_app.chat.model import names_of
from gradio_app.language import language, number
from gradio_app.library.access import administers
from gradio_app.library.grouping import GROUP_CHARACTERS
from gradio_app.library.uploads import MalformedFormError, upload_form
from gradio_app.page.texts import ASKS
from gradio_app.pages.forms import form
from gradio_app.pages.pages import Pages
from gradio_app.settings import Settings
from gradio_app.store.assistants import StoredAssistants, TooManyAssistantsError
from gradio_app.store.instructions import OwnInstructions
from gradio_app.store.table import ConflictError, TableUnreachable
from gradio_app.threads import Threads

AT_WORK = 8
"""Requests that read or write at the same time; the others wait."""
NOTICES = (
    "instructions_kept",
    "assistant_kept",
    "assistant_deleted",
    "assistant_published",
    "assistant_published_in_part",
    "assistants_imported",
    "assistants_imported_in_part",
)
PROBLEM = 422


@dataclass(frozen=True)
class Parts:
    """What the pages work with; `documents` is None where there are none to ask."""

    pages: Pages
    store: StoredAssistants
    instructions: OwnInstructions
    settings: Settings
    documents: Documents | None = None


class NotThereError(Exception):
    """The shelf or assistant is not there, or not for this person."""


@dataclass(frozen=True)
class _Form:
    """What stands in the form of an assistant, and what is wrong with it."""

    shelf: str
    id: str = ""
    version: int = 0
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""


class AssistantPages:
    """Routes behind the gate, which has put who asks into the request's state."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pages = parts.pages
        self._store = parts.store
        self._open = OpenAssistants(parts.store)
        self._run = Threads(AT_WORK).run

    def routes(self) -> list[BaseRoute]:
        """All of them; `gate.access` names them too."""
        routes: list[tuple[str, Any, str]] = [
            ("/assistants", self.overview, "GET"),
            ("/assistants/instructions", self.instruct, "POST"),
            ("/assistants/assistant", self.show, "GET"),
            ("/assistants/assistant", self.change, "POST"),
            ("/assistants/publish", self.publish, "POST"),
            ("/assistants/export", self.export, "GET"),
            ("/assistants/import", self.take_in, "POST"),
        ]
        return [
            Route(path, partial(self._guarded, endpoint), methods=[method])
            for path, endpoint, method in routes
        ]

    async def overview(self, request: Request) -> Response:
        """A shelf."""
        asked = request.query_params
        notice = next((each for each in NOTICES if each in asked), "")
        return await self._overview(request, asked.get("shelf", ""), notice=notice)

    async def instruct(self, request: Request) -> Response:
        """Keep a person's instructions for all conversations; what is too long stays in the form."""
        typed = (await form(request, "instructions"))["instructions"]
        try:
            text = instructions_of(typed)
        except RefusedError as refused:
            counts = {name: number(count, language(request)) for name, count in refused.counts.items()}
            problem = self._pages.text(request, "own_instructions_too_long").format(**counts)
            return await self._overview(request, OWN, problem=problem, typed=typed)
        await self._run(self._parts.instructions.keep, _asker(request).user_id, text)
        return RedirectResponse("/assistants?instructions_kept=1", status_code=303)

    async def show(self, request: Request) -> Response:
        """One assistant, or with no id the form of a new one."""
        asker, asked = _asker(request), request.query_params
        shelf, assistant_id = asked.get("shelf", OWN), asked.get("id", "")
        if assistant_id:
            found = await self._found(asker, shelf, assistant_id)
            there = _Form(shelf, assistant_id, found.label.version, _values(found.says))
        elif may_change(asker, shelf):
            there = _Form(shelf, values=_values(Says("")))
        else:
            raise NotThereError
        return await self._form(request, there)

    async def change(self, request: Request) -> Response:
        """Save, copy or delete an assistant: a deletion is asked for twice."""
        asker = _asker(request)
        values = await form(request, "shelf", "id", "version", "action", "sure", *FIELDS)
        shelf, assistant_id, action = values["shelf"], values["id"], values["action"]
        if action == "copy":
            found = await self._found(asker, shelf, assistant_id)
            return await self._added(request, OWN, found.says)
        if not may_change(asker, shelf) or (assistant_id and not ASSISTANT_ID.fullmatch(assistant_id)):
            raise NotThereError
        if action == "delete":
            if not values["sure"]:
                return await self._ask_again(request, await self._found(asker, shelf, assistant_id))
            await self._run(self._store.delete, asker.user_id, shelf, assistant_id)
            return _done("assistant_deleted", shelf)
        if action != "save":
            return self._pages.refusal(request, 400)
        return await self._saved(request, values)

    async def publish(self, request: Request) -> Response:
        """Put a copy of one's own on everybody's shelf or a group's, in place of its copy there if any."""
        asker = _asker(request)
        values = await form(request, "id", "group")
        group = values["group"].strip()
        if not administers(asker):
            raise NotThereError
        found = await self._found(asker, OWN, values["id"])
        if len(group) > GROUP_CHARACTERS:
            there = _Form(OWN, values["id"], found.label.version, _values(found.says))
            return await self._form(request, replace(there, errors={"group": "assistant_too_long"}))
        shelf = shelf_of(group) if group else EVERYBODY
        offered = self._offered(await self._run(self._asks, asker, shelf))
        says = found.says if found.says.asks in ("", *offered.asks) else replace(found.says, asks="")
        try:
            await self._run(self._publish, asker.user_id, shelf, group, replace(found, says=says))
        except TooManyAssistantsError as full:
            return await self._overview(request, OWN, problem=f"quota_assistants_{full.which}")
        return _done("assistant_published" if says == found.says else "assistant_published_in_part", shelf)

    async def export(self, request: Request) -> Response:
        """A file of one assistant, or of all on a shelf."""
        asker, asked = _asker(request), request.query_params
        shelf, assistant_id = asked.get("shelf", OWN), asked.get("id", "")
        if assistant_id:
            says = [(await self._found(asker, shelf, assistant_id)).says]
        elif is_open(asker, shelf):
            says = await self._run(self._all, asker.user_id, shelf)
        else:
            raise NotThereError
        name = self._pages.text(request, "assistants_file_name")
        headers = {"content-disposition": f'attachment; filename="{name}.json"'}
        return Response(given.to_file(says), media_type="application/json", headers=headers)

    async def take_in(self, request: Request) -> Response:
        """Add the assistants of a file: all of them, or none."""
        asker = _asker(request)
        read = partial(upload_form, request.headers, await request.body(), "shelf")
        try:
            sent = await self._run(read)
        except MalformedFormError:
            return self._pages.refusal(request, 400)
        shelf = sent.fields["shelf"]
        if not may_change(asker, shelf):
            raise NotThereError
        if len(sent.files) != 1:
            return await self._overview(request, shelf, problem="assistants_no_file")
        try:
            offered = self._offered(await self._run(self._asks, asker, shelf))
            says, is_all = await self._run(given.from_file, sent.files[0].content, offered)
            await self._run(self._add_all, asker.user_id, shelf, says)
        except NotOursError as wrong:
            problem = self._pages.text(request, wrong.reason).format(which=wrong.which)
            return await self._overview(request, shelf, problem=problem)
        except TooManyAssistantsError as full:
            return await self._overview(request, shelf, problem=f"quota_assistants_{full.which}")
        return _done("assistants_imported" if is_all else "assistants_imported_in_part", shelf)

    async def _guarded(self, endpoint: Callable[[Request], Any], request: Request) -> Response:
        try:
            return await endpoint(request)
        except NotThereError:
            return self._pages.refusal(request, 404, "no_assistant")

    async def _saved(self, request: Request, values: Mapping[str, str]) -> Response:
        asker, shelf, assistant_id = _asker(request), values["shelf"], values["id"]
        typed = {name: values[name] for name in FIELDS}
        seen = int(values["version"]) if given.TOKENS.fullmatch(values["version"]) else 0
        there = _Form(shelf, assistant_id, seen, typed)
        try:
            says = given.from_form(typed, self._offered(await self._run(self._asks, asker, shelf)))
        except NotAnAssistantError as wrong:
            return await self._form(request, replace(there, errors=wrong.errors))
        if not assistant_id:
            return await self._added(request, shelf, says)
        found = await self._found(asker, shelf, assistant_id)
        try:
            if found.label.version != seen:
                raise ConflictError
            await self._run(self._store.change, asker.user_id, found.label, says)
        except ConflictError:
            problem = "assistant_changed_elsewhere"
            there = replace(there, version=found.label.version, problem=problem)
            return await self._form(request, there)
        return _done("assistant_kept", shelf)

    async def _added(self, request: Request, shelf: str, says: Says) -> Response:
        try:
            await self._run(self._add_all, _asker(request).user_id, shelf, [says])
        except TooManyAssistantsError as full:
            problem = f"quota_assistants_{full.which}"
            return await self._form(request, _Form(shelf, values=_values(says), problem=problem))
        return _done("assistant_kept", shelf)

    async def _found(self, asker: Asker, shelf: str, assistant_id: str) -> Assistant:
        found = await self._run(self._open.find, asker, f"{shelf}/{assistant_id}")
        if found is None:
            raise NotThereError
        return found

    async def _overview(
        self, request: Request, shelf: str, *, notice: str = "", problem: str = "", typed: str | None = None
    ) -> Response:
        asker = _asker(request)
        shelf = shelf or OWN
        if not is_open(asker, shelf):
            raise NotThereError
        groups = await self._run(self._open.shelves, asker)
        labels = await self._run(self._store.on, asker.user_id, shelf)
        own = await self._run(self._parts.instructions.find, asker.user_id) if shelf == OWN else ""
        shelves = _shelves(groups, partial(self._pages.text, request))
        is_there = any(each == shelf for each, _ in shelves)
        return self._pages.page(
            request,
            "assistants.html",
            "assistants",
            status=PROBLEM if problem else 200,
            notice=notice,
            problem=problem,
            shelf=shelf,
            shelves=shelves,
            labels=labels,
            may_change=may_change(asker, shelf) and is_there,
            own=OWN,
            is_admin=administers(asker),
            own_instructions=own if typed is None else typed,
            is_too_long=typed is not None,
            most_own=OWN_CHARACTERS,
            system_prompt=self._parts.settings.system_prompt,
            query=_query,
        )

    async def _form(self, request: Request, there: _Form) -> Response:
        asker = _asker(request)
        asks = await self._run(self._asks, asker, there.shelf)
        groups = await self._run(self._open.shelves, asker) if administers(asker) else {}
        names = ASKS[language(request)]
        chosen = there.values["asks"]
        return self._pages.page(
            request,
            "assistant.html",
            "assistant" if there.id else "new_assistant",
            status=PROBLEM if there.errors or there.problem else 200,
            problem=there.problem,
            errors=there.errors,
            there=there,
            values=there.values,
            may_change=may_change(asker, there.shelf),
            may_publish=administers(asker) and there.shelf == OWN and bool(there.id),
            groups=sorted(groups.values()),
            models=names_of(self._parts.settings.model_ids),
            asks={each.asks: names[each.kind].format(name=each.name) for each in asks},
            asks_others=bool(chosen) and all(each.asks != chosen for each in asks),
            most={
                "name": NAME_CHARACTERS,
                "instructions": ASSISTANT_CHARACTERS,
                "starters": STARTERS,
                "starter": number(STARTER_CHARACTERS, language(request)),
                "tokens": self._parts.settings.max_output_tokens,
                "group": GROUP_CHARACTERS,
            },
            number=lambda count: number(count, language(request)),
            query=_query,
        )

    async def _ask_again(self, request: Request, found: Assistant) -> Response:
        return self._pages.page(request, "assistant_delete.html", "delete_assistant", label=found.label)

    def _publish(
        self, user_id: str, shelf: str, group: str, found: Assistant, *, is_again: bool = False
    ) -> None:
        before = self._store.find(user_id, shelf, found.label.id)
        try:
            if before:
                self._store.change(user_id, before.label, found.says)
            else:
                self._store.add(user_id, shelf, found.says, found.label.id, group)
        except ConflictError:
            if is_again:
                raise
            self._publish(user_id, shelf, group, found, is_again=True)  # somebody did at the same moment

    def _add_all(self, user_id: str, shelf: str, says: Sequence[Says]) -> None:
        """All of them or none: what was added before one could not be goes again, where that can be."""
        group = "" if shelf in (OWN, EVERYBODY) else self._store.groups([shelf]).get(shelf, "")
        if shelf not in (OWN, EVERYBODY) and not group:
            raise NotThereError  # a group's shelf is made by publishing to it
        added: list[str] = []
        try:
            for each in says:
                added.append(self._store.add(user_id, shelf, each, group=group).id)
        except (TooManyAssistantsError, TableUnreachable):
            with suppress(TableUnreachable):
                for assistant_id in added:
                    self._store.delete(user_id, shelf, assistant_id)
            raise

    def _all(self, user_id: str, shelf: str) -> list[Says]:
        labels = self._store.on(user_id, shelf)
        found = (self._store.find(user_id, shelf, label.id) for label in labels)
        return [each.says for each in found if each]

    def _asks(self, asker: Asker, shelf: str) -> Sequence[Choosable]:
        """The documents that an assistant on a shelf can ask: a shared one no collections of one person."""
        found = self._parts.documents.choosable(asker) if self._parts.documents else ()
        return [each for each in found if shelf == OWN or each.kind != "collection"]

    def _offered(self, asks: Sequence[Choosable]) -> Offered:
        settings = self._parts.settings
        return Offered(settings.model_ids, settings.max_output_tokens, [each.asks for each in asks])


def _asker(request: Request) -> Asker:
    identity = request.state.identity
    return Asker(identity.user_id, identity.groups)


def _values(says: Says) -> dict[str, str]:
    """What stands in a form."""
    return {
        "name": says.name,
        "instructions": says.instructions,
        "model_id": says.model_id,
        "temperature": "" if says.temperature is None else f"{says.temperature:g}",
        "max_tokens": str(says.max_tokens or ""),
        "starters": "\n".join(says.starters),
        "asks": says.asks,
    }


def _shelves(groups: Mapping[str, str], text: Callable[[str], str]) -> list[tuple[str, str]]:
    """The shelves that a person sees, with what they are called."""
    shared = sorted(groups.items(), key=lambda each: each[1].casefold())
    return [(OWN, text("my_assistants")), (EVERYBODY, text("everybodys_assistants")), *shared]


def _done(notice: str, shelf: str) -> Response:
    """Back to the shelf, which says what became of a change."""
    return RedirectResponse(f"/assistants?{_query({'shelf': shelf, notice: '1'})}", status_code=303)


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
