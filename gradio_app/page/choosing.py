"""Which settings a person may choose, and which ones a page begins with."""

from typing import Any

from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.model import Choice
from gradio_app.page.layout import TEMPERATURE, TEMPERATURES
from gradio_app.settings import Settings
from gradio_app.store.preferences import Preferred


def chosen(settings: Settings, model_id: Any, temperature: Any, max_tokens: Any) -> Choice:
    """The settings that a browser sent, if they are among those on offer; raises RefusedError."""
    low, high = TEMPERATURES
    if (
        not isinstance(model_id, str)
        or model_id not in settings.model_ids
        or not _is_between(low, temperature, high)
        or not _is_between(1, max_tokens, settings.max_output_tokens)
    ):
        raise RefusedError("choice")
    return Choice(model_id, float(temperature), int(max_tokens))


def at_first(settings: Settings, conversation: Conversation, preferred: Preferred | None) -> Choice:
    """What the conversation was asked with last, else the person's last choice, as far as it is on offer."""
    kept = conversation if conversation.model_id else preferred
    model_id, temperature, max_tokens = settings.model_ids[0], TEMPERATURE, settings.max_output_tokens
    if kept:
        low, high = TEMPERATURES
        model_id = kept.model_id if kept.model_id in settings.model_ids else model_id
        temperature = kept.temperature if _is_between(low, kept.temperature, high) else temperature
        max_tokens = min(kept.max_tokens or max_tokens, max_tokens)
    return Choice(model_id, float(temperature or 0), max_tokens)


def _is_between(low: float, value: Any, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high
