"""What the page's events do with conversations: open one, list them, give it a title, delete it.

The values come from a browser and none of them is trusted.
"""

import contextlib
from typing import Any

import gradio as gr

from gradio_app.chat.asking import is_blank
from gradio_app.chat.conversation import Conversation, new_id
from gradio_app.page import texts
from gradio_app.page.address import conversation_in, new_address
from gradio_app.page.choosing import at_first
from gradio_app.page.files_route import told
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.paging import Place
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.values import Values
from gradio_app.page.views import Updates, Views
from gradio_app.store.table import ConflictError


class ConversationEvents:
    """The events of the sidebar and of the page's opening."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views) -> None:
        self._services = services
        self._views = views
        self._held = layout.held
        self._chat = layout.chat
        self._conversation = layout.conversation

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
            **self._views.list(reader, conversation.id),
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

    @telling
    def rename(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Give the open conversation another title."""
        reader, values = reader_of(request), Values(sent)
        conversation_id = values.conversation_id(self._held.conversation_id)
        title = values.text(self._conversation.title)
        if not is_blank(title) and conversation_id:
            with contextlib.suppress(ConflictError):  # there is none to rename, and the page will show that
                self._services.store.rename(reader.user_id, conversation_id, title)
        stored = self._services.store.head(reader.user_id, conversation_id)
        listed = self._views.list(reader, conversation_id, values.place(self._held.list_place))
        return {self._conversation.title: stored.title if stored else "", **listed}

    @telling
    def delete(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """Delete the open conversation, and stand on the page of a new one."""
        reader = reader_of(request)
        conversation_id = Values(sent).conversation_id(self._held.conversation_id)
        if running := self._services.running.find(reader.user_id, conversation_id):
            running.stop()
        self._services.store.delete(reader.user_id, conversation_id)
        empty = Conversation(new_id())
        return {
            **self._views.view(reader, empty),
            **self._views.list(reader, empty.id),
            **self._views.asks(reader, ""),
            self._conversation.confirmation: gr.update(visible=False),
            self._held.conversation_id: empty.id,
            self._held.news: news(running=False, address=new_address(empty.id)),
        }

    def ask_whether_to_delete(self) -> Updates:
        """Ask once more before a conversation is deleted."""
        return {self._conversation.confirmation: gr.update(visible=True)}

    def keep(self) -> Updates:
        """Do not delete it after all."""
        return {self._conversation.confirmation: gr.update(visible=False)}

    @telling
    def newer(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The page before in the list."""
        values = Values(sent)
        return self._turned(values, values.place(self._held.list_place).back(), request)

    @telling
    def older(self, sent: dict[Any, Any], request: gr.Request) -> Updates:
        """The next page of the list."""
        values = Values(sent)
        return self._turned(values, values.place(self._held.list_place).forward(), request)

    def _turned(self, values: Values, place: Place, request: gr.Request) -> Updates:
        open_id = values.conversation_id(self._held.conversation_id)
        return self._views.list(reader_of(request), open_id, place)


def _unasked(draft: str, conversation: Conversation) -> str:
    """A draft without what a page that went away had asked after all."""
    asked = conversation.turns[-1].question_text if conversation.turns else ""
    if not asked or not draft.startswith(asked):
        return draft
    rest = draft[len(asked) :]
    return rest.removeprefix("\n\n") if not rest or rest.startswith("\n\n") else draft
