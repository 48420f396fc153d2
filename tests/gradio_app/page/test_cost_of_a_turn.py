"""How many units of the table a turn takes at the page: what the estimate of costs rests on."""

import math
from collections import Counter
from uuid import uuid4

import pytest

from deployer.offline.cost import Traffic
from gradio_app.chat import keeper, preparing
from gradio_app.chat.conversation import Answer, new_id, plain
from gradio_app.conversations.listing import AT_ONCE
from gradio_app.store import schema
from gradio_app.store.conversations import Conversations
from gradio_app.store.messages import answer_item, question_item
from gradio_app.store.table import Table
from tests.gradio_app.chatting import bedrock_client, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.metered import Metered
from tests.gradio_app.page.whole import whole_application
from tests.security.chat_api import ChatClient, told

pytestmark = pytest.mark.slow

ANA = "ana@example.com"
OWNER = f"id-of-{ANA}"
FIRST = 10**12
DRAFTS = 3
"""Saved while a question is typed, which takes some seconds."""
SECONDS = 15
"""What the answer takes."""
SESSION_LOOKS = SECONDS // 5
"""Its session is looked at every five seconds."""
LISTINGS = 2
"""The list beside the chat is read anew when an answer begins and ends."""
ANSWER = "words of an answer " * 84
"""1.6 kB: 400 tokens."""


def with_turns(client: Metered, turns: int) -> str:
    """A conversation of so many turns, summed up as it would be, and others that fill a page of the list."""
    conversation_id = new_id()
    for number in range(FIRST, FIRST + turns):
        question = question_item(OWNER, conversation_id, number, number - 1, plain("a question " * 10))
        client.load([question, answer_item(OWNER, conversation_id, number, Answer(plain(ANSWER)))])
    if turns:
        head = {
            "pk": schema.person(OWNER),
            "sk": schema.conversation(conversation_id),
            "title": "long",
            "version": FIRST + turns - 1,
            "updated_at": 10**9,
            "summary": "They talked about this and that. " * 40,
            "summarized_to": FIRST + turns - 20,
        }
        others = ({**head, "sk": schema.conversation(new_id())} for _ in range(AT_ONCE))
        client.load([head, *others])
    return conversation_id


def a_turn(ana: ChatClient, conversation_id: str, version: int) -> None:
    """Typing, asking, following the answer to its end, and the page after it."""
    for length in range(1, DRAFTS + 1):
        path, text = f"/draft?conversation={conversation_id}", b"a question " * length
        assert ana.http.put(path, content=text, headers={"x-page-owner": OWNER}).is_success
    ana.ask(conversation_id, f"answer: {ANSWER}", version=version)
    settle = ana.event("settle")
    settled = ana.send(settle, ana.data(settle, text=conversation_id), f"?c={conversation_id}")
    assert told(settled)["running"] is False
    for _ in range(LISTINGS):
        assert ana.http.get("/conversations/list", headers={"x-page-owner": OWNER}).is_success


def units(turns: int, fake: FakeBedrock) -> tuple[float, float]:
    """The units written and read in a turn after so many."""
    name = f"units-{uuid4().hex}"
    client = Metered(name)
    conversation_id = with_turns(client, turns)
    with whole_application(name, client, bedrock_client("bedrock-runtime", fake.endpoint_url)) as whole:
        ana = whole.chat_client(ANA)
        client.reset()
        a_turn(ana, conversation_id, FIRST + turns - 1 if turns else 0)
        until(lambda: whole.application.running.is_idle)
        writes, reads = client.writes, client.reads
    saves = _saves(client, conversation_id)
    return writes + saves[0], reads + saves[1] + SESSION_LOOKS


def _saves(client: Metered, conversation_id: str) -> tuple[int, float]:
    """The units of saving an answer once a second, taken to be half of it each time."""
    store = Conversations(Table(client, client.table_name))
    seen = store.head(OWNER, conversation_id)
    assert seen
    number = store.ask(OWNER, seen, "again", holder="me", lease_until=2**31)
    client.reset()
    for look in range(1, SECONDS + 1):
        looks = look % keeper.LONGEST_PAUSE == 0
        half = ANSWER[: len(ANSWER) // 2]
        store.write(OWNER, conversation_id, number, "me", half, 2**31, looks=looks)
    return client.writes, client.reads


@pytest.mark.parametrize("turns", [0, 20, 300])
def test_the_estimate_of_costs_says_what_a_turn_takes(
    fake: FakeBedrock, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)
    monkeypatch.setattr("gradio_app.sessions.sessions.CACHE_SECONDS", 3600)  # see SESSION_LOOKS
    # Whether an answer has ended before it is followed is chance here: the dearer is counted.
    monkeypatch.setattr(preparing, "page_with", lambda *_: None)
    fake.word_seconds = 0.0
    writes, reads = units(turns, fake)
    if turns:
        assert (writes, math.ceil(reads)) == (Traffic.writes_per_turn, Traffic.reads_per_turn)
    else:
        assert 0 < writes < Traffic.writes_per_turn
        assert 0 < reads < Traffic.reads_per_turn


@pytest.mark.parametrize("turns", [25, 300])
def test_a_turn_takes_six_calls_with_its_page(
    fake: FakeBedrock, turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Followed from the start, in a conversation whose person has asked on this task before."""
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)
    name = f"calls-{uuid4().hex}"
    client = Metered(name)
    conversation_id = with_turns(client, turns)
    with whole_application(name, client, bedrock_client("bedrock-runtime", fake.endpoint_url)) as whole:
        ana, running = whole.chat_client(ANA), whole.application.running
        ana.ask(conversation_id, "answer: yes", version=FIRST + turns - 1)
        until(lambda: running.is_idle)
        client.reset()
        assert told(ana.start(conversation_id, "hold", number=FIRST + turns))["taken"]
        ana.follow(conversation_id)
        until(lambda: running.answers[0]._loop)
        fake.go_on.set()
        assert "and the rest" in ana.stream()
        settle = ana.event("settle")
        settled = ana.send(settle, ana.data(settle, text=conversation_id), f"?c={conversation_id}")
        assert "and the rest" in settled.text
        until(lambda: running.is_idle)
        calls = [operation for operation, given in client.calls if "SESSION#" not in str(given.get("Key"))]
    assert Counter(calls) == {"batch_get_item": 2, "query": 2, "transact_write_items": 2}
