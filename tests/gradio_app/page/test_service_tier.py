"""The service tier, by raw HTTP: offered where the model has any, checked, and sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from gradio_app.chat.conversation import new_id
from gradio_app.page import texts
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.test_effort import shown
from tests.gradio_app.page.whole import Whole, whole_application
from tests.security.chat_api import told

pytestmark = pytest.mark.slow

BOTH, PRIORITY_ALONE, NONE = (
    "us.amazon.nova-2-lite-v1:0",
    "global.amazon.nova-2-lite-v1:0",
    "us.amazon.nova-lite-v1:0",
)
NAMES = texts.SERVICE_TIERS["en"]


@pytest.fixture
def whole(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[Whole]:
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    model_ids = (BOTH, PRIORITY_ALONE, NONE)
    with whole_application(table, dynamodb, bedrock, model_ids=model_ids) as whole:
        yield whole


def test_it_is_offered_where_the_model_has_any_and_kept(whole: Whole, fake: FakeBedrock) -> None:
    ana, conversation_id = whole.chat_client("ana@example.com"), new_id()
    offered = shown(ana, "service-tier", "open", f"?new={conversation_id}")
    assert (offered["visible"], offered["value"]) == (True, "")
    assert offered["choices"] == [[NAMES[tier], tier] for tier in ("", "flex", "priority")]
    asked = {"model": BOTH, "effort": "low", "service_tier": "flex"}
    assert told(ana.start(conversation_id, "answer: yes", **asked))["taken"] is True
    until(lambda: whole.application.running.is_idle)
    assert fake.requests[0]["serviceTier"] == {"type": "flex"}
    assert shown(ana, "service-tier", "open", f"?c={conversation_id}")["value"] == "flex"
    assert shown(ana, "effort", "open", f"?c={conversation_id}")["value"] == "low"
    until(lambda: shown(ana, "service-tier", "open", f"?new={new_id()}")["value"] == "flex")
    changed = shown(ana, "service-tier", "measure", model=PRIORITY_ALONE, service_tier="flex")
    assert changed["choices"] == [[NAMES[tier], tier] for tier in ("", "priority")]
    assert (changed["visible"], changed["value"]) == (True, "")
    assert shown(ana, "service-tier", "measure", model=NONE, service_tier="flex")["visible"] is False
    assert shown(ana, "service-tier", "measure", model="another", service_tier="flex")["visible"] is False


def test_what_is_not_on_offer_is_sent_to_no_model(whole: Whole, fake: FakeBedrock) -> None:
    ana = whole.chat_client("ana@example.com")
    for tier in ("reserved", "default", ["flex"], 7, {}):
        answer = told(ana.start(new_id(), "answer: no", model=BOTH, service_tier=tier))
        assert answer.get("taken") is not True, tier
    for model, tier in ((PRIORITY_ALONE, "flex"), (NONE, "priority")):
        assert told(ana.start(new_id(), "answer: no", model=model, service_tier=tier))["taken"] is True
        until(lambda: whole.application.running.is_idle)
        assert "serviceTier" not in fake.requests[-1]
