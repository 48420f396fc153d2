"""What the page's events do with turns: ask in several ways, stop, take back, look at others.

The values come from a browser and none of them is trusted.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from anyio import to_thread

from gradio_app.chat import errors
from gradio_app.chat.asking import RefusedError, TurnRequest, is_blank
from gradio_app.chat.conversation import is_temporary
from gradio_app.chat.instructions import instructions_of
from gradio_app.page.address import address_of, id_of
from gradio_app.page.choosing import chosen
from gradio_app.page.files_route import told
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.paging import Place
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.summed_texts import SUMMED
from gradio_app.page.values import AGAIN, EDIT, GO_ON, SHOW, TAKE_BACK, Values, plain_text
from gradio_app.page.views import Updates, Views
from gradio_app.store.table import ConflictError, TableUnreachable


@dataclass(frozen=True)
class _Wish:
    """What a person wants to ask: a question, or to have a turn answered anew."""

    question: str
    replaces: int | None = None
    """The number of the turn that is asked again."""
    empty: str = "empty"
    """The refusal when there is no question; empty if the turn's own will do."""
    is_in_box: bool = False
    """Whether the script has text and files and takes them back by itself when they are refused."""
    uploads: tuple[str, ...] = ()
    """The ids of what is attached to it."""
    kept: tuple[str, ...] | None = None
    """The ids of those files of the replaced question that stay; None for all."""
    continues: int | None = None
    """The number of the turn whose answer is to go on."""
    model_id: str = ""
    """Which model to ask this time; empty for the one of the settings."""


class TurnEvents:
    """The events of the chat; the user is always the one whom the gate let in."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._choices = layout.choices
        self._asks = layout.chat.asks
        self._meter = layout.chat.meter
        self._assistant = layout.chat.assistant

    async def ask(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Ask what the script took from the box."""
        values = Values(sent)
        uploads = values.file_ids(self._held.files)
        wish = _Wish(values.text(self._held.question), is_in_box=True, uploads=uploads)
        return await self._ask(values, wish, request)

    async def ask_example(self, sent: dict[Any, Any], event: gr.SelectData, request: gr.Request) -> Updates:
        """Ask one of the examples of an empty page."""
        return await self._ask(Values(sent), _Wish(plain_text(event.value)), request)

    async def change(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Ask a question otherwise than it was, ask another model, or have an answer go on."""
        values = Values(sent)
        told = values.wish(self._held.wish, EDIT, AGAIN, GO_ON)
        if told.deed == EDIT:
            kept, question = values.file_ids(self._held.kept), values.text(self._held.question)
            wish = _Wish(question, told.turn, empty="empty_edit", is_in_box=True, kept=kept)
        elif told.deed == AGAIN:
            wish = _Wish("", told.turn, empty="", model_id=told.model_id)
        else:
            wish = _Wish("", empty="", continues=told.turn, model_id=told.model_id)
        return await self._ask(values, wish, request)

    @telling
    def choose(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Show another version of a question, with what followed it, or take a summary back."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        wish = values.wish(self._held.wish, SHOW, TAKE_BACK)
        version = values.number(self._held.version)
        turns, where = self._services.turns, (reader.user_id, conversation_id, version, wish.turn)
        try:
            if wish.deed == SHOW:
                turns.choose(*where, wish.version)
                notice = ""
            else:
                turns.take_back_summary(*where)
                notice = SUMMED[reader.language]["taken_back"]
        except RefusedError as refused:
            notice = reader.refusal(refused.reason)
        now = self._views.conversation(reader, conversation_id)
        running = self._views.is_being_answered(reader, now)
        return {**self._views.view(reader, now), self._held.news: news(running=running, notice=notice)}

    @telling
    def instruct(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Keep what a conversation's answers shall be like, with its draft where it is not stored yet."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        try:
            text = instructions_of(values.text(self._choices.instructions))
        except RefusedError as refused:
            notice = reader.refusal(refused.reason, refused.name, **refused.counts)
            return {self._held.news: news(notice=notice)}
        if not self._services.instructions.keep_for(reader.user_id, conversation_id, text):
            self._services.drafts.keep_instructions(reader.user_id, conversation_id, text)
        # An empty dictionary would be no update, but what the button says from now on.
        return {self._held.news: gr.skip()}

    async def retry(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Ask the last question once more."""
        values = Values(sent)
        return await self._ask(values, _Wish("", values.number(self._held.last), empty=""), request)

    @telling
    def stop(self, sent: dict[Any, Any], request: gr.Request) -> None:
        """Stop what was asked, whether or not it has begun, and by whichever page."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        if ask_id := values.text(self._held.ask_id):
            self._services.turns.stop(reader.user_id, conversation_id, ask_id)
        self._services.turns.stop(reader.user_id, conversation_id)

    @telling
    def undo(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Drop the last turn and give its question back."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        seen = self._views.conversation(reader, conversation_id)
        shown = (values.number(self._held.version), values.number(self._held.last))
        try:
            if not seen.turns or shown != (seen.version, seen.last):
                raise ConflictError
            given = self._services.files.give_back(reader.user_id, conversation_id, seen.turns[-1].files)
            self._services.store.undo(reader.user_id, seen, seen.last)
        except ConflictError:
            said = news(notice=reader.refusal("out_of_date"))
        else:
            said = news(give=seen.turns[-1].question_text, files=[told(file) for file in given])
        now = self._views.conversation(reader, conversation_id)
        return {**self._views.view(reader, now), self._held.news: said}

    @telling
    def measure(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The meter, with the window of the model that was chosen in the settings, and what else is its."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        model_id = values.text(self._choices.model_id)
        now = self._services.store.page(reader.user_id, conversation_id, turns=1)
        told = self._views.meter(reader, now, model_id) if now else ""
        effort, tier = values.text(self._choices.effort), values.text(self._choices.service_tier)
        return {self._meter: told, **self._views.of_model(reader, model_id, effort, tier)}

    @telling
    def earlier(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The turns before those that are shown."""
        values = Values(sent)
        return self._turned(values, values.place(self._held.turns_place).forward(), "end", request)

    @telling
    def later(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The turns behind those that are shown."""
        values = Values(sent)
        return self._turned(values, values.place(self._held.turns_place).back(), "start", request)

    def _turned(self, values: Values, place: Place, scroll: str, request: gr.Request) -> Updates:
        reader = reader_of(request)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        version = values.number(self._held.version)
        conversation = self._views.conversation(reader, conversation_id, place, version)
        place = place if conversation.has_later else Place()
        said = {"scroll": scroll, "running": self._views.is_being_answered(reader, conversation)}
        return {**self._views.view(reader, conversation, place), self._held.news: news(**said)}

    async def _ask(self, values: Values, wish: _Wish, request: gr.Request) -> Updates:
        """Have a wish stored and answered, or say why not; never fails, for the page waits for a word."""
        reader = reader_of(request)
        ask_id = values.text(self._held.ask_id)
        try:
            # What a model may be told, an account may have to be asked once.
            asked = await to_thread.run_sync(self._asked, reader, values, wish, request)
            await to_thread.run_sync(self._services.turns.start, self._services.turns.admit(asked))
        except RefusedError as refused:
            return await self._refused(reader, values, wish, request, refused)
        except Exception as error:  # noqa: BLE001 (raised, it would leave the page waiting for an answer)
            errors.record_event(error)
            return await self._refused(reader, values, wish, request, RefusedError("broken"))
        if not asked.seen_version:
            await to_thread.run_sync(self._forget_draft, asked)
        said: dict[str, Any] = {"asked": ask_id, "taken": True, "running": True}
        if is_temporary(asked.conversation_id):
            where = (asked.user_id, asked.conversation_id)
            self._services.temporaries.belongs_to(*where, asked.session_key)
            # From now on its page, loaded anew, says that it is gone when it is.
            said["address"] = address_of(asked.conversation_id)
        return {self._held.conversation_id: asked.conversation_id, self._held.news: news(**said)}

    def _asked(self, reader: Reader, values: Values, wish: _Wish, request: gr.Request) -> TurnRequest:
        """What the values say; raises RefusedError."""
        if wish.empty and is_blank(wish.question) and not wish.uploads:
            raise RefusedError(wish.empty)
        if wish.replaces == 0:
            raise RefusedError("changed")
        held_id = values.conversation_id(self._held.conversation_id)
        choices = self._choices
        return TurnRequest(
            user_id=reader.user_id,
            conversation_id=id_of(held_id, request),
            # A page that has not loaded yet shows nothing that could be out of date.
            seen_version=values.number(self._held.version) if held_id else None,
            question=wish.question,
            choice=chosen(
                self._services.settings,
                self._services.turns.efforts,
                wish.model_id or values[choices.model_id],
                values[choices.temperature],
                values[choices.max_tokens],
                values[choices.effort],
                values[choices.service_tier],
            ),
            replaces=wish.replaces,
            continues=wish.continues,
            is_try=bool(wish.model_id),
            uploads=wish.uploads,
            kept=wish.kept,
            assistant=values.text(self._assistant),
            instructions=instructions_of(values.text(choices.instructions)) if held_id else None,
            asks=values.text(self._asks),
            groups=reader.groups,
            session_key=reader.session_key,
            ask_id=values.text(self._held.ask_id),
        )

    async def _refused(
        self, reader: Reader, values: Values, wish: _Wish, request: gr.Request, refused: RefusedError
    ) -> Updates:
        """Say why; show the conversation as it is, for the page may be out of date."""
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        # Who stopped it knows why it did not begin.
        notice = (
            ""
            if refused.reason == "stopped"
            else reader.refusal(refused.reason, refused.name, **refused.counts)
        )
        said = {
            "asked": values.text(self._held.ask_id),
            "taken": False,
            "running": False,
            "notice": notice,
            "give": "" if wish.is_in_box else wish.question,
        }
        try:
            now = await to_thread.run_sync(self._views.conversation, reader, conversation_id)
            said["running"] = self._views.is_being_answered(reader, now)
            view = await to_thread.run_sync(self._views.view, reader, now)
            if refused.reason == "asks_gone":
                view |= await to_thread.run_sync(self._views.asks, reader, "")
        except TableUnreachable as error:
            errors.record_storage(error)
            view = {}
        return {**view, self._held.news: news(**said)}

    def _forget_draft(self, asked: TurnRequest) -> None:
        """What was finished in a new conversation may have been begun in another one, before a sign-in."""
        try:
            self._services.drafts.sent(asked.user_id, asked.conversation_id, asked.question)
        except TableUnreachable as error:
            errors.record_storage(error)
