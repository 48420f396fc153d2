"""How often an unfinished answer is written, which is what a killed task loses of it."""

import itertools
from collections import Counter

import pytest

from gradio_app.chat import keeper
from gradio_app.chat.model import Models
from gradio_app.chat.running import Running
from gradio_app.chat.streaming import RunningAnswer
from tests.gradio_app.chatting import Chatting, make_chatting, until
from tests.gradio_app.in_process import InProcess

names = itertools.count()
LOOKS = 2 * keeper.LONGEST_PAUSE


class Watched:
    """Somebody who chats on a task whose keeper looks when it is told to; what that calls is counted."""

    def __init__(self, models: Models, places: int = 8) -> None:
        name = f"kept-{next(names)}"
        self.client = InProcess(name)
        self.chatting: Chatting = make_chatting(self.client, name, models, running=Running(places))

    def look(self) -> Counter[str]:
        self.client.calls.clear()
        for _ in range(LOOKS):
            self.chatting.turns._keeper.keep()
        return Counter(operation for operation, _ in self.client.calls)


@pytest.fixture
def watched(models: Models, monkeypatch: pytest.MonkeyPatch) -> Watched:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)
    return Watched(models)


def begun(chatting: Chatting, question: str = "silence") -> RunningAnswer:
    answer = chatting.start(question).answer
    until(lambda: answer.text or answer.in_line)
    return answer


def test_each_look_writes_an_answer_and_every_fifth_compares_the_conversation(watched: Watched) -> None:
    answer = begun(watched.chatting)
    assert watched.look() == {"update_item": LOOKS - 2, "transact_write_items": 2}
    assert watched.chatting.last().text == answer.text
    answer.stop()
    watched.chatting.settle()


def test_a_long_answer_is_written_less_often(watched: Watched) -> None:
    answer = begun(watched.chatting)
    answer.write("x" * 2 * keeper.CHEAP_BYTES)
    assert watched.look() == {"update_item": 3, "transact_write_items": 2}, "3, 5, 6, 9 and 10"
    answer.write("x" * 20 * keeper.CHEAP_BYTES)
    assert watched.look() == {"transact_write_items": 2}
    answer.stop()
    watched.chatting.settle()


def test_what_waits_in_line_only_keeps_its_lease(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)
    watched = Watched(models, places=1)
    first = begun(watched.chatting)
    ours = watched.chatting.conversation_id
    watched.chatting.user_id, watched.chatting.conversation_id = "berta", "b" * len(ours)
    waiting = begun(watched.chatting)
    assert waiting.in_line == 1
    assert watched.look() == {"update_item": LOOKS - 2, "transact_write_items": 4}
    for each in (waiting, first):
        each.stop()
    watched.chatting.settle()


def test_the_pauses_between_two_writes_are_far_shorter_than_a_lease() -> None:
    assert keeper.LONGEST_PAUSE * keeper.KEEP_SECONDS * 2 < keeper.LEASE_SECONDS
