"""What the page's events do with turns: ask in four ways, stop, follow an answer, settle, take back.

The values come from a browser and none of them is trusted.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import gradio as gr
from anyio import to_thread

from gradio_app.chat import errors
from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.conversation import Conversation, new_id
from gradio_app.chat.model import Choice
from gradio_app.page import render
from gradio_app.page.address import conversation_in
from gradio_app.page.layout import TEMPERATURES, Layout
from gradio_app.page.markup import LiveAnswer
from gradio_app.page.news import news
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.values import Values, message_index, plain_text
from gradio_app.page.views import WHOLE, Updates, Views
from gradio_app.store.table import ConflictError, TableUnreachable


@dataclass(frozen=True)
class _Wish:
    """What a person wants to ask: a question, or to have one of the turns answered anew."""

    question: str
    index: int | None = None
    """The message on the page that is asked again."""
    empty: str = "empty"
    """The refusal when there is no question."""
    is_in_box: bool = False
    """Whether the script has the text and takes it back by itself when it is refused."""


class TurnEvents:
    """The events of the chat; the user is always the one whom the gate let in."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._chat = layout.chat
        self._choices = layout.choices

    async def ask(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Ask what the script took from the box."""
        values = Values(sent)
        return await self._ask(values, _Wish(values.text(self._held.question), is_in_box=True), request)

    async def ask_example(self, sent: dict[Any, Any], event: gr.SelectData, request: gr.Request) -> Updates:
        """Ask one of the examples of an empty page."""
        return await self._ask(Values(sent), _Wish(plain_text(event.value)), request)

    async def change(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Ask a changed question in place of the one that it was, and of all that followed."""
        values = Values(sent)
        shown, changed = values.numbers(self._held.numbers), values.text(self._held.changed)
        place = next((place for place, number in enumerate(shown) if str(number) == changed), -1)
        wish = _Wish(values.text(self._held.question), 2 * place, empty="empty_edit", is_in_box=True)
        return await self._ask(values, wish, request)

    async def retry(self, sent: dict[Any, Any], event: gr.RetryData, request: gr.Request) -> Updates:
        """Ask the last question once more."""
        index = message_index(event.index)
        return await self._ask(Values(sent), _Wish("", -1 if index is None else index, empty=""), request)

    @telling
    def stop(self, sent: dict[Any, Any], request: gr.Request) -> None:
        """Stop what was asked, whether or not it has begun."""
        reader = reader_of(request)
        values = Values(sent)
        conversation_id = self._conversation_id(values, request)
        if ask_id := values.text(self._held.ask_id):
            self._services.turns.stop(reader.user_id, conversation_id, ask_id)
        self._services.turns.stop(reader.user_id, conversation_id)  # asked by another page, maybe

    async def follow(self, sent: dict[Any, Any], request: gr.Request) -> AsyncIterator[Any]:
        """Show the answer that is being written as it grows; of all events the only one that streams."""
        reader = reader_of(request)
        conversation_id = self._conversation_id(Values(sent), request)
        running = self._services.running.find(reader.user_id, conversation_id)
        conversation = await to_thread.run_sync(self._whole, reader.user_id, conversation_id)
        if not conversation.turns:
            yield gr.skip()
            return
        *before, last = conversation.turns
        shown = await to_thread.run_sync(render.messages, before, reader.language)
        shown.append(render.question(last, reader.language))
        if running:
            yield shown
            live = LiveAnswer()
            async for text in running.follow():
                yield [*shown, render.growing_answer(await to_thread.run_sync(live.update, text))]
        now = await to_thread.run_sync(self._views.conversation, reader, conversation_id)
        if now:
            yield await to_thread.run_sync(render.messages, now.turns, reader.language)

    @telling
    def settle(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The page after an answer, whichever way that ended."""
        reader = reader_of(request)
        conversation_id = self._conversation_id(Values(sent), request)
        running = self._services.running.find(reader.user_id, conversation_id)
        conversation = self._views.conversation(reader, conversation_id) or Conversation(conversation_id)
        # The list changes with the first turn of a conversation only, and is the costly part.
        changed = len(conversation.turns) == 1
        return {
            **self._views.view(reader, conversation),
            **(self._views.list(reader, conversation_id, "") if changed else {}),
            self._held.news: news(running=running is not None),
        }

    @telling
    def undo(self, sent: dict[Any, Any], event: gr.UndoData, request: gr.Request) -> Updates:
        """Drop the last turn and give its question back."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = self._conversation_id(values, request)
        number = self._number_at(values, message_index(event.index))
        seen = self._whole(reader.user_id, conversation_id)
        try:
            last = seen.turns[-1]
            if seen.version != values.number(self._held.version) or last.number != number:
                raise ConflictError
            left = self._services.store.undo(reader.user_id, seen, last.number)
        except (ConflictError, IndexError):
            now = self._views.conversation(reader, conversation_id) or Conversation(conversation_id)
            told = news(notice=reader.refusal("out_of_date"))
            return {**self._views.view(reader, now), self._held.news: told}
        return {**self._views.view(reader, left), self._held.news: news(give=last.question_text)}

    async def _ask(self, values: Values, wish: _Wish, request: gr.Request) -> Updates:
        """Have a wish stored and answered, or say why not; never fails, for the page waits for a word."""
        reader = reader_of(request)
        ask_id = values.text(self._held.ask_id)
        try:
            asked = self._asked(reader, values, wish, request)
            await to_thread.run_sync(self._services.turns.start, self._services.turns.admit(asked))
        except RefusedError as refused:
            return await self._refused(reader, values, wish, request, refused.reason)
        except Exception as error:  # noqa: BLE001 (raised, it would leave the page waiting for an answer)
            errors.record_event(error)
            return await self._refused(reader, values, wish, request, "broken")
        await to_thread.run_sync(self._forget_draft, asked)
        return {
            self._held.conversation_id: asked.conversation_id,
            self._held.news: news(asked=ask_id, taken=True, running=True),
        }

    def _asked(self, reader: Reader, values: Values, wish: _Wish, request: gr.Request) -> TurnRequest:
        """What the values say; raises RefusedError."""
        if wish.empty and not wish.question.strip():
            raise RefusedError(wish.empty)
        held_id = values.conversation_id(self._held.conversation_id)
        replaces = None
        if wish.index is not None:
            replaces = self._number_at(values, wish.index)
            if replaces is None:
                raise RefusedError("changed")
        return TurnRequest(
            user_id=reader.user_id,
            conversation_id=self._conversation_id(values, request),
            # A page that has not loaded yet shows nothing that could be out of date.
            seen_version=values.number(self._held.version) if held_id else None,
            question=wish.question,
            choice=self._choice(values),
            replaces=replaces,
            session_key=reader.session_key,
            ask_id=values.text(self._held.ask_id),
        )

    async def _refused(
        self, reader: Reader, values: Values, wish: _Wish, request: gr.Request, reason: str
    ) -> Updates:
        """Say why; show the conversation as it is, for the page may be out of date or have changed it."""
        conversation_id = self._conversation_id(values, request)
        told = {
            "asked": values.text(self._held.ask_id),
            "taken": False,
            "running": self._services.running.find(reader.user_id, conversation_id) is not None,
            "notice": reader.refusal(reason),
            "give": "" if wish.is_in_box else wish.question,
        }
        try:
            now = await to_thread.run_sync(self._views.conversation, reader, conversation_id)
        except TableUnreachable as error:
            errors.record_storage(error)
            return {self._held.news: news(**told)}
        now = now or Conversation(conversation_id)
        return {**self._views.view(reader, now), self._held.news: news(**told)}

    def _whole(self, user_id: str, conversation_id: str) -> Conversation:
        conversation = self._services.store.page(user_id, conversation_id, **WHOLE)
        return conversation or Conversation(conversation_id)

    def _conversation_id(self, values: Values, request: gr.Request) -> str:
        """The page's conversation; that of its address, as long as the page has not loaded yet."""
        addressed = conversation_in(dict(request.query_params))[0]
        return values.conversation_id(self._held.conversation_id) or addressed or new_id()

    def _number_at(self, values: Values, index: int | None) -> int | None:
        """The number of the turn that a message of the page belongs to."""
        shown = values.numbers(self._held.numbers)
        return shown[index // 2] if index is not None and 0 <= index // 2 < len(shown) else None

    def _choice(self, values: Values) -> Choice:
        """The settings, if they are among those on offer; raises RefusedError."""
        settings = self._services.settings
        low, high = TEMPERATURES
        model_id = values[self._choices.model_id]
        temperature, max_tokens = values[self._choices.temperature], values[self._choices.max_tokens]
        if (
            not isinstance(model_id, str)
            or model_id not in settings.model_ids
            or not isinstance(temperature, int | float)
            or not low <= temperature <= high
            or not isinstance(max_tokens, int | float)
            or not 1 <= max_tokens <= settings.max_output_tokens
        ):
            raise RefusedError("choice")
        return Choice(model_id, float(temperature), int(max_tokens))

    def _forget_draft(self, asked: TurnRequest) -> None:
        try:
            self._services.drafts.sent(asked.user_id, asked.conversation_id, asked.question)
        except TableUnreachable as error:
            errors.record_storage(error)
