"""What the page shows when it opens. The list of conversations is past Gradio: `gradio_app.conversations`."""

from typing import Any

import gradio as gr

from gradio_app.chat.conversation import Conversation, is_temporary, new_id
from gradio_app.page import texts
from gradio_app.page.address import conversation_in, turn_in
from gradio_app.page.assisting import PARAMETER, Assisting
from gradio_app.page.files_route import told
from gradio_app.page.layout import Layout
from gradio_app.page.news import news
from gradio_app.page.paging import Place
from gradio_app.page.reader import Reader, reader_of, telling
from gradio_app.page.services import ChatServices
from gradio_app.page.views import Updates, Views
from gradio_app.store.temporary import IDLE_SECONDS


class Opening:
    """The event of the page's opening."""

    def __init__(self, services: ChatServices, layout: Layout, views: Views, assisting: Assisting) -> None:
        self._services = services
        self._views = views
        self._assisting = assisting
        self._held = layout.held
        self._chat = layout.chat
        self._instructions = layout.choices.instructions

    @telling
    def open(self, request: gr.Request) -> Updates:
        """The page as its address names it, with what was typed there and not sent."""
        reader = reader_of(request)
        wanted, expected = conversation_in(dict(request.query_params))
        self._services.temporaries.come(reader.user_id, wanted)
        conversation = self._views.conversation(reader, wanted or new_id())
        welcome = texts.WELCOME[reader.language]
        if expected and not conversation.version:
            why = "temporary_gone" if is_temporary(wanted) else "not_found"
            welcome = f"{reader.refusal(why)}\n\n{welcome}"
        conversation, place, turn = self._at(reader, conversation, turn_in(dict(request.query_params)))
        assistant = request.query_params.get(PARAMETER, "")
        begun = self._assisting.beginning(reader, conversation, assistant)
        view = self._views.view(reader, conversation, place)
        view[self._chat.turns] |= {"placeholder": welcome, "examples": begun.examples}
        draft = self._services.drafts.find(reader.user_id, conversation.id, is_new=not conversation.version)
        uploads = [told(file) for file in self._services.files.uploads(reader.user_id, draft.uploads)]
        self._services.files.clear(reader.user_id)
        return {
            **view,
            **begun.updates,
            **self._assisting.choice(reader, conversation, assistant),
            self._instructions: conversation.instructions if conversation.version else draft.instructions,
            self._chat.temporary: _temporary(reader, conversation),
            self._held.conversation_id: conversation.id,
            self._held.news: news(
                running=self._views.is_being_answered(reader, conversation),
                give=_unasked(draft.text, conversation),
                files=uploads,
                turn=turn,
                **({"notice": reader.refusal(begun.reason)} if begun.reason else {}),
            ),
        }

    def _at(
        self, reader: Reader, conversation: Conversation, turn: int
    ) -> tuple[Conversation, Place | None, int]:
        """The page with a turn, what it is the way to, and the turn; as it is where there is none such."""
        if not turn or any(each.number == turn for each in conversation.turns):
            return conversation, None, turn
        found = self._services.store.page_to(reader.user_id, conversation.id, turn)
        return (found, Place((str(turn + 1),)), turn) if found else (conversation, None, 0)


def _temporary(reader: Reader, conversation: Conversation) -> Any:
    """What a page says of a conversation that is not stored."""
    if not is_temporary(conversation.id):
        return gr.update()
    told = texts.TEMPORARY[reader.language].format(minutes=IDLE_SECONDS // 60)
    return gr.update(value=told, visible=True)


def _unasked(draft: str, conversation: Conversation) -> str:
    """A draft without what a page that went away had asked after all."""
    asked = conversation.turns[-1].question_text if conversation.turns else ""
    if not asked or not draft.startswith(asked):
        return draft
    rest = draft[len(asked) :]
    return rest.removeprefix("\n\n") if not rest or rest.startswith("\n\n") else draft
