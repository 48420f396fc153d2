"""How often an unfinished answer is written, which is what a killed task loses of it."""

import itertools
import threading
from collections import Counter
from concurrent.futures import wait

import pytest

from gradio_app.chat import keeper
from gradio_app.chat.model import Models
from gradio_app.chat.running import Running
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.conversations import Conversations
from tests.gradio_app.chatting import DEADLINE, Chatting, make_chatting, until
from tests.gradio_app.in_process import InProcess

names = itertools.count()
LOOKS = 2 * keeper.LONGEST_PAUSE


class Watched:
    """Somebody who chats on a task whose keeper looks when it is told to; what that calls is counted."""

    def __init__(self, models: Models, places: int = 2 * keeper.FEW) -> None:
        name = f"kept-{next(names)}"
        self.client = InProcess(name)
        self.chatting: Chatting = make_chatting(self.client, name, models, running=Running(places))

    def look(self) -> Counter[str]:
        self.client.calls.clear()
        for _ in range(LOOKS):
            wait(self.chatting.turns._keeper.look())
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
    assert watched.look() == {"update_item": LOOKS, "batch_get_item": 2}
    assert watched.chatting.last().text == answer.text
    answer.stop()
    watched.chatting.settle()


def test_a_long_answer_is_written_less_often(watched: Watched) -> None:
    answer = begun(watched.chatting)
    answer.write("x" * 2 * keeper.CHEAP_BYTES)
    assert watched.look() == {"update_item": 5, "batch_get_item": 2}, "3, 5, 6, 9 and 10"
    answer.write("x" * 20 * keeper.CHEAP_BYTES)
    assert watched.look() == {"update_item": 2, "batch_get_item": 2}
    answer.stop()
    watched.chatting.settle()


def test_many_answers_are_written_less_often(watched: Watched) -> None:
    """A task that is busy with answers is not made busy with writing them down."""
    answers = list[RunningAnswer]()
    for number in range(2 * keeper.FEW):
        watched.chatting.user_id = f"user-{number}"
        answers.append(begun(watched.chatting))
        if number == keeper.FEW - 1:
            assert watched.look()["update_item"] == keeper.FEW * LOOKS
    for answer in answers:
        answer.looks = 0
    assert watched.look()["update_item"] == 2 * keeper.FEW * 6, "2, 4, 5, 6, 8 and 10"
    for answer in answers:
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
    assert watched.look() == {"update_item": LOOKS + 2, "batch_get_item": 4}
    for each in (waiting, first):
        each.stop()
    watched.chatting.settle()


def test_the_pauses_between_two_writes_are_far_shorter_than_a_lease() -> None:
    assert keeper.LONGEST_PAUSE * keeper.KEEP_SECONDS * 2 < keeper.LEASE_SECONDS


def test_one_answer_that_cannot_be_written_keeps_no_other_waiting(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for what nobody expected, nor for a table that does not answer."""
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 3600.0)
    watched, go_on = Watched(models), threading.Event()
    write = Conversations.write

    def wrote(store: Conversations, user_id: str, *given: object, **named: object) -> bool:
        if user_id == "berta":
            raise ValueError
        if user_id == "carla":
            assert go_on.wait(DEADLINE)
        return write(store, user_id, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Conversations, "write", wrote)
    answers = dict[str, RunningAnswer]()
    for user_id in ("berta", "carla", "ana"):
        watched.chatting.user_id = user_id
        answers[user_id] = begun(watched.chatting)
    begun_writes = [len(watched.chatting.turns._keeper.look()) for _ in range(LOOKS)]
    assert sum(begun_writes) < 2 * LOOKS + 2, "what waits for the table is not begun again and again"
    until(lambda: watched.chatting.last().text == answers["ana"].text)
    go_on.set()
    for each in answers.values():
        each.stop()
    watched.chatting.settle()


def test_how_it_is_answered_is_known_before_a_task_dies(watched: Watched) -> None:
    """An answer that had to cite is not gone on with as one that had not."""
    answer = begun(watched.chatting)
    watched.look()
    stored, choice = watched.chatting.last(), answer.asked.choice
    assert (stored.model_id, stored.max_tokens) == (choice.model_id, choice.max_tokens)
    assert stored.can_go_on(2**32)
    answer.stop()
    watched.chatting.settle()
