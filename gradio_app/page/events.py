"""What the page's events do: from values that a browser sent, none of them trusted, to component updates."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from anyio import to_thread

from gradio_app.chat import errors
from gradio_app.chat.conversation import Conversation, Turn, new_id, plain, valid_id
from gradio_app.chat.model import Choice
from gradio_app.chat.streaming import Running
from gradio_app.chat.turns import RefusedError, Request, Turns
from gradio_app.page import render, texts
from gradio_app.page.address import conversation_in
from gradio_app.page.markup import LiveAnswer
from gradio_app.page.reader import failure, reader_of, telling
from gradio_app.page.views import HEADINGS, LIST, VIEW, WHOLE, Views
from gradio_app.settings import Settings
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.table import ConflictError, TableUnreachable

TEMPERATURES = (0.0, 1.0)
"""Bedrock's bounds: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html"""
DRAFT_SECONDS = 3.0
"""Between two times that what is being typed is remembered; a stopping server waits for five."""
NOTHING = -1
"""In place of a message's index: there is none."""


class Events:
    """The events of the page; the user is always the one whom the gate let in."""

    def __init__(
        self, turns: Turns, store: Conversations, drafts: Drafts, running: Running, settings: Settings
    ) -> None:
        self._turns = turns
        self._store = store
        self._drafts = drafts
        self._running = running
        self._settings = settings
        self._views = Views(store, running)

    @telling
    def open(self, typed: str, request: gr.Request) -> tuple[Any, ...]:
        """The page as its address names it: box, id, view, list; `typed` is what the box has by now."""
        reader = reader_of(request)
        wanted, expected = conversation_in(dict(request.query_params))
        conversation = self._views.conversation(reader, wanted) if wanted else None
        welcome = texts.WELCOME[reader.language]
        if conversation is None and expected:
            welcome = f"{reader.refusal('not_found')}\n\n{welcome}"
        conversation = conversation or Conversation(wanted or new_id())
        messages, *view = self._views.view(reader, conversation)
        chat = gr.update(
            value=messages,
            placeholder=welcome,
            examples=[{"display_text": name, "text": text} for name, text in texts.EXAMPLES[reader.language]],
        )
        draft = self._drafts.find(reader.user_id, conversation.id, is_new=not conversation.version)
        box = gr.update(value=draft) if draft and not typed else gr.skip()
        return (box, conversation.id, chat, *view, *self._views.list(reader, conversation.id, 0))

    async def draft(self, text: str, conversation_id: str, request: gr.Request) -> None:
        """Remember what is being typed, and take so long that typing asks for it now and then only."""
        user_id = reader_of(request).user_id
        try:
            await to_thread.run_sync(self._drafts.keep, user_id, conversation_id or "", text or "")
        except TableUnreachable as error:
            errors.record_storage(error)  # nobody asked for it, so nobody is told
        await asyncio.sleep(DRAFT_SECONDS)

    async def answer(
        self,
        question: str,
        index: float,
        conversation_id: str,
        version: float,
        model_id: str,
        temperature: float,
        max_tokens: float,
        request: gr.Request,
    ) -> AsyncIterator[Any]:
        """Ask, and show the answer as it is written; the question at message `index` anew unless NOTHING."""
        reader = reader_of(request)
        if not isinstance(question, str) or not _are_numbers(index, version):
            raise failure(request, "malformed")
        if not question.strip() and index < 0:
            yield gr.skip()
            return
        try:
            asked = Request(
                user_id=reader.user_id,
                conversation_id=_checked_id(conversation_id or _addressed(request)),
                # A page that has not loaded yet shows nothing that could be out of date.
                seen_version=int(version) if conversation_id else None,
                question=question,
                choice=self._choice(model_id, temperature, max_tokens),
                keep=None if index < 0 else int(index) // 2,
            )
            started = await to_thread.run_sync(self._turns.start, asked)
            await to_thread.run_sync(self._sent, asked, question)
        except RefusedError as refused:
            reader.warn(refused.reason)
            yield gr.skip()
            return
        except Exception as error:  # noqa: BLE001 (raised, it would leave the page waiting for an answer)
            errors.record_event(error)
            reader.warn("broken")
            yield gr.skip()
            return
        shown = render.messages(started.before.turns, reader.language)
        number = started.before.turns[-1].number + 1 if started.before.turns else 1
        shown.append(render.question(Turn(number, plain(started.question)), reader.language))
        live = LiveAnswer()
        try:
            yield shown
            async for text in started.answer.follow():
                parts = await to_thread.run_sync(live.update, text)
                yield [*shown, render.growing_answer(parts)]
            if started.answer.problem:
                reader.warn(started.answer.problem)
        finally:
            # A stop or a closed page ends this generator; the answer's thread then saves what there is.
            started.answer.stop()

    def settle(
        self, question: str, index: float, conversation_id: str, version: float, request: gr.Request
    ) -> tuple[Any, ...]:
        """The page after a turn, ended or stopped or refused: box, view, list.

        A message that was refused goes back to the box where it was written.
        """
        ready: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
        reader = reader_of(request)
        conversation_id = conversation_id or _addressed(request)
        try:
            conversation = self._views.conversation(reader, conversation_id) or Conversation(conversation_id)
            # The list changes with the first turn of a conversation only, and is the costly part.
            changed = len(conversation.turns) == 1
            links = self._views.list(reader, conversation_id, 0) if changed else (gr.skip(),) * LIST
        except TableUnreachable as error:
            errors.record_storage(error)
            return (gr.update(**ready), *(gr.skip(),) * (VIEW + LIST))
        if index < 0 and not _was_asked(conversation, question, int(version)):
            ready["value"] = question
        return (gr.update(**ready), *self._views.view(reader, conversation), *links)

    def _whole(self, user_id: str, conversation_id: str) -> Conversation:
        return self._store.page(user_id, conversation_id, **WHOLE) or Conversation(conversation_id)

    def _sent(self, asked: Request, text: str) -> None:
        try:
            self._drafts.sent(asked.user_id, asked.conversation_id, text)
        except TableUnreachable as error:
            errors.record_storage(error)

    @telling
    def undo(
        self, conversation_id: str, version: float, event: gr.UndoData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Drop the last turn and give its question back: box, view."""
        reader = reader_of(request)
        conversation = self._whole(reader.user_id, conversation_id)
        keep = message_index(event.index) // 2
        if conversation.version != int(version) or not 0 <= keep < len(conversation.turns):
            return (gr.skip(), *self._views.view(reader, conversation))
        try:
            left = self._store.undo(reader.user_id, conversation, conversation.turns[keep].number)
        except ConflictError:
            left = self._whole(reader.user_id, conversation_id)
        return (conversation.turns[keep].question_text, *self._views.view(reader, left))

    @telling
    def rename(
        self, title: str, conversation_id: str, skipped: float, request: gr.Request
    ) -> tuple[Any, ...]:
        """Give the open conversation another title: title, list."""
        reader = reader_of(request)
        if title.strip() and valid_id(conversation_id):
            try:
                self._store.rename(reader.user_id, conversation_id, title)
            except ConflictError:
                return ("", *self._views.list(reader, conversation_id, skipped))
        conversation = self._store.head(reader.user_id, conversation_id)
        shown = conversation.title if conversation else ""
        return (shown, *self._views.list(reader, conversation_id, skipped))

    @telling
    def delete(self, conversation_id: str, request: gr.Request) -> tuple[Any, ...]:
        """Delete the open conversation, and go on in a new one: id, view, list."""
        reader = reader_of(request)
        if running := self._running.find(reader.user_id, conversation_id):
            running.stop()
        self._store.delete(reader.user_id, conversation_id)
        empty = Conversation(new_id())
        return (empty.id, *self._views.view(reader, empty), *self._views.list(reader, conversation_id, 0))

    @telling
    def newer(self, skipped: float, conversation_id: str, request: gr.Request) -> tuple[Any, ...]:
        """The page before in the list: how many are skipped, list."""
        skip = max(int(skipped) - HEADINGS, 0)
        return (skip, *self._views.list(reader_of(request), conversation_id, skip))

    @telling
    def older(self, skipped: float, conversation_id: str, request: gr.Request) -> tuple[Any, ...]:
        """The next page of the list: how many are skipped, list."""
        skip = int(skipped) + HEADINGS
        return (skip, *self._views.list(reader_of(request), conversation_id, skip))

    def _choice(self, model_id: object, temperature: object, max_tokens: object) -> Choice:
        """The settings, if they are among those on offer; raises RefusedError."""
        low, high = TEMPERATURES
        if (
            not isinstance(model_id, str)
            or model_id not in self._settings.model_ids
            or not isinstance(temperature, int | float)
            or not low <= temperature <= high
            or not isinstance(max_tokens, int | float)
            or not 1 <= max_tokens <= self._settings.max_output_tokens
        ):
            raise RefusedError("choice")
        return Choice(model_id, float(temperature), int(max_tokens))


def _are_numbers(*values: object) -> bool:
    """Whether a hidden number is there at all: a component takes nothing for one, too."""
    return all(isinstance(value, int | float) for value in values)


def message_index(index: Any) -> int:
    """The number of a message in an event of the chat, which may stand in a pair with that of its part."""
    first = index[0] if isinstance(index, list | tuple) and index else index
    return first if isinstance(first, int) else NOTHING


def plain_text(value: Any) -> str:
    """The text of a message in an event of the chat: a string, or a list of parts."""
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list) else []
    return "\n".join(str(part.get("text", "")) if isinstance(part, dict) else str(part) for part in parts)


def _addressed(request: gr.Request) -> str:
    """The id in the page's address, for whoever sends a message before the page has loaded its own."""
    return conversation_in(dict(request.query_params))[0]


def _checked_id(conversation_id: object) -> str:
    if not isinstance(conversation_id, str) or not valid_id(conversation_id):
        raise RefusedError("not_found")
    return conversation_id


def _was_asked(conversation: Conversation, question: str, version: int) -> bool:
    """Whether a message became the conversation's last question after `version`."""
    last = conversation.turns[-1].question_text if conversation.turns else ""
    return conversation.version != version and last == question.strip()
