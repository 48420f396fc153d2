"""The page of conversations and the chat's list of them: look, rename, pin, move, delete.

The same addresses serve forms, which work without a script, and our script, which asks for JSON. Whoever asks
gets what is theirs: each key begins with the id of the person whom the gate let in.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlencode

from anyio import move_on_after, sleep
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from gradio_app.chat.asking import is_blank
from gradio_app.chat.conversation import new_id, valid_id
from gradio_app.chat.running import Running
from gradio_app.conversations import exporting, importing, listing, searching
from gradio_app.conversations.bringing_in import BringingIn
from gradio_app.conversations.catching_up import CatchingUp
from gradio_app.conversations.exports import Exports, TooManyExportsError
from gradio_app.conversations.imports import Imports, TooManyImportsError, UnderWayError
from gradio_app.gate.shares import Shares
from gradio_app.language import language
from gradio_app.library.uploads import MalformedFormError, upload_form
from gradio_app.page.address import address_of, new_address
from gradio_app.page.draft_route import OWNER
from gradio_app.pages.files import COMPRESSED
from gradio_app.pages.forms import fields, form, wants_json
from gradio_app.pages.pages import Pages
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.exporting import Exporting
from gradio_app.store.organizing import TooManyError
from gradio_app.store.retention import Retention
from gradio_app.store.said import Said
from gradio_app.store.table import ConflictError
from gradio_app.threads import Threads

PATIENCE_SECONDS, LOOK_SECONDS = 1.0, 0.02
"""How long a search waits for what is new to be read, and between two looks whether it is."""
AT_WORK = 8
"""Requests that read or write at the same time; the others wait."""
FOLDER_CHARACTERS = 80
TITLE_CHARACTERS = 200
ACTIONS = ("save", "pin", "unpin", "move", "delete")
"""Of one conversation."""
IMPORTED = "conversations_imported"
NOTICES = ("conversation_changed", "conversation_deleted", IMPORTED)
LEFT = (*importing.TOLD_OF, "left_instructions")
"""What may stay behind of a file that was brought in, as names of texts."""
PROBLEM = 422


@dataclass(frozen=True)
class Parts:
    """What the pages work with."""

    pages: Pages
    store: Conversations
    exporting: Exporting
    bringing_in: BringingIn
    running: Running
    said: Said
    retention: Retention
    shares: bool = False


class ConversationPages:
    """Routes behind the gate, which has put who asks into the request's state."""

    def __init__(self, parts: Parts) -> None:
        self._pages = parts.pages
        self._store = parts.store
        self._imports = Imports(parts.bringing_in)
        self._exports = Exports(parts.exporting)
        self._running = parts.running
        self._said = parts.said
        self._retention = parts.retention
        self._shares = parts.shares
        self._catching_up = CatchingUp(parts.said)
        self._run = Threads(AT_WORK).run
        self._deletions = Shares(at_once=1)

    def routes(self) -> list[BaseRoute]:
        """All of them; `gate.access` names them too."""
        return [
            Route("/conversations", self.overview, methods=["GET"]),
            Route("/conversations", self.selected, methods=["POST"]),
            Route("/conversations/list", self.rows, methods=["GET"], middleware=[COMPRESSED]),
            Route("/conversations/search", self.search, methods=["GET"]),
            Route("/conversations/conversation", self.conversation, methods=["GET"]),
            Route("/conversations/conversation", self.change, methods=["POST"]),
            Route("/conversations/folders", self.folders, methods=["POST"]),
            Route("/conversations/import", self.bring_in, methods=["POST"]),
            Route("/conversations/export", self.export, methods=["GET"]),
        ]

    async def overview(self, request: Request) -> Response:
        """A page of all conversations, or of a folder's."""
        asked = request.query_params
        notice = next((each for each in NOTICES if each in asked), "")
        if notice == IMPORTED:
            notice = self._imported(request, asked.getlist("left"))
        return await self._overview(request, asked, notice=notice)

    async def rows(self, request: Request) -> Response:
        """`GET ?after=`: a page of the chat's list, as `listing.as_json` tells it, and what holds for all."""
        if self._is_anothers(request):
            return self._told(request, "another_owner", 409)
        look = partial(listing.page, self._store, _person(request), request.query_params.get("after", ""))
        for_all = {"kept": self._kept(request), "shares": self._shares}
        return JSONResponse(listing.as_json(await self._run(look)) | for_all)

    async def search(self, request: Request) -> Response:
        """`GET ?q=`: what is found; it is `behind` while not everything is read: ask again."""
        if self._is_anothers(request):
            return self._told(request, "another_owner", 409)
        hits, behind = await self._found(request, request.query_params.get("q", ""))
        return JSONResponse({"rows": [searching.as_json(hit) for hit in hits], "behind": behind})

    async def conversation(self, request: Request) -> Response:
        """One conversation, and what can be done with it."""
        return await self._one(request, request.query_params.get("id", ""))

    async def change(self, request: Request) -> Response:
        """Rename a conversation, pin it, move it, delete it: a page without a script asks for that twice."""
        values = await form(request, "id", "action", "title", "folder", "new_folder", "sure")
        conversation_id, action = values["id"], values["action"]
        if self._is_anothers(request):
            return self._told(request, "another_owner", 409)
        if action not in ACTIONS:
            return self._pages.refusal(request, 400)
        if action == "delete" and not values["sure"]:
            return await self._ask_again(request, [conversation_id])
        if action == "save" and is_blank(values["title"]):
            return await self._one(request, conversation_id, errors={"title": "fill_in"})
        try:
            if action == "delete":
                await self._deleted(request, [conversation_id])
            else:
                await self._run(self._changed, _person(request), values)
        except ConflictError:
            return await self._gone(request, [conversation_id])
        except TooManyError as refused:
            return await self._refused(request, f"quota_{refused.which}")
        if wants_json(request):
            return JSONResponse(await self._run(self._changed_row, _person(request), conversation_id))
        return self._done("conversation_deleted" if action == "delete" else "conversation_changed")

    async def selected(self, request: Request) -> Response:
        """Move or delete the selected ones; deleting is asked twice."""
        sent = await fields(request, listing.AT_ONCE * 3)
        ids = list(dict.fromkeys(value for name, value in sent if name == "id" and valid_id(value)))
        values = dict(sent)
        if not ids:
            return await self._refused(request, "none_selected")
        if values.get("action") in exporting.MEDIA_TYPES:
            return self._exported(request, values["action"], ids)
        if values.get("action") == "delete":
            if not values.get("sure"):
                return await self._ask_again(request, ids)
            await self._deleted(request, ids)
            return self._done("conversation_deleted")
        if values.get("action") != "move":
            return self._pages.refusal(request, 400)
        try:
            await self._run(self._move_all, _person(request), ids, values.get("folder", ""))
        except ConflictError:
            return await self._gone(request, ids)
        return self._done("conversation_changed", values.get("folder", ""))

    async def export(self, request: Request) -> Response:
        """`GET ?as=json|markdown|account&id=…`: a file of these conversations; without an id, of all."""
        asked = request.query_params
        ids = asked.getlist("id")
        how = asked.get("as", "")
        if how not in exporting.MEDIA_TYPES or ids != _valid(ids) or len(ids) > listing.AT_ONCE * 3:
            return self._pages.refusal(request, 404)
        return self._exported(request, how, ids)

    async def bring_in(self, request: Request) -> Response:
        """The conversations of a file that our export has made; all of it is checked before any is stored."""
        body = await request.body()
        try:
            sent = await self._run(upload_form, request.headers, body)
            if len(sent.files) != 1:
                raise importing.UnfitFileError("import_no_file")
            untitled = self._pages.text(request, "untitled")
            left = await self._imports.bring_in(_person(request), sent.files[0].content, untitled)
        except MalformedFormError:
            return self._pages.refusal(request, 400)
        except UnderWayError:
            return self._told(request, "import_under_way", 429)
        except importing.UnfitFileError as unfit:
            problem = self._pages.text(request, unfit.key).format(**unfit.values)
            return await self._overview(request, {}, problem=problem)
        except (importing.BusyError, TooManyImportsError):
            return self._told(request, "import_busy", 429)
        except FullError as full:
            return await self._overview(request, {}, problem=f"import_full_{full.which}")
        query = urlencode({IMPORTED: "1", "left": left}, doseq=True)
        return RedirectResponse(f"/conversations?{query}", status_code=303)

    def _imported(self, request: Request, left: list[str]) -> str:
        """That a file is in, and what of it is not."""
        names = [self._pages.text(request, each) for each in LEFT if each in left]
        stays = self._pages.text(request, "import_left").format(what=", ".join(names)) if names else ""
        return " ".join(filter(None, [self._pages.text(request, IMPORTED), stays]))

    def _exported(self, request: Request, how: str, ids: list[str]) -> Response:
        try:
            return self._exports.answer(_person(request), how, ids, partial(self._pages.text, request))
        except TooManyExportsError:
            return self._told(request, "too_many_exports", 429)

    async def folders(self, request: Request) -> Response:
        """Make, rename or delete a folder; conversations stay."""
        values = await form(request, "id", "action", "name")
        name = _folder_name(values["name"])
        user_id, action = _person(request), values["action"]
        if self._is_anothers(request):
            return self._told(request, "another_owner", 409)
        if action == "delete":
            await self._run(self._store.delete_folder, user_id, values["id"])
            return self._done("conversation_changed")
        if not name:
            return await self._refused(request, "no_folder_name")
        if action == "rename":
            if not await self._run(self._store.rename_folder, user_id, values["id"], name):
                return self._told(request, "folder_gone", 404)
            return self._done("conversation_changed", values["id"])
        if action != "add":
            return self._pages.refusal(request, 400)
        try:
            made = await self._run(self._store.add_folder, user_id, name)
        except TooManyError as refused:
            return await self._refused(request, f"quota_{refused.which}")
        return self._done("conversation_changed", made.id)

    async def _overview(
        self, request: Request, asked: Mapping[str, str], *, notice: str = "", problem: str = ""
    ) -> Response:
        folder, after, typed = (asked.get(name, "") for name in ("folder", "after", "q"))
        if typed.strip():
            return await self._results(request, typed)
        look = partial(listing.page, self._store, _person(request), after, folder)
        listed = await self._run(look)
        names = {each.id: each.name for each in listed.folders}
        return self._pages.page(
            request,
            "conversations.html",
            "conversations",
            status=PROBLEM if problem else 200,
            notice=notice,
            problem=problem,
            groups=[listed.pinned, listed.headings],
            kept=self._kept(request),
            shares=self._shares,
            folders=listed.folders,
            folder_names=names,
            folder=folder if folder in names else "",
            following=_query({"folder": folder, "after": listed.following}) if listed.following else "",
            first=_query({"folder": folder}) if after else None,
            day=partial(listing.day, lang=language(request)),
            address_of=address_of,
            query=_query,
        )

    def _kept(self, request: Request) -> str:
        """How long conversations are kept, in words; empty for ever."""
        days = self._retention.days
        key = "kept_a_day" if days == 1 else "kept_days"
        return self._pages.text(request, key).format(days=days) if days else ""

    async def _results(self, request: Request, typed: str) -> Response:
        hits, behind = await self._found(request, typed)
        return self._pages.page(
            request,
            "conversations_found.html",
            "conversations",
            typed=typed[: searching.QUERY_CHARACTERS],
            hits=hits,
            behind=behind,
            is_cut=len(hits) == searching.MOST,
            again=_query({"q": typed[: searching.QUERY_CHARACTERS]}),
        )

    async def _found(self, request: Request, typed: str) -> tuple[list[searching.Hit], bool]:
        """What is found, when what is new was read, or some of it; whether some of that is left."""
        user_id = _person(request)
        over = self._catching_up.wake(user_id)
        if not typed.strip():
            return [], False
        with move_on_after(PATIENCE_SECONDS):
            while not over.is_set():
                await sleep(LOOK_SECONDS)
        is_read = over.is_set()
        return await self._run(searching.search, self._store, self._said, user_id, typed), not is_read

    async def _one(
        self, request: Request, conversation_id: str, errors: dict[str, str] | None = None
    ) -> Response:
        user_id = _person(request)
        found = await self._run(self._store.headings_of, user_id, _valid([conversation_id]))
        if not found:
            return self._told(request, "no_conversation", 404)
        if errors and wants_json(request):
            return self._told(request, next(iter(errors.values())), PROBLEM)
        return self._pages.page(
            request,
            "conversation.html",
            "conversations",
            status=PROBLEM if errors else 200,
            errors=errors,
            conversation=found[0],
            day=listing.day(found[0], language(request)),
            address=address_of(conversation_id),
            file=_query({"id": conversation_id}),
            shares=self._shares,
            folders=await self._run(self._store.folders, user_id),
        )

    async def _ask_again(self, request: Request, ids: list[str]) -> Response:
        found = await self._run(self._store.headings_of, _person(request), _valid(ids))
        if not found:
            return self._told(request, "no_conversation", 404)
        return self._pages.page(
            request, "conversations_delete.html", "delete_conversations", conversations=found
        )

    def _changed(self, user_id: str, values: Mapping[str, str]) -> None:
        conversation_id, action = values["id"], values["action"]
        if action == "save":
            self._store.rename(user_id, conversation_id, values["title"][:TITLE_CHARACTERS])
        elif action in ("pin", "unpin"):
            self._store.pin(user_id, conversation_id, pinned=action == "pin")
        elif name := _folder_name(values["new_folder"]):
            self._store.move_to_new_folder(user_id, conversation_id, name)
        else:
            self._store.move(user_id, conversation_id, values["folder"])

    def _changed_row(self, user_id: str, conversation_id: str) -> dict[str, object]:
        """For our script: the row as it is now, None for one that is gone, and where to go from there."""
        found = self._store.headings_of(user_id, [conversation_id])
        folders = {folder.id for folder in self._store.folders(user_id)}
        row = listing.row(found[0], folders) if found else None
        return {"row": row, "next": new_address(new_id())}

    def _move_all(self, user_id: str, ids: list[str], folder_id: str) -> None:
        for conversation_id in ids:
            self._store.move(user_id, conversation_id, folder_id)

    async def _deleted(self, request: Request, ids: list[str]) -> None:
        """Delete them, one request of a person after the other: long ones take a thread for minutes."""
        async with self._deletions.turn(_person(request)):
            await self._run(self._delete_all, _person(request), ids)

    def _delete_all(self, user_id: str, ids: list[str]) -> None:
        for conversation_id in ids:
            if running := self._running.find(user_id, conversation_id):
                running.stop()
            self._store.delete(user_id, conversation_id)

    async def _gone(self, request: Request, ids: list[str]) -> Response:
        """What is not there any more: one of these conversations, or else the folder they were to be in."""
        found = await self._run(self._store.headings_of, _person(request), _valid(ids))
        return self._told(request, "folder_gone" if len(found) == len(ids) else "no_conversation", 404)

    def _is_anothers(self, request: Request) -> bool:
        return request.headers.get(OWNER, _person(request)) != _person(request)

    async def _refused(self, request: Request, problem: str) -> Response:
        if wants_json(request):
            return self._told(request, problem, PROBLEM)
        return await self._overview(request, {}, problem=problem)

    def _told(self, request: Request, key: str, status: int) -> Response:
        """One sentence: a script gets it as JSON, a browser as a page."""
        if wants_json(request):
            return JSONResponse({"detail": self._pages.text(request, key)}, status_code=status)
        return self._pages.refusal(request, status, key)

    def _done(self, notice: str, folder: str = "") -> Response:
        """Back to the list, which says what became of a change."""
        return RedirectResponse(f"/conversations?{_query({'folder': folder, notice: '1'})}", status_code=303)


def _person(request: Request) -> str:
    return request.state.identity.user_id


def _valid(ids: list[str]) -> list[str]:
    return [each for each in ids if valid_id(each)]


def _folder_name(typed: str) -> str:
    """What a folder may be called of what somebody typed; empty when nothing of it can be seen."""
    return "" if is_blank(typed) else " ".join(typed.split())[:FOLDER_CHARACTERS]


def _query(values: Mapping[str, str]) -> str:
    return urlencode({name: value for name, value in values.items() if value})
