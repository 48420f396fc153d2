"""Bedrock's service tiers: offered where a model has them, sent, charged at their price, and kept."""

from typing import Any

import pytest

from gradio_app.chat.model import Choice, Models
from gradio_app.chat.service_tiers import FLEX, PRIORITY, TIERS, tiers
from gradio_app.store.preferences import Preferences
from tests.gradio_app.chatting import MODEL_ID, Chatting, make_chatting
from tests.gradio_app.fake_bedrock import FakeBedrock

NOVA_PRO, NOVA_2 = "us.amazon.nova-pro-v1:0", "us.amazon.nova-2-lite-v1:0"


@pytest.mark.parametrize(
    ("model_id", "on_offer"),
    [
        (NOVA_PRO, TIERS),
        ("amazon.nova-pro-v1:0", TIERS),
        ("eu.amazon.nova-pro-v1:0", (FLEX,)),
        ("apac.amazon.nova-pro-v1:0", (FLEX,)),
        (NOVA_2, TIERS),
        ("global.amazon.nova-2-lite-v1:0", (PRIORITY,)),  # the default of the deployment
        ("eu.amazon.nova-2-lite-v1:0", ()),
        ("amazon.nova-premier-v1:0", (PRIORITY,)),
        ("openai.gpt-oss-120b-1:0", TIERS),
        ("deepseek.v3.2", (FLEX,)),  # priority is not in every region
        ("us.amazon.nova-lite-v1:0", ()),
        (MODEL_ID, ()),  # none of Anthropic's
        ("arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-pro-v1:0", TIERS),
        ("arn:aws:bedrock:us-east-1::foundation-model/openai.gpt-oss-20b-1:0", TIERS),
        ("arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6", ()),
        ("local.qwen2.5", ()),
    ],
)
def test_what_is_on_offer_is_what_has_a_price(model_id: str, on_offer: tuple[str, ...]) -> None:
    assert tiers(model_id) == on_offer


@pytest.mark.parametrize("tier", ["", *TIERS])
def test_the_request_names_the_tier_and_none_for_the_standard_one(
    chatting: Chatting, fake: FakeBedrock, tier: str
) -> None:
    chatting.ask("answer: it is so", choice=Choice(NOVA_PRO, 0.3, 100, service_tier=tier))
    assert fake.requests[-1].get("serviceTier") == ({"type": tier} if tier else None)


def spent(chatting: Chatting) -> int:
    items = chatting.store._table.query("USER#ana", prefix="USAGE#")
    return sum(item["tokens"] for item in items)


@pytest.mark.parametrize(
    ("tier", "served", "counted"),
    [("", "", 202), (FLEX, "", 101), (PRIORITY, "", 354), (PRIORITY, "default", 202), (FLEX, "default", 202)],
)
def test_the_days_tokens_count_at_the_price_of_the_tier_that_served(
    chatting: Chatting, fake: FakeBedrock, tier: str, served: str, counted: int
) -> None:
    fake.served_by = served
    fake.usage = lambda _, words: {"inputTokens": 200, "outputTokens": words, "totalTokens": 200 + words}
    chatting.ask("answer: so be", choice=Choice(NOVA_PRO, 0.3, 100, service_tier=tier))
    assert spent(chatting) == counted
    assert chatting.last().service_tier == ("" if served else tier)


def test_no_tier_is_told_of_an_answer_of_which_bedrock_says_none(chatting: Chatting) -> None:
    chatting.ask("odd", choice=Choice(NOVA_PRO, 0.3, 100, service_tier=PRIORITY))
    assert chatting.last().service_tier == ""


def test_who_pays_more_needs_more_left_of_the_day(dynamodb: Any, table: str, models: Models) -> None:
    """An answer of 10,000 tokens fits into a day of 15,000, and does not at 1.75 times the price."""
    chatting = make_chatting(dynamodb, table, models, budget=15_000)
    with pytest.raises(Exception, match="budget"):
        chatting.start("answer: no", choice=Choice(NOVA_PRO, 0.3, 10_000, service_tier=PRIORITY))
    chatting.ask("answer: yes", choice=Choice(NOVA_PRO, 0.3, 10_000))
    assert chatting.last().text == "yes"


def test_a_tier_stays_with_the_conversation_and_begins_the_next(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    chatting = make_chatting(dynamodb, table, models, names=True)
    now = chatting.ask("answer: one", choice=Choice(NOVA_2, 0.3, 100, "low", FLEX))
    assert (now.effort, now.service_tier) == ("low", FLEX)
    preferences = Preferences(chatting.store._table)
    preferred = preferences.find("ana")
    assert preferred
    assert (preferred.effort, preferred.service_tier) == ("low", FLEX)
    [_, title] = fake.requests
    assert "serviceTier" not in title  # what nobody waits for is neither late nor dear
    now = chatting.ask("answer: two", choice=Choice(NOVA_2, 0.3, 100, "low"))
    assert (now.effort, now.service_tier, chatting.last().service_tier) == ("low", "", "")
    preferred = preferences.find("ana")
    assert preferred
    assert (preferred.effort, preferred.service_tier) == ("low", "")
