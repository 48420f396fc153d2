"""How much a model reasons, and what it tells of it: kept beside the answer, counted, never sent again."""

from typing import Any

import pytest

from gradio_app.chat import budget
from gradio_app.chat.conversation import COMPLETE, LENGTH, STOPPED, Answer, plain
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.streaming import THOUGHT_BYTES
from gradio_app.store.messages import TEXT_BYTES, answer_item, answer_of, item_bytes
from gradio_app.store.preferences import Preferences
from tests.gradio_app.chatting import MODEL_ID, Chatting, make_chatting, until
from tests.gradio_app.fake_bedrock import FakeBedrock


def test_the_reasoning_is_kept_with_its_time_and_goes_to_no_model_again(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    chatting.ask("think")
    answer = chatting.last()
    assert (answer.text, answer.status) == ("It is so.", COMPLETE)
    assert answer.thought == "Is it <b>so</b>? It is."
    assert answer.thought_ms >= 1
    chatting.ask("answer: and then")
    assert "<b>" not in str(fake.requests[-1])
    assert chatting.last().thought == ""


def test_of_much_reasoning_the_beginning_is_kept(chatting: Chatting) -> None:
    chatting.ask("think too long")
    answer = chatting.last()
    assert (answer.text, answer.reason) == ("", LENGTH)
    assert 0 < len(answer.thought.encode()) <= THOUGHT_BYTES
    assert answer.thought_ms >= 1


def test_a_stop_keeps_what_was_reasoned_and_it_is_charged(chatting: Chatting, fake: FakeBedrock) -> None:
    started = chatting.start("think and hold")
    until(lambda: started.answer.thought)
    chatting.turns.stop(chatting.user_id, chatting.conversation_id)
    until(lambda: chatting.running.is_idle)
    answer = chatting.last()
    assert (answer.status, answer.text, answer.thought) == (STOPPED, "", "Let me see.")
    assert answer.output_tokens == budget.written("Let me see.", 1)
    assert len(fake.requests) == 1


@pytest.mark.parametrize("length", [10, TEXT_BYTES - 5_000, TEXT_BYTES - 10, TEXT_BYTES + 10])
def test_the_answer_comes_first_where_there_is_not_room_for_both(length: int) -> None:
    told = Answer(plain("a" * length), thought="ñ" * 20_000, thought_ms=1_500)
    item = answer_item("ana", "c" * 32, 1, told)
    assert item_bytes(item) <= TEXT_BYTES + 400
    read = answer_of(item)
    assert len(read.text) == min(length, TEXT_BYTES)
    assert told.thought.startswith(read.thought)
    assert bool(read.thought) == (length < TEXT_BYTES - 1_000)


SONNET, NOVA = "us.anthropic.claude-sonnet-4-6", "us.amazon.nova-2-lite-v1:0"
ADAPTIVE = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "max"}}


@pytest.mark.parametrize(
    ("model_id", "effort", "fields", "temperature"),
    [
        (SONNET, "max", ADAPTIVE, None),  # Claude takes no temperature beside it
        (SONNET, "", None, 0.3),
        (NOVA, "medium", {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}}, 0.3),
        ("openai.gpt-oss-120b-1:0", "low", {"reasoning_effort": "low"}, 0.3),
        (MODEL_ID, "", None, 0.3),
    ],
)
def test_the_model_is_told_how_much_to_reason_and_keeps_its_maximum(
    chatting: Chatting, fake: FakeBedrock, model_id: str, effort: str, fields: Any, temperature: float | None
) -> None:
    chatting.ask("answer: it is so", choice=Choice(model_id, 0.3, 100, effort))
    sent = fake.requests[-1]
    assert sent.get("additionalModelRequestFields") == fields
    assert sent["inferenceConfig"].get("temperature") == temperature
    assert sent["inferenceConfig"]["maxTokens"] == 100


@pytest.mark.parametrize(
    ("model_id", "levels"),
    [
        (SONNET, ("low", "medium", "high", "max")),
        (NOVA, ("low", "medium")),  # with "high" an answer has no maximum
        ("us.anthropic.claude-opus-4-5-20251101-v1:0", ()),  # takes no adaptive thinking
        ("xai.grok-4.6", ()),  # langchain does not know how it is told
        (MODEL_ID, ()),
        ("us.amazon.nova-lite-v1:0", ()),
    ],
)
def test_what_is_on_offer_is_what_the_model_can_be_told(
    models: Models, model_id: str, levels: tuple[str, ...]
) -> None:
    assert models.efforts(model_id) == levels


def test_how_much_to_reason_stays_with_the_conversation_and_begins_the_next(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    chatting = make_chatting(dynamodb, table, models, names=True)
    now = chatting.ask("answer: one", choice=Choice(SONNET, 0.3, 100, "high"))
    assert (now.effort, chatting.last().effort) == ("high", "high")
    preferences = Preferences(chatting.store._table)
    preferred = preferences.find("ana")
    assert preferred
    assert preferred.effort == "high"
    [_, title] = fake.requests
    assert "additionalModelRequestFields" not in title  # what nobody waits for is not reasoned about
    now = chatting.ask("answer: two", choice=Choice(SONNET, 0.3, 100))
    assert (now.effort, chatting.last().effort) == ("", "")
    preferred = preferences.find("ana")
    assert preferred
    assert preferred.effort == ""
