"""What a turn costs us does not depend on how long its conversation is, nor on where in it one asks."""

import time
from collections import Counter
from typing import Any
from uuid import uuid4

import pytest

from gradio_app.chat import context, keeper
from gradio_app.chat.conversation import Answer, new_id, plain
from gradio_app.chat.model import Models, context_tokens
from gradio_app.store import schema
from gradio_app.store.messages import answer_item, question_item
from tests.gradio_app.chatting import MODEL_ID, Chatting, make_chatting
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.in_process import InProcess

pytestmark = pytest.mark.slow

SHORT, LONG = "a question " * 10, "words of an answer " * 160
"""Of a turn of 3 kB, as people write them."""


def long_conversation(client: InProcess, turns: int, *, is_summed_up: bool) -> str:
    """A conversation of so many turns, written straight into the table."""
    conversation_id = new_id()
    first = 10**12
    for number in range(first, first + turns):
        question = question_item("ana", conversation_id, number, number - 1, plain(SHORT))
        client.load([question, answer_item("ana", conversation_id, number, Answer(plain(LONG)))])
    if turns:
        head: dict[str, Any] = {
            "pk": schema.person("ana"),
            "sk": schema.conversation(conversation_id),
            "title": "long",
            "version": first + turns - 1,
            "updated_at": int(time.time()),
        }
        if is_summed_up:
            head |= {"summary": "They talked.", "summarized_to": first + turns - 6}
        client.load([head])
    return conversation_id


@pytest.fixture(autouse=True)
def only_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator searches a long table slowly; what is saved meanwhile does not count."""
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)


class Measured:
    """A conversation, and what a turn in it does."""

    def __init__(self, models: Models, turns: int, *, is_summed_up: bool = True) -> None:
        name = f"length-{uuid4().hex}"
        self.client = InProcess(name)
        self.chatting: Chatting = make_chatting(self.client, name, models)
        self.chatting.conversation_id = long_conversation(self.client, turns, is_summed_up=is_summed_up)

    def turn(self, **others: Any) -> tuple[Counter[str], int]:
        """The calls of a turn, and the items that they read."""
        asked = self.chatting.request("answer: yes", seen_version=None, **others)
        self.client.calls.clear()
        self.client.items_read = 0
        started = self.chatting.turns.start(self.chatting.turns.admit(asked))
        assert started.answer.done.wait(300)
        while not self.chatting.running.is_idle:
            time.sleep(0.01)
        return Counter(operation for operation, _ in self.client.calls), self.client.items_read


@pytest.mark.parametrize("is_summed_up", [True, False])
def test_a_turn_makes_as_many_calls_and_reads_no_more_items(
    models: Models, fake: FakeBedrock, is_summed_up: bool
) -> None:
    longest = 1_000
    calls: dict[int, Counter[str]] = {}
    items: dict[int, int] = {}
    sent: dict[int, list[int]] = {}
    for turns in (0, 300, longest):
        fake.requests.clear()
        calls[turns], items[turns] = Measured(models, turns, is_summed_up=is_summed_up).turn()
        sent[turns] = [len(str(request["messages"])) for request in fake.requests]
    assert calls[300] == calls[longest]
    if is_summed_up:  # or else a summary is due, of a piece as long as any other
        assert calls[300].total() <= calls[0].total() + 1, "the first has nothing to read"
    assert items[300] == items[longest]
    most = context.most_bytes(context_tokens(MODEL_ID)) // len(SHORT + LONG)
    assert items[longest] <= 2 * most + 100
    assert sent[300] == sent[longest]


@pytest.mark.parametrize("turns", [20, 300])
def test_a_turn_takes_four_calls_from_the_question_to_the_stored_answer(models: Models, turns: int) -> None:
    """The first one on a task looks besides for what dead tasks have left, as once an hour."""
    measured = Measured(models, turns)
    first, _ = measured.turn()
    calls, _ = measured.turn()
    assert calls == {"batch_get_item": 1, "query": 1, "transact_write_items": 2}
    assert first["query"] == 2


def test_so_does_repeating_the_last_question(
    models: Models,
) -> None:
    costs = []
    for turns in (60, 600):
        measured = Measured(models, turns)
        page = measured.chatting.store.page("ana", measured.chatting.conversation_id, turns=1)
        assert page
        costs.append(measured.turn(replaces=page.last))
    assert costs[0] == costs[1]
