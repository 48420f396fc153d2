"""Which settings a person may choose, and which ones a page begins with."""

from collections.abc import Callable, Sequence
from typing import Any

from gradio_app.chat.asking import RefusedError, temperature_of
from gradio_app.chat.assistant import Says
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.effort import LEVELS
from gradio_app.chat.model import Choice
from gradio_app.chat.service_tiers import TIERS, tiers
from gradio_app.page.layout import TEMPERATURE, TEMPERATURES
from gradio_app.settings import Settings
from gradio_app.store.preferences import Preferred

Efforts = Callable[[str], Sequence[str]]
"""How much a model may be told to reason, by its id."""


def chosen(
    settings: Settings,
    efforts: Efforts,
    model_id: Any,
    temperature: Any,
    max_tokens: Any,
    effort: Any,
    tier: Any,
) -> Choice:
    """The settings that a browser sent, if they are among those on offer; raises RefusedError.

    How much to reason and the service tier are left out where they are another model's: one is asked for this
    time only, say.
    """
    degree = temperature_of(temperature)
    if (
        not isinstance(model_id, str)
        or model_id not in settings.model_ids
        or degree is None
        or not _is_between(1, max_tokens, settings.max_output_tokens)
        or effort not in ("", *LEVELS)
        or tier not in ("", *TIERS)
    ):
        raise RefusedError("choice")
    effort = effort if effort and effort in efforts(model_id) else ""
    tier = tier if tier in tiers(model_id) else ""
    return Choice(model_id, degree, int(max_tokens), effort, tier)


def at_first(settings: Settings, conversation: Conversation, preferred: Preferred | None) -> Choice:
    """What the conversation was asked with last, else the person's last choice, as far as it is on offer."""
    kept = conversation if conversation.model_id else preferred
    model_id, temperature, max_tokens = settings.model_ids[0], TEMPERATURE, settings.max_output_tokens
    effort, tier = (kept.effort, kept.service_tier) if kept else ("", "")
    if kept:
        low, high = TEMPERATURES
        model_id = kept.model_id if kept.model_id in settings.model_ids else model_id
        temperature = kept.temperature if _is_between(low, kept.temperature, high) else temperature
        max_tokens = min(kept.max_tokens or max_tokens, max_tokens)
    return Choice(model_id, float(temperature or 0), max_tokens, effort, tier)


def with_assistant(settings: Settings, choice: Choice, says: Says) -> Choice:
    """What a conversation with an assistant begins with, where it says nothing the same as without."""
    return Choice(
        says.model_id if says.model_id in settings.model_ids else choice.model_id,
        choice.temperature if says.temperature is None else says.temperature,
        min(says.max_tokens or choice.max_tokens, settings.max_output_tokens),
        choice.effort,
        choice.service_tier,
    )


def _is_between(low: float, value: Any, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high
