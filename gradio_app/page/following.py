"""How a page follows the answer that is being written in its conversation, by this task or by another one."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import Any

import gradio as gr
from anyio import to_thread

from gradio_app.chat import errors
from gradio_app.chat.conversation import Conversation, Turn, is_temporary
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.page import render, texts
from gradio_app.page.address import id_of
from gradio_app.page.growing import LiveAnswer
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.reader import Reader, failure, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.thought import GrowingThought
from gradio_app.page.values import Values
from gradio_app.page.views import Updates, Views
from gradio_app.store.table import TableUnreachable

LOOK_SECONDS = 2.0
"""Between two looks at what another task has written; it saves about every second."""
REMEMBERED = 32
"""Pages that were followed and are not settled yet: at most 256 kB of text each, most of them a tenth."""
START_SECONDS = 0.1
"""Between two looks whether an answer that was admitted has its question stored."""


class Following:
    """The events of an answer that is being written."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._followed: OrderedDict[tuple[str, str], Conversation] = OrderedDict()

    async def follow(self, sent: dict[Any, Any], request: gr.Request) -> AsyncIterator[Any]:
        """Show the answer as it grows; of all events the only one that streams.

        Fails, with the text still on the page, when it cannot be read or was not saved.
        """
        reader = reader_of(request)
        conversation_id = id_of(Values(sent).conversation_id(self._held.conversation_id), request)
        running = self._services.running.find(reader.user_id, conversation_id)
        try:
            async for shown in self._shown(reader, conversation_id, running):
                yield shown
        except TableUnreachable as error:
            errors.record_storage(error)
            raise failure(request, "storage") from None
        if running and running.problem:
            raise failure(request, running.problem)
        # Gradio says at the end what it said last once more, which would be all messages of the page.
        yield gr.skip()

    @telling
    def settle(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The page after an answer, whichever way that ended."""
        reader = reader_of(request)
        conversation_id = id_of(Values(sent).conversation_id(self._held.conversation_id), request)
        conversation, thumbs = self._settled(reader, conversation_id)
        return {
            **self._views.view(reader, conversation, thumbs=thumbs),
            self._held.news: news(
                running=self._views.is_being_answered(reader, conversation),
                said=render.outcome(conversation.turns, reader.language),
                whole=render.is_whole(conversation.turns),
            ),
        }

    def _settled(self, reader: Reader, conversation_id: str) -> tuple[Conversation, dict[int, bool] | None]:
        """The conversation, and its thumbs where they came with it: what is new of what was followed here."""
        seen = self._followed.pop((reader.user_id, conversation_id), None)
        found = self._services.store.settled(reader.user_id, seen) if seen else None
        return found or (self._views.conversation(reader, conversation_id), None)

    def broken_off(self, request: gr.Request) -> Updates:
        """The page when an answer could not be followed to its end."""
        said = texts.SPOKEN[reader_of(request).language]["broken_off"]
        return {self._held.news: news(running=False, said=said, whole=False)}

    async def _shown(
        self, reader: Reader, conversation_id: str, running: RunningAnswer | None
    ) -> AsyncIterator[Any]:
        """The messages of the page, each time that there is more of the answer."""
        while running and not running.number and not running.done.is_set():
            await asyncio.sleep(START_SECONDS)
        now = running.page if running else None
        now = now or await to_thread.run_sync(self._views.conversation, reader, conversation_id)
        if not now.turns:
            yield gr.skip()
            return
        *before, last = now.turns
        shown = await to_thread.run_sync(self._views.messages, reader, now, before)
        shown.append(render.question(conversation_id, last, reader.language))
        live, thoughts = LiveAnswer(), GrowingThought()
        async for text, waits_for in self._growing(reader, conversation_id, last, running):
            parts = live.written_on(text) or await to_thread.run_sync(live.update, text)
            is_ours = running is not None and running.number == last.number
            told = (running.thought, running.thought_ms) if running and is_ours else ("", 0)
            reasoned = thoughts.shown(*told, reader.language)
            in_line = running.in_line if running and is_ours else 0
            yield [
                *shown,
                render.growing_answer(parts, waits_for, reader.language, reasoned, in_line=in_line),
            ]
        self._remember(reader, now)

    def _remember(self, reader: Reader, page: Conversation) -> None:
        """For the event that settles it, which a page sends at once, if it is still there."""
        if is_temporary(page.id):
            return  # it is kept in one place, with which it goes
        self._followed[reader.user_id, page.id] = page
        while len(self._followed) > REMEMBERED:
            self._followed.popitem(last=False)

    async def _growing(
        self, reader: Reader, conversation_id: str, turn: Turn, running: RunningAnswer | None
    ) -> AsyncIterator[tuple[str, str]]:
        """The text of a turn's answer, from whoever writes it, and what it waits for if this task knows."""
        yield turn.answer.text if turn.answer else "", ""
        if running and running.number == turn.number:
            async for text in running.follow():
                yield text, running.waits_for
            return
        while turn.answer and turn.answer.is_being_written(time.time()):
            await asyncio.sleep(LOOK_SECONDS)
            now = await to_thread.run_sync(
                lambda: self._services.store.page(reader.user_id, conversation_id, turns=1)
            )
            if not now or not now.turns or now.turns[-1].number != turn.number:
                return
            [turn] = now.turns
            yield turn.answer.text if turn.answer else "", ""
