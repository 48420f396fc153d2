"""What the page shows, read from the store: component updates by component."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from gradio_app.chat.caching import caching
from gradio_app.chat.conversation import Conversation, Turn
from gradio_app.chat.model import Choice, names_of
from gradio_app.chat.service_tiers import tiers
from gradio_app.page import meter, render, texts
from gradio_app.page.layout import Layout
from gradio_app.page.paging import Place, whole_number
from gradio_app.page.reader import Reader
from gradio_app.page.services import ChatServices
from gradio_app.store.schema import is_branched

Updates = dict[Any, Any]
"""Component updates by component; what is not in it stays as it is."""


class Views:
    """Reads for the page; TableUnreachable passes through. What a reading costs is bounded, however long
    the conversation is."""

    def __init__(self, services: ChatServices, layout: Layout) -> None:
        self._services = services
        self._layout = layout

    @property
    def models(self) -> dict[str, str]:
        """Names of the models on offer by their ids; none where there is one only."""
        model_ids = self._services.settings.model_ids
        return names_of(model_ids) if len(model_ids) > 1 else {}

    @property
    def of_conversation(self) -> list[Any]:
        """The components that `view` updates."""
        held, chat = self._layout.held, self._layout.chat
        shown = [chat.turns, chat.usage, chat.meter, chat.earlier, chat.later, chat.assistant]
        return [held.version, held.last, held.turns_place, *shown]

    def conversation(
        self, reader: Reader, conversation_id: str, place: Place | None = None, version: int = 0
    ) -> Conversation:
        """The conversation with its latest turns, or those of another place; empty if there is none.

        A page of another `version` may stand in a branch that is not shown any more: it gets the latest.
        """
        before = whole_number(place.here) if place else None
        found = self._services.store.page(reader.user_id, conversation_id, before)
        if found and found.version != version and before is not None and is_branched(before):
            found = self._services.store.page(reader.user_id, conversation_id)
        return found or Conversation(conversation_id)

    def is_being_answered(self, reader: Reader, conversation: Conversation) -> bool:
        """Whether an answer is being written there, by this task or another one."""
        if self._services.running.find(reader.user_id, conversation.id):
            return True
        return not conversation.has_later and conversation.is_being_written(time.time())

    def view(
        self,
        reader: Reader,
        conversation: Conversation,
        place: Place | None = None,
        thumbs: Mapping[int, bool] | None = None,
    ) -> Updates:
        """The open conversation; `place` is where the shown turns are, if they are not the latest.

        `thumbs` are those on its answers, where they were read already.
        """
        held, chat = self._layout.held, self._layout.chat
        first = str(conversation.turns[0].number) if conversation.has_earlier else ""
        usage = "" if conversation.has_later else render.usage_line(conversation, reader.language)
        return {
            held.version: conversation.version,
            held.last: conversation.last,
            held.turns_place: Place(place.steps if place else (), first).text,
            chat.turns: gr.update(
                value=self.messages(reader, conversation, conversation.turns, thumbs),
                elem_classes="earlier" if conversation.has_later else "",
            ),
            chat.usage: usage,
            chat.meter: "" if conversation.has_later else self.meter(reader, conversation),
            chat.earlier: gr.update(visible=conversation.has_earlier),
            chat.later: gr.update(visible=conversation.has_later),
            chat.assistant: self.assistant(conversation),
        }

    def meter(self, reader: Reader, conversation: Conversation, model_id: str = "") -> str:
        """How full the room is, with the window of that model or of the one that answered last."""
        answer = conversation.turns[-1].answer if conversation.turns else None
        if answer is None:
            return ""
        answered = answer.model_id
        turns, on_offer = self._services.turns, self._services.settings.model_ids
        window = turns.window(model_id or answered) if (model_id or answered) in on_offer else 0
        cache = turns.caching(answered) if answered in on_offer else caching(answered)
        return meter.meter(conversation, window, cache, reader.language)

    def messages(
        self,
        reader: Reader,
        conversation: Conversation,
        turns: Sequence[Turn],
        thumbs: Mapping[int, bool] | None = None,
    ) -> list[Any]:
        """Turns as the chat shows them, with their thumbs, and their sources as these stand by now."""
        backed = [turn.answer.backing for turn in turns if turn.answer and turn.answer.backing]
        places = list(dict.fromkeys(source.place for each in backed for source in each.sources))
        documents = self._services.documents
        standing = documents.standing(reader.asker, places) if documents and places else {}
        numbers = [turn.number for turn in turns if turn.answer]
        if thumbs is None:
            thumbs = self._services.thumbs.of(reader.user_id, conversation.id, numbers) if numbers else {}
        shown = replace(conversation, turns=tuple(turns))
        return render.messages(shown, reader.language, standing, self.models, thumbs)

    def asks(self, reader: Reader, asks: str) -> Updates:
        """The choice of what to ask; what cannot be asked any more becomes nothing."""
        documents = self._services.documents
        found = documents.choosable(reader.asker) if documents else ()
        names = texts.ASKS[reader.language]
        choices = [(names[""], ""), *((names[each.kind].format(name=each.name), each.asks) for each in found)]
        value = asks if any(each.asks == asks for each in found) else ""
        update = gr.update(choices=choices, value=value, visible=bool(found))
        return {self._layout.chat.asks: update}

    def assistant(self, conversation: Conversation) -> Any:
        """The assistant of a conversation that is stored, and no other to choose; of a new one no change."""
        label = conversation.assistant
        if not conversation.version:
            return gr.update()
        return gr.update(
            choices=[(label.name, label.place)] if label else [("", "")],
            value=label.place if label else "",
            visible=label is not None,
            interactive=False,
        )

    def of_model(self, reader: Reader, model_id: str, effort: str, tier: str) -> Updates:
        """How much a model may be told to reason, and its service tiers; another model's become none."""
        is_offered = model_id in self._services.settings.model_ids
        levels = self._services.turns.efforts(model_id) if is_offered else ()
        offered = tiers(model_id) if is_offered else ()
        choices, language = self._layout.choices, reader.language
        return {
            choices.effort: _offering(texts.EFFORTS[language], levels, effort),
            choices.service_tier: _offering(texts.SERVICE_TIERS[language], offered, tier),
        }

    def choice(self, reader: Reader, choice: Choice) -> Updates:
        """The settings."""
        choices = self._layout.choices
        return {
            choices.model_id: choice.model_id,
            choices.temperature: choice.temperature,
            choices.max_tokens: choice.max_tokens,
            **self.of_model(reader, choice.model_id, choice.effort, choice.service_tier),
        }


def _offering(names: Mapping[str, str], offered: Sequence[str], value: str) -> Any:
    """A choice of what a model has, which is not there for one that has nothing to choose."""
    choices = [(names[each], each) for each in ("", *offered)]
    return gr.update(choices=choices, value=value if value in offered else "", visible=bool(offered))
