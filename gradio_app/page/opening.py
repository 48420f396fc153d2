"""What the page shows when it opens. The list of conversations is past Gradio: `gradio_app.conversations`."""

from typing import Any

import gradio as gr

from gradio_app.chat.conversation import Conversation, new_id
from gradio_app.page import texts
from gradio_app.page.address import conversation_in
from gradio_app.page.choosing import at_first
from gradio_app.page.files_route import told
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.views import Updates, Views


class Opening:
    """The event of the page's opening."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._chat = layout.chat

    @telling
    def open(self, request: gr.Request) -> Updates:
        """The page as its address names it, with what was typed there and not sent."""
        reader = reader_of(request)
        wanted, expected = conversation_in(dict(request.query_params))
        conversation = self._views.conversation(reader, wanted or new_id())
        welcome = texts.WELCOME[reader.language]
        if expected and not conversation.version:
            welcome = f"{reader.refusal('not_found')}\n\n{welcome}"
        view = self._views.view(reader, conversation)
        view[self._chat.turns] |= {
            "placeholder": welcome,
            "examples": [
                {"display_text": name, "text": text} for name, text in texts.EXAMPLES[reader.language]
            ],
        }
        draft, uploads = self._draft(reader, conversation)
        self._services.files.clear(reader.user_id)
        asks = self._views.asks(reader, conversation.asks)
        is_gone = conversation.asks and asks[self._chat.asks]["value"] != conversation.asks
        preferred = None if conversation.model_id else self._services.preferences.find(reader.user_id)
        return {
            **view,
            **self._views.choice(at_first(self._services.settings, conversation, preferred)),
            **asks,
            self._held.conversation_id: conversation.id,
            self._held.news: news(
                running=self._views.is_being_answered(reader, conversation),
                give=draft,
                files=uploads,
                **({"notice": reader.refusal("asks_gone")} if is_gone else {}),
            ),
        }

    def _draft(self, reader: Reader, conversation: Conversation) -> tuple[str, list[Any]]:
        """What was typed and attached and not sent."""
        is_new = not conversation.version
        kept = self._services.drafts.find(reader.user_id, conversation.id, is_new=is_new)
        uploads = [told(file) for file in self._services.files.uploads(reader.user_id, kept.uploads)]
        return _unasked(kept.text, conversation), uploads


def _unasked(draft: str, conversation: Conversation) -> str:
    """A draft without what a page that went away had asked after all."""
    asked = conversation.turns[-1].question_text if conversation.turns else ""
    if not asked or not draft.startswith(asked):
        return draft
    rest = draft[len(asked) :]
    return rest.removeprefix("\n\n") if not rest or rest.startswith("\n\n") else draft
