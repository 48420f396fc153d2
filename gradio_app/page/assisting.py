"""What a conversation is begun with: an assistant or none, settings, documents to ask, questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from gradio_app.chat.assistant import Label, Says
from gradio_app.chat.conversation import Conversation
from gradio_app.page import texts
from gradio_app.page.address import id_of
from gradio_app.page.choosing import at_first, with_assistant
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.values import Values
from gradio_app.page.views import Updates, Views

PARAMETER = "assistant"
"""Of the page's address: which one to begin with, as `Label.place` has it."""


@dataclass(frozen=True)
class Beginning:
    """Settings and documents as updates, questions to begin with, and why they are not all that was wanted.

    The reason is a key of `texts.REFUSALS`, or empty.
    """

    updates: Updates
    examples: list[dict[str, str]]
    reason: str = ""


class Assisting:
    """The choice of an assistant. In a conversation that is stored there is nothing to choose."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._chat = layout.chat

    @telling
    def choose(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Begin with another assistant, or with none."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = id_of(values.conversation_id(self._held.conversation_id), request)
        stored = self._services.store.head(reader.user_id, conversation_id)
        if stored:
            return {self._chat.assistant: self._views.assistant(stored)}
        place = values.text(self._chat.assistant)
        begun = self.beginning(reader, Conversation(conversation_id), place)
        return {
            **begun.updates,
            self._chat.turns: gr.update(examples=begun.examples),
            self._held.news: news(notice=reader.refusal(begun.reason) if begun.reason else ""),
        }

    def choice(self, reader: Reader, conversation: Conversation, place: str) -> Updates:
        """The choice itself, on a page that opens."""
        if conversation.version:
            return {self._chat.assistant: self._views.assistant(conversation)}
        labels = self._services.assistants.choosable(reader.asker)
        return {self._chat.assistant: _choice(labels, place, reader.language)}

    def beginning(self, reader: Reader, conversation: Conversation, place: str) -> Beginning:
        """What a conversation goes on with, or begins with where there is an assistant at that place.

        What an assistant would ask and its person may not read is not searched, which is said.
        """
        is_new = not conversation.version
        found = self._services.assistants.find(reader.asker, place) if place and is_new else None
        says = found.says if found else None
        settings = self._services.settings
        preferred = None if conversation.model_id else self._services.preferences.find(reader.user_id)
        choice = at_first(settings, conversation, preferred)
        wanted = says.asks if says else conversation.asks
        asks = self._views.asks(reader, wanted)
        is_closed = wanted and asks[self._chat.asks]["value"] != wanted
        reason = "assistant_gone" if place and is_new and not found else ""
        return Beginning(
            updates={
                **self._views.choice(reader, with_assistant(settings, choice, says) if says else choice),
                **asks,
            },
            examples=_examples(reader.language, says),
            reason=("assistant_asks" if says else "asks_gone") if is_closed else reason,
        )


def _examples(language: str, says: Says | None) -> list[dict[str, str]]:
    """What an empty page offers to ask: an assistant's own questions, or ours."""
    if says:
        return [{"display_text": starter, "text": starter} for starter in says.starters]
    return [{"display_text": name, "text": text} for name, text in texts.EXAMPLES[language]]


def _choice(labels: Sequence[Label], place: str, language: str) -> Any:
    choices = [(texts.NO_ASSISTANT[language], ""), *((label.name, label.place) for label in labels)]
    value = place if any(label.place == place for label in labels) else ""
    return gr.update(choices=choices, value=value, visible=bool(labels), interactive=True)
