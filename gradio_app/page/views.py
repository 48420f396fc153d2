"""What the page shows, read from the store: tuples of updates in the order of the components they are for."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from gradio_app.chat.conversation import WRITING, Answer, Conversation, Heading, plain
from gradio_app.chat.streaming import Running
from gradio_app.page import render
from gradio_app.page.address import address_of
from gradio_app.page.reader import Reader
from gradio_app.store.conversations import Conversations

HEADINGS = 20
"""Conversations on one page of the list."""
MOST_SKIPPED = 2_000
WHOLE = {"turns": 100_000, "most_bytes": 1_000_000_000}
"""All of a conversation."""
SAVE_SECONDS = 10.0
"""How long a page waits for the rest of a stopped answer to be saved."""

VIEW = 4
"""Updates of `Views.view`: chat, version, line of token counts, title."""
LIST = HEADINGS + 2
"""Updates of `Views.list`: the links, newer, older."""


class Views:
    """Reads for the page; TableUnreachable passes through."""

    def __init__(self, store: Conversations, running: Running) -> None:
        self._store = store
        self._running = running

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

    def view(self, reader: Reader, conversation: Conversation) -> tuple[Any, ...]:
        """The open conversation."""
        return (
            render.messages(conversation.turns, reader.language),
            conversation.version,
            render.usage_line(conversation, reader.language),
            conversation.title,
        )

    def list(self, reader: Reader, current: str, skipped: float) -> tuple[Any, ...]:
        """A page of the list of conversations; `current` is the open one's id."""
        skip = min(max(int(skipped), 0), MOST_SKIPPED)
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
        return (*links, gr.update(visible=skip > 0), gr.update(visible=len(headings) > HEADINGS))

    def _headings(self, user_id: str, skip: int, limit: int) -> Sequence[Heading]:
        return self._store.headings(user_id, None, skip + limit)[skip:]
