"""How much a model is to reason, by raw HTTP: offered where it can be told, checked, and sent."""

from collections.abc import Iterator
from typing import Any

import pytest

from gradio_app.chat.conversation import new_id
from gradio_app.page import texts
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import Whole, whole_application
from tests.security.chat_api import ChatClient, told

NOVA_2, NOVA = "us.amazon.nova-2-lite-v1:0", "us.amazon.nova-lite-v1:0"
NAMES = texts.EFFORTS["en"]


@pytest.fixture
def whole(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[Whole]:
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    with whole_application(table, dynamodb, bedrock, model_ids=(NOVA_2, NOVA)) as whole:
        yield whole


def shown(client: ChatClient, element: str, name: str, query: str = "", **values: Any) -> dict[str, Any]:
    """What an event makes of a choice, such as of how much to reason."""
    event = client.event(name)
    data = client.send(event, client.data(event, text="", **values), query).json()["data"]
    elements = [client.components[each]["props"].get("elem_id") for each in event["outputs"]]
    return data[elements.index(element)]


def test_it_is_offered_where_the_model_can_be_told_and_kept(whole: Whole, fake: FakeBedrock) -> None:
    ana, conversation_id = whole.chat_client("ana@example.com"), new_id()
    offered = shown(ana, "effort", "open", f"?new={conversation_id}")
    assert offered["visible"] is True
    assert offered["value"] == ""
    assert offered["choices"] == [[NAMES[level], level] for level in ("", "low", "medium")]
    assert told(ana.start(conversation_id, "answer: yes", model=NOVA_2, effort="low"))["taken"] is True
    until(lambda: whole.application.running.is_idle)
    assert fake.requests[-1]["additionalModelRequestFields"]["reasoningConfig"]["maxReasoningEffort"] == "low"
    assert shown(ana, "effort", "open", f"?c={conversation_id}")["value"] == "low"
    assert shown(ana, "effort", "measure", model=NOVA, effort="low")["visible"] is False
    assert shown(ana, "effort", "measure", model=NOVA_2, effort="medium")["value"] == "medium"


def test_what_is_not_on_offer_is_sent_to_no_model(whole: Whole, fake: FakeBedrock) -> None:
    ana = whole.chat_client("ana@example.com")
    for effort in ("everything", ["low"], 7, {}):
        answer = told(ana.start(new_id(), "answer: no", model=NOVA_2, effort=effort))
        assert answer.get("taken") is not True, effort
    for model, effort in ((NOVA_2, "high"), (NOVA, "low")):
        assert told(ana.start(new_id(), "answer: no", model=model, effort=effort))["taken"] is True
        until(lambda: whole.application.running.is_idle)
        assert "additionalModelRequestFields" not in fake.requests[-1]
