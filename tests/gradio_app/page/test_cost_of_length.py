"""What a page reads and sends does not depend on how long its conversation is."""

from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from gradio_app.chat.conversation import Answer, new_id, plain
from gradio_app.store import schema
from gradio_app.store.messages import answer_item, question_item
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.in_process import InProcess
from tests.gradio_app.page.whole import whole_application

pytestmark = pytest.mark.slow

ANA = "ana@example.com"
OWNER = f"id-of-{ANA}"
FIRST = 10**12
EVENTS = ("open", "settle", "earlier")


def long_conversation(client: InProcess, turns: int) -> str:
    """A conversation of so many turns, written straight into the table."""
    conversation_id = new_id()
    for number in range(FIRST, FIRST + turns):
        question = question_item(OWNER, conversation_id, number, number - 1, plain("a question"))
        answer = Answer(plain("words of an answer " * 20))
        client.load([question, answer_item(OWNER, conversation_id, number, answer)])
    head: dict[str, Any] = {"pk": schema.person(OWNER), "sk": schema.conversation(conversation_id)}
    client.load([head | {"title": "long", "version": FIRST + turns - 1, "updated_at": 10**9}])
    return conversation_id


def cost(turns: int, fake: FakeBedrock) -> dict[str, tuple[Counter[str], int, int]]:
    """For each event at a conversation of so many turns: its calls, the items read, and the bytes sent."""
    name = f"page-{uuid4().hex}"
    client = InProcess(name)
    conversation_id = long_conversation(client, turns)
    costs: dict[str, tuple[Counter[str], int, int]] = {}
    with whole_application(name, client, bedrock_client("bedrock-runtime", fake.endpoint_url)) as whole:
        ana = whole.chat_client(ANA)
        for event in EVENTS:
            wanted = ana.event(event)
            data = ana.data(wanted, text=conversation_id, turns_place=f'["{FIRST + turns - 20}"]')
            client.calls.clear()
            client.items_read = 0
            answer = ana.send(wanted, data, f"?c={conversation_id}")
            assert answer.status_code == 200, answer.text
            assert "words of an answer" in answer.text
            read = Counter(operation for operation, _ in client.calls)
            costs[event] = (read, client.items_read, len(answer.content))
    return costs


def test_a_long_conversation_is_shown_like_a_short_one(
    fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is, the session is not looked up in between.
    monkeypatch.setattr("gradio_app.sessions.sessions.CACHE_SECONDS", 3600)
    short, long = cost(100, fake), cost(5_000, fake)
    for event in EVENTS:
        (calls, items, size), (long_calls, long_items, long_size) = short[event], long[event]
        assert (event, long_calls, long_items) == (event, calls, items)
        assert abs(long_size - size) < 200, event  # the ids and numbers in it
        assert items < 100, event
