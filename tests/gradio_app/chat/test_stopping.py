"""A stop works at any moment of an answer, frees the conversation at once, and leaves nothing behind."""

import threading
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import pytest

from gradio_app.chat import budget, keeper, writing
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import FAILED, STOPPED, WRITING, new_id
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Models
from gradio_app.chat.running import LEFT_AT_ONCE, REMEMBERED, Running
from gradio_app.chat.turns import ANSWERS_AT_ONCE
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import TableUnreachable
from gradio_app.store.usage import Usage
from tests.gradio_app.chatting import DEADLINE, Chatting, make_chatting, until
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

SOON = 5.0
"""Less than any time-out of the network here."""

Stop = Callable[[Chatting], None]


def by_button(chatting: Chatting) -> None:
    chatting.turns.stop(chatting.user_id, chatting.conversation_id, "ask-1")


def by_another_tab(chatting: Chatting) -> None:
    chatting.turns.stop(chatting.user_id, chatting.conversation_id)


def by_signing_out(chatting: Chatting) -> None:
    chatting.running.stop_session("session-1")


every_way = pytest.mark.parametrize("stop", [by_button, by_another_tab, by_signing_out])


def request(chatting: Chatting, question: str) -> Any:
    return chatting.request(question, session_key="session-1", ask_id="ask-1")


def start(chatting: Chatting, question: str) -> Any:
    return chatting.turns.start(chatting.turns.admit(request(chatting, question)))


def nothing_is_left(chatting: Chatting, fake: FakeBedrock) -> None:
    """No thread, no connection, and room for the next question."""
    until(lambda: chatting.running.is_idle)
    until(lambda: fake.being_answered == 0)
    assert chatting.ask("answer: go on").turns[-1].answer


@pytest.mark.parametrize("stop", [by_button, by_signing_out])
def test_before_the_request_has_come(chatting: Chatting, fake: FakeBedrock, stop: Stop) -> None:
    stop(chatting)
    with pytest.raises(RefusedError, match="stopped"):
        start(chatting, "answer: no")
    assert (fake.requests, chatting.now().version) == ([], 0)
    nothing_is_left(chatting, fake)


@every_way
def test_between_the_click_and_the_thread(chatting: Chatting, fake: FakeBedrock, stop: Stop) -> None:
    running = chatting.turns.admit(request(chatting, "answer: no"))
    stop(chatting)
    with pytest.raises(RefusedError, match="stopped"):
        chatting.turns.start(running)
    assert (fake.requests, chatting.now().version) == ([], 0)
    nothing_is_left(chatting, fake)


@every_way
def test_while_the_question_is_being_stored(
    chatting: Chatting, fake: FakeBedrock, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = Conversations.ask

    def asked(*args: Any, **kwargs: Any) -> int:
        stop(chatting)
        return ask(*args, **kwargs)

    monkeypatch.setattr(Conversations, "ask", asked)
    started = start(chatting, "answer: no")
    monkeypatch.undo()
    assert started.answer.done.wait(SOON)
    assert (chatting.last().status, chatting.last().text, fake.requests) == (STOPPED, "", [])
    nothing_is_left(chatting, fake)


@every_way
def test_before_the_first_byte(chatting: Chatting, fake: FakeBedrock, stop: Stop) -> None:
    started = start(chatting, "hang")
    until(lambda: fake.requests)
    stop(chatting)
    assert started.answer.done.wait(SOON), "the read time-out is 30 seconds"
    assert (chatting.last().status, chatting.last().text) == (STOPPED, "")
    assert fake.hang_up.wait(SOON), "the model is told that nobody waits for it"
    nothing_is_left(chatting, fake)


@every_way
@pytest.mark.parametrize(("question", "text"), [("silence", "half an answer"), ("endless", "more ")])
def test_in_the_middle(chatting: Chatting, fake: FakeBedrock, stop: Stop, question: str, text: str) -> None:
    started = start(chatting, question)
    until(lambda: started.answer.text)
    stop(chatting)
    assert started.answer.done.wait(SOON), "the read time-out is 30 seconds"
    assert chatting.last().status == STOPPED
    assert chatting.last().text.startswith(text)
    assert fake.hang_up.wait(SOON)
    nothing_is_left(chatting, fake)


@every_way
def test_while_it_waits_for_another_try(
    chatting: Chatting, fake: FakeBedrock, stop: Stop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", (600.0,))
    started = start(chatting, "throttle")
    until(lambda: started.answer.waits_for == "throttled")
    stop(chatting)
    assert started.answer.done.wait(SOON)
    assert (chatting.last().status, len(fake.requests)) == (STOPPED, 1)
    monkeypatch.undo()
    nothing_is_left(chatting, fake)


@every_way
def test_after_the_end_it_changes_nothing(chatting: Chatting, fake: FakeBedrock, stop: Stop) -> None:
    start(chatting, "answer: all of it")
    until(lambda: chatting.running.is_idle)
    stop(chatting)
    assert (chatting.last().status, chatting.last().text) == ("complete", "all of it")
    nothing_is_left(chatting, fake)


class Stuck:
    """Calls that stand where no stop can wake them, as while a name is looked up."""

    def __init__(self, client: Any) -> None:
        self.calls = 0
        self.go_on = threading.Event()
        client.meta.events.register("before-send.bedrock-runtime.ConverseStream", self._wait)

    def _wait(self, **_: Any) -> None:
        self.calls += 1
        self.go_on.wait(DEADLINE)


@pytest.fixture
def stuck(models: Models) -> Stuck:
    return Stuck(models.runtime)


def test_a_call_that_cannot_be_woken_is_left_behind(
    chatting: Chatting, fake: FakeBedrock, stuck: Stuck
) -> None:
    """When it answers at last, nobody takes it."""
    started = start(chatting, "answer: too late")
    until(lambda: stuck.calls)
    by_button(chatting)
    assert started.answer.done.wait(SOON)
    assert chatting.last().status == STOPPED
    assert not chatting.running.is_idle, "the call is still counted"
    stuck.go_on.set()
    until(lambda: chatting.running.is_idle)
    assert (chatting.last().text, fake.requests) == ("", [])
    nothing_is_left(chatting, fake)


def test_calls_that_were_left_behind_are_bounded(chatting: Chatting, stuck: Stuck) -> None:
    most = ANSWERS_AT_ONCE + LEFT_AT_ONCE
    for number in range(most):
        started = start(chatting, "answer: too late")
        until(lambda: stuck.calls > number)  # noqa: B023
        by_button(chatting)
        assert started.answer.done.wait(SOON)
    with pytest.raises(RefusedError, match="too_many"):
        start(chatting, "answer: one more")
    chatting.user_id = "berta"
    chatting.turns.admit(request(chatting, "answer: I am someone else"))
    chatting.user_id = "ana"
    assert stuck.calls == most
    stuck.go_on.set()


def test_a_stop_names_its_request(chatting: Chatting, fake: FakeBedrock) -> None:
    """What was pressed for an earlier answer does not end the one that runs by now."""
    started = start(chatting, "hold")
    chatting.turns.stop(chatting.user_id, chatting.conversation_id, "ask-0")
    chatting.turns.stop("berta", chatting.conversation_id, "ask-1")
    chatting.running.stop_session("session-2")
    chatting.running.stop_session("")
    assert not started.answer.stop_requested.is_set()
    fake.go_on.set()
    until(lambda: chatting.running.is_idle)
    assert chatting.last().text == "first words and the rest"


def test_one_user_cannot_make_the_stops_of_others_be_forgotten(chatting: Chatting) -> None:
    by_button(chatting)
    for number in range(10 * REMEMBERED):
        chatting.turns.stop("mallory", new_id(), f"ask-{number}")
    with pytest.raises(RefusedError, match="stopped"):
        start(chatting, "answer: no")


def test_a_page_that_goes_away_between_the_two_steps_leaves_nothing(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    chatting.turns.admit(request(chatting, "answer: no"))
    with pytest.raises(RefusedError, match="busy"):
        chatting.turns.admit(request(chatting, "answer: yes"))
    monkeypatch.setattr("gradio_app.chat.running.START_SECONDS", 0.0)
    chatting.running.sweep()
    assert chatting.running.is_idle


@pytest.mark.parametrize("question", ["hang", "silence"])
def test_deleting_ends_the_answer_on_whichever_task(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch, question: str
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.05)
    start(chatting, question)
    until(lambda: fake.requests)
    chatting.store.delete(chatting.user_id, chatting.conversation_id)
    until(lambda: chatting.running.is_idle)
    assert fake.hang_up.wait(SOON)
    assert chatting.now().version == 0


@pytest.fixture
def two(
    dynamodb: Any, table: str, models: Models, monkeypatch: pytest.MonkeyPatch
) -> tuple[Chatting, Chatting]:
    """The same user in the same conversation on two tasks."""
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.05)
    one, other = (make_chatting(dynamodb, table, models, running=Running()) for _ in range(2))
    other.conversation_id = one.conversation_id
    return one, other


@pytest.mark.parametrize("question", ["hang", "silence"])
def test_another_task_sees_the_answer_being_written_and_may_stop_it(
    two: tuple[Chatting, Chatting], fake: FakeBedrock, question: str
) -> None:
    laptop, phone = two
    started = start(laptop, question)
    assert phone.last().status == WRITING, "from before the first byte on"
    for replaces in (None, phone.now().last):
        with pytest.raises(RefusedError, match="busy"):
            phone.start("answer: me too", replaces=replaces)
    until(lambda: question == "hang" or phone.last().text == "half an answer")

    phone.turns.stop(phone.user_id, phone.conversation_id)
    assert started.answer.done.wait(SOON)
    assert phone.last().status == STOPPED
    assert fake.hang_up.wait(SOON)
    assert phone.ask("answer: now").turns[-1].answer


def test_a_lease_is_renewed_as_long_as_the_answer_runs(
    two: tuple[Chatting, Chatting], fake: FakeBedrock
) -> None:
    laptop, phone = two
    start(laptop, "hang")
    first = phone.last().lease_until
    until(lambda: phone.last().lease_until >= first + 2)
    with pytest.raises(RefusedError, match="busy"):
        phone.start("answer: me too")
    fake.go_on.set()
    until(lambda: laptop.running.is_idle)


def test_another_task_takes_over_when_the_lease_ran_out_and_the_late_one_writes_no_more(
    two: tuple[Chatting, Chatting], fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, phone = two
    monkeypatch.setattr(keeper, "LEASE_SECONDS", -1)
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 600.0)
    late = start(laptop, "hold")
    until(lambda: late.answer.text)
    phone.ask("answer: mine", replaces=phone.now().last)

    fake.go_on.set()
    until(lambda: laptop.running.is_idle)
    assert [turn.question_text for turn in phone.now().turns] == ["answer: mine"]
    assert phone.last().text == "mine"
    assert (late.answer.problem, phone.last().status) == ("", "complete")


def test_nothing_is_written_after_the_end_although_that_was_not_saved(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease would make other tasks wait for what nobody writes any more."""
    at_its_end, go_on = threading.Event(), threading.Event()

    def unreachable(*_: object, **__: object) -> None:
        raise TableUnreachable

    def measured(*_: object) -> None:
        at_its_end.set()
        go_on.wait(SOON)

    monkeypatch.setattr(keeper, "KEEP_SECONDS", 600.0)
    monkeypatch.setattr(Conversations, "answer", unreachable)
    monkeypatch.setattr(Metrics, "answer", measured)
    started = start(chatting, "answer: all of it")
    assert at_its_end.wait(SOON)
    before = chatting.last()
    wait(chatting.turns._keeper.look())
    assert chatting.last() == before
    go_on.set()
    assert started.answer.done.wait(SOON)
    assert started.answer.problem == "not_saved"


def test_a_task_that_lost_its_answer_stops_the_model(
    two: tuple[Chatting, Chatting], fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    laptop, phone = two
    monkeypatch.setattr(keeper, "LEASE_SECONDS", -1)
    start(laptop, "silence")
    phone.ask("answer: mine", replaces=phone.now().last)
    until(lambda: laptop.running.is_idle)
    assert fake.hang_up.wait(SOON)


def test_the_keeper_survives_what_goes_wrong_with_one_answer(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.01)
    write, times = Conversations.write, []

    def broken(*args: Any, **named: Any) -> bool:
        times.append(1)
        if len(times) < 3:
            raise ValueError
        return write(*args, **named)

    monkeypatch.setattr(Conversations, "write", broken)
    start(chatting, "silence")
    until(lambda: chatting.last().text == "half an answer" and chatting.last().status == WRITING)
    by_button(chatting)
    nothing_is_left(chatting, fake)


def test_nothing_unfinished_is_written_over_the_end(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.0)
    fake.word_seconds = 0.005
    for _ in range(5):
        words = " ".join(["word"] * 20)
        chatting.ask(f"answer: {words}")
        assert (chatting.last().text, chatting.last().status) == (words, "complete")


def test_a_call_that_the_table_does_not_know_of_is_not_made(
    chatting: Chatting, fake: FakeBedrock, dynamodb: Any, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its reservation was taken for dead and given back while it waited in line."""
    monkeypatch.setattr(Running, "has_place", False)
    monkeypatch.setattr(Usage, "begin", lambda *_: False)
    chatting.ask("answer: no")
    assert (chatting.last().status, chatting.last().reason) == (FAILED, "interrupted")
    assert fake.requests == []
    spent = [item for item in dynamodb.scan(TableName=table)["Items"] if "USAGE#" in item["sk"]["S"]]
    assert [int(item["tokens"]["N"]) for item in spent] == [budget.least("answer: no")]
