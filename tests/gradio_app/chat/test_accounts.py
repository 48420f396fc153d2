"""Money and text when the table or the model goes wrong in the middle of a turn, on two tasks."""

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradio_app.chat import budget
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import new_id
from gradio_app.chat.model import Models
from gradio_app.store import schema
from gradio_app.store.table import Table
from gradio_app.store.usage import LEASE_SECONDS, Reservation, Usage
from tests.gradio_app.chat.test_money import by_bytes, dear
from tests.gradio_app.chatting import Chatting, make_chatting, until
from tests.gradio_app.fake_bedrock import PLAYED, FakeBedrock, delta, ending
from tests.gradio_app.in_process import BUSY, LOST, TWICE, UNHEARD, InProcess

LIMIT = 4_000


class Tasks:
    """Two tasks over one table that can fail, for one person with a budget."""

    def __init__(self, models: Models, limit: int = LIMIT) -> None:
        name = f"tasks-{uuid4().hex}"
        self.client = InProcess(name)
        self.table = Table(self.client, name)
        self.tasks = [make_chatting(self.client, name, models, limit) for _ in range(2)]

    def rest(self) -> None:
        """Let all of it end, and settle what is left, as the keepers do in time."""
        self.client.next_fault = ""
        until(lambda: all(task.running.is_idle for task in self.tasks))
        for task in self.tasks:
            task.turns._accounts.keep()

    @property
    def spent(self) -> int:
        return sum(item["tokens"] for item in self.items(schema.USAGE))

    def items(self, prefix: str) -> list[dict[str, Any]]:
        return list(self.table.query(schema.person("ana"), prefix=prefix))


@pytest.fixture
def tasks(models: Models) -> Tasks:
    return Tasks(models)


QUESTIONS = ("answer: yes", "7" * 300, "throttle", "cut", "crash", "busy 1: answer: so", "silence")
steps = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.sampled_from(QUESTIONS),
        st.sampled_from(["", "", "", LOST, UNHEARD, TWICE, BUSY]),
        st.sampled_from(["", "at the start", "in the middle"]),
    ),
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps)
def test_whatever_goes_wrong_no_more_is_spent_than_there_is_and_nothing_stays_set_aside(
    models: Models, fake: FakeBedrock, steps: list[tuple[int, str, str, str]]
) -> None:
    fake.usage, fake.count = dear, by_bytes
    fake.requests.clear()
    tasks = Tasks(models)
    for number, question, fault, when in steps:
        task = tasks.tasks[number]
        task.conversation_id = new_id()
        # What the step before did not come to is not for this one, least of all for what the test reads.
        tasks.client.next_fault = ""
        asked = task.request(question, seen_version=None)
        tasks.client.next_fault = fault if when == "at the start" else ""
        with suppress(RefusedError):
            started = task.turns.start(task.turns.admit(asked))
            tasks.client.next_fault = fault if when == "in the middle" else ""
            if question == "silence":
                until(lambda: started.answer.text or started.answer.done.is_set())  # noqa: B023
                task.running.stop("ana", task.conversation_id)
            until(started.answer.done.is_set)
    tasks.rest()
    assert tasks.items(schema.RESERVATION) == []
    whole = [r for r in fake.requests if fake_answered(r)]
    worked = sum(by_bytes(r) + r["inferenceConfig"]["maxTokens"] for r in whole)
    assert worked <= tasks.spent <= LIMIT


def fake_answered(request: dict[str, Any]) -> bool:
    """Whether the fake model came to its end with this request, and said what it took."""
    question = request["messages"][-1]["content"][0]["text"]
    return question.startswith(("answer: ", "7"))


def test_a_question_of_which_nobody_knows_whether_it_was_stored_costs_its_storage(tasks: Tasks) -> None:
    task = tasks.tasks[0]
    asked = task.request("answer: yes", seen_version=None)
    transact = InProcess.__getattr__(tasks.client, "transact_write_items")
    failed: list[bool] = []

    def once_unheard(**arguments: Any) -> dict[str, Any]:
        if not failed:
            failed.append(True)
            tasks.client.next_fault = UNHEARD
        return transact(**arguments)

    tasks.client.transact_write_items = once_unheard  # type: ignore[attr-defined]
    with pytest.raises(RefusedError, match="storage"):
        task.turns.start(task.turns.admit(asked))
    assert task.now().turns[0].question_text == "answer: yes"
    assert (tasks.spent, tasks.items(schema.RESERVATION)) == (budget.least("answer: yes"), [])


def test_what_the_table_does_not_settle_is_settled_later(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, settling = tasks.tasks[0], Usage.settling

    def lost(*arguments: Any) -> Any:
        tasks.client.next_fault = LOST
        return settling(*arguments)

    monkeypatch.setattr(Usage, "settling", lost)
    task.ask("answer: yes")
    assert len(tasks.items(schema.RESERVATION)) == 1
    monkeypatch.undo()
    tasks.rest()
    assert (tasks.spent, tasks.items(schema.RESERVATION)) == (max(budget.least("answer: yes"), 12), [])


def test_whose_tokens_do_not_suffice_gets_what_a_dead_task_has_left(tasks: Tasks) -> None:
    """Though it was looked for a moment ago."""
    task, dead = tasks.tasks[0], Usage(tasks.table, LIMIT)
    task.ask("answer: yes")
    reservation = dead.reservation("ana", LIMIT - tasks.spent, 20)
    dead.reserve(reservation)
    key = schema.person("ana"), schema.reservation(reservation.id)
    tasks.table.update(*key, {"lease_until": 1})
    assert task.ask("answer: yes again").turns[-1].question_text == "answer: yes again"
    assert tasks.items(schema.RESERVATION) == []


def test_an_answer_and_the_keeper_may_settle_the_same_call_at_once(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    task, settling = tasks.tasks[0], Usage.settling
    accounts = task.turns._accounts

    def and_the_keeper(*arguments: Any) -> Any:
        monkeypatch.setattr(Usage, "settling", settling)
        accounts.keep()
        return settling(*arguments)

    monkeypatch.setattr(Usage, "settling", and_the_keeper)
    assert task.ask("answer: yes").turns[-1].answer
    assert (task.last().status, tasks.items(schema.RESERVATION)) == ("complete", [])
    assert not accounts.has_unsettled


def test_a_call_under_way_is_vouched_for(tasks: Tasks, fake: FakeBedrock) -> None:
    task = tasks.tasks[0]
    task.start("hold")
    until(lambda: any(item["begun"] for item in tasks.items(schema.RESERVATION)))
    [item] = tasks.items(schema.RESERVATION)
    tasks.table.update(item["pk"], item["sk"], {"lease_until": 1})
    task.turns._accounts.keep()
    [item] = tasks.items(schema.RESERVATION)
    assert item["lease_until"] > LEASE_SECONDS
    fake.go_on.set()
    tasks.rest()
    assert tasks.items(schema.RESERVATION) == []


@pytest.mark.parametrize("change", [Usage.begin, Usage.renew])
def test_a_call_that_lives_after_all_is_not_buried(
    tasks: Tasks, monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    """Another task has just read that its lease ran out."""
    usage = Usage(tasks.table, LIMIT)
    reservation: Reservation = usage.reservation("ana", 600, 20)
    usage.reserve(reservation)
    key = schema.person("ana"), schema.reservation(reservation.id)
    tasks.table.update(*key, {"lease_until": 1})
    query = Table.query

    def then_it_lives(*args: Any, **kwargs: Any) -> Any:
        found = list(query(*args, **kwargs))
        assert change(usage, reservation)
        return iter(found)

    monkeypatch.setattr(Table, "query", then_it_lives)
    usage.clear("ana")
    monkeypatch.undo()
    assert (tasks.spent, len(tasks.items(schema.RESERVATION))) == (600, 1)


LONE = [
    ([r"\ud83d", r"\ude00"], "\U0001f600"),
    ([r"a\ud83d", r"b"], "a\ufffdb"),
    ([r"\udc00", r"x\ud800"], "\ufffdx"),
    ([r"x", r"\ude00\ud83d", r"\ude00"], "x\ufffd\U0001f600"),
]


@pytest.mark.parametrize(("pieces", "text"), LONE)
def test_lone_surrogates_of_the_model_break_nothing(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch, pieces: list[str], text: str
) -> None:
    played = [delta(json.loads(f'"{piece}"')) for piece in pieces]
    monkeypatch.setitem(PLAYED, "halves", [*played, ending(2)])
    assert chatting.ask("halves").turns[-1].answer
    assert chatting.last().text == text
    assert chatting.ask("answer: and on").turns[-1].answer


def test_lone_surrogates_of_the_page_break_nothing(chatting: Chatting, fake: FakeBedrock) -> None:
    assert chatting.ask("answer: a\ud83d b \udc00").turns[-1].question_text == "answer: a\ufffd b \ufffd"
    assert chatting.last().text == "a\ufffd b \ufffd"
    assert fake.question() == "answer: a\ufffd b \ufffd"
