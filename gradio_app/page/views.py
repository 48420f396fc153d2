"""What the page shows, read from the store: component updates by component."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from gradio_app.chat.conversation import WRITING, Answer, Conversation, Heading, plain
from gradio_app.chat.streaming import Running
from gradio_app.page import render
from gradio_app.page.address import address_of
from gradio_app.page.layout import HEADINGS, Layout
from gradio_app.page.reader import Reader
from gradio_app.store.conversations import Conversations

Updates = dict[Any, Any]
"""Component updates by component; what is not in it stays as it is."""

MOST_SKIPPED = 2_000
WHOLE = {"turns": 100_000, "most_bytes": 1_000_000_000}
"""All of a conversation."""
SAVE_SECONDS = 10.0
"""How long a page waits for the rest of a stopped answer to be saved."""


class Views:
    """Reads for the page; TableUnreachable passes through."""

    def __init__(self, store: Conversations, running: Running, layout: Layout) -> None:
        self._store = store
        self._running = running
        self._layout = layout

    @property
    def of_conversation(self) -> list[Any]:
        """The components that `view` updates."""
        held, chat = self._layout.held, self._layout.chat
        return [held.version, held.numbers, chat.turns, chat.usage, self._layout.conversation.title]

    @property
    def of_list(self) -> list[Any]:
        """The components that `list` updates."""
        listed = self._layout.list
        return [*listed.links, listed.newer, listed.older, self._layout.held.cursor]

    def conversation(self, reader: Reader, conversation_id: str) -> Conversation | None:
        """The conversation as it is now, with what is just being written in it."""
        running = self._running.find(reader.user_id, conversation_id)
        if running and running.stop_requested.is_set():
            running.done.wait(SAVE_SECONDS)
        conversation = self._store.page(reader.user_id, conversation_id, **WHOLE)
        if not conversation or not conversation.turns or not running or running.done.is_set():
            return conversation
        *turns, last = conversation.turns
        last = replace(last, answer=Answer(plain(running.text), WRITING, "writing"))
        return replace(conversation, turns=(*turns, last))

    def view(self, reader: Reader, conversation: Conversation) -> Updates:
        """The open conversation."""
        held, chat = self._layout.held, self._layout.chat
        return {
            held.version: conversation.version,
            held.numbers: json.dumps([turn.number for turn in conversation.turns]),
            chat.turns: render.messages(conversation.turns, reader.language),
            chat.usage: render.usage_line(conversation, reader.language),
            self._layout.conversation.title: conversation.title,
        }

    def list(self, reader: Reader, current: str, cursor: str) -> Updates:
        """A page of the list of conversations; `current` is the open one's id."""
        skip = min(int(cursor), MOST_SKIPPED) if cursor.isdecimal() and len(cursor) < 6 else 0
        headings = self._headings(reader.user_id, skip, HEADINGS + 1)
        links = [
            gr.update(
                value=heading.title,
                link=address_of(heading.id),
                visible=True,
                elem_classes="current" if heading.id == current else "",
            )
            for heading in headings[:HEADINGS]
        ]
        links += [gr.update(visible=False)] * (HEADINGS - len(links))
        listed = self._layout.list
        return {
            **dict(zip(listed.links, links, strict=True)),
            listed.newer: gr.update(visible=skip > 0),
            listed.older: gr.update(visible=len(headings) > HEADINGS),
            self._layout.held.cursor: str(skip),
        }

    def _headings(self, user_id: str, skip: int, limit: int) -> Sequence[Heading]:
        return self._store.headings(user_id, None, skip + limit)[skip:]
