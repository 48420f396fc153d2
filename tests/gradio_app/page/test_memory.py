"""What a page view, an event and an unread result leave in the process: nothing, or a bounded rest.

Counted in objects, not in bytes or time; `test_resident_memory_stays_flat` looks at the whole.
"""

import gc
import inspect
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from gradio.blocks import Block
from gradio.queueing import Event, Queue
from gradio.state_holder import SessionState, StateHolder

from benchmarks.serving import turns
from gradio_app.gate.joined import EVENTS_PER_USER
from gradio_app.page.state import NoMemory, StepState
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import Whole, mounted, whole_application
from tests.gradio_app.tables import create_table
from tests.security.chat_api import ChatClient

pytestmark = pytest.mark.slow

DEADLINE = 60.0
ANA, EVA = "ana@example.com", "eva@example.com"


@pytest.fixture(scope="module")
def bedrock() -> Iterator[FakeBedrock]:
    with FakeBedrock() as bedrock:
        yield bedrock


@pytest.fixture(scope="module")
def running(dynamodb: Any, bedrock: FakeBedrock) -> Iterator[Whole]:
    table = f"memory-{uuid4().hex}"
    create_table(dynamodb, table)
    client = bedrock_client("bedrock-runtime", bedrock.endpoint_url)
    with pytest.MonkeyPatch.context() as patch, whole_application(table, dynamodb, client) as whole:
        patch.setattr("gradio_app.gate.streams.WATCH_SECONDS", 0.02)
        patch.setattr("gradio_app.sessions.sessions.CACHE_SECONDS", 0)
        yield whole


@pytest.fixture
def whole(running: Whole, monkeypatch: pytest.MonkeyPatch) -> Iterator[Whole]:
    """The application, of which every test takes back what it left."""
    yield running
    monkeypatch.setattr("gradio_app.gate.joined.UNREAD_SECONDS", 0)
    until(lambda: nothing(running), lambda: left(running))


def until(condition: Callable[[], object], what_is: Callable[[], object] = lambda: "") -> None:
    end = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < end, f"did not come true in time: {what_is()}"
        time.sleep(0.01)


def alive(kind: type) -> int:
    gc.collect()
    return sum(isinstance(each, kind) for each in gc.get_objects())


def view(tab: ChatClient, conversation_id: str) -> None:
    """Open the page of a conversation in a new tab."""
    tab.session_hash = secrets.token_hex(6)
    event = tab.event("open")
    assert tab.send(event, tab.data(event, text=""), f"?c={conversation_id}").status_code == 200


def left(whole: Whole) -> dict[str, int]:
    """How much Gradio's queue and application hold."""
    queue, app = whole.page._queue, mounted(whole.application)
    return {
        "tabs": len(queue.pending_messages_per_session),
        "messages": sum(each.qsize() for each in queue.pending_messages_per_session.values()),
        "unread": sum(map(len, queue.pending_event_ids_session.values())),
        "tabs of unread": len(queue.pending_event_ids_session),
        "events": len(queue.event_ids_to_events),
        "iterators": len(app.iterators) + len(app.iterators_to_reset),
        "differences": len(whole.page.pending_diff_streams),
        "pages": len(app.state_holder.session_data),
    }


def idle(whole: Whole) -> bool:
    queue = whole.page._queue
    return not len(queue) and not any(queue.active_jobs)


def nothing(whole: Whole) -> bool:
    return not any(left(whole).values())


def join(tab: ChatClient, question: str) -> int:
    """Ask in a conversation and in a tab of their own, and read nothing; the status of the answer."""
    tab.session_hash, conversation_id = secrets.token_hex(6), secrets.token_hex(16)
    tab.start(conversation_id, question)
    return tab.follow(conversation_id).status_code


def test_a_view_leaves_no_object(whole: Whole) -> None:
    tab, conversation_id = whole.chat_client(ANA), secrets.token_hex(16)
    tab.ask(conversation_id, "answer: hello")
    for _ in range(3):
        view(tab, conversation_id)
    before = alive(SessionState), alive(Block)
    for _ in range(20):
        view(tab, conversation_id)
    assert (alive(SessionState), alive(Block)) == before
    assert nothing(whole)


def test_a_turn_that_was_read_leaves_nothing_in_gradio(whole: Whole) -> None:
    tab, before = whole.chat_client(ANA), alive(Event)
    for _ in range(5):
        tab.session_hash = secrets.token_hex(6)
        assert "hello" in tab.ask(secrets.token_hex(16), "answer: hello")
    until(lambda: nothing(whole))
    # Each of the queue's two loops remembers one; the task that ran it ends a moment after it was read.
    until(lambda: alive(Event) <= before + 2, lambda: alive(Event))


def test_what_nobody_reads_is_bounded_for_each_person_and_makes_room_for_what_comes(whole: Whole) -> None:
    ana, eva = whole.chat_client(ANA), whole.chat_client(EVA)
    for _ in range(3 * EVENTS_PER_USER):
        assert join(ana, "answer: hello") == 200
        until(lambda: idle(whole))
        assert left(whole)["unread"] <= EVENTS_PER_USER
    assert "hello" in eva.ask(secrets.token_hex(16), "answer: hello")
    # Eva's tab goes a moment after she has read it.
    until(lambda: left(whole)["tabs"] <= EVENTS_PER_USER)
    assert left(whole)["messages"] <= EVENTS_PER_USER * 10


def test_results_that_pile_up_for_one_tab_are_bounded_too(whole: Whole) -> None:
    ana = whole.chat_client(ANA)
    for _ in range(3 * EVENTS_PER_USER):
        conversation_id = secrets.token_hex(16)
        ana.start(conversation_id, "answer: hello")
        ana.follow(conversation_id)
        until(lambda: idle(whole))
    assert left(whole)["unread"] <= EVENTS_PER_USER


def test_what_nobody_reads_is_given_back_after_a_while(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_app.gate.joined.UNREAD_SECONDS", 0)
    ana = whole.chat_client(ANA)
    for _ in range(3):
        assert join(ana, "answer: hello") == 200
    until(lambda: nothing(whole))


def test_signing_out_gives_all_of_it_back(whole: Whole) -> None:
    ana, eva = whole.chat_client(ANA), whole.chat_client(EVA)
    for _ in range(3):
        assert join(ana, "answer: hello") == 200
    assert join(eva, "answer: hello") == 200
    assert ana.http.post("/logout", follow_redirects=False).status_code == 303
    until(lambda: left(whole)["tabs"] == 1)
    assert left(whole)["unread"] == 1, "Eva's is left"


def test_signing_out_ends_an_answer_that_no_tab_shows_any_more(whole: Whole, bedrock: FakeBedrock) -> None:
    """Nobody reads a stream that could be cut; the answer is written all the same, until its session ends."""
    bedrock.go_on.clear()
    bedrock.requests.clear()
    ana, running = whole.chat_client(ANA), whole.application.running
    assert join(ana, "hold") == 200
    until(lambda: bedrock.requests)
    assert running.answers
    assert ana.http.post("/logout", follow_redirects=False).status_code == 303
    until(lambda: not running.answers)
    bedrock.go_on.set()


def test_an_event_that_is_cancelled_again_and_again_leaves_nothing(
    whole: Whole, bedrock: FakeBedrock
) -> None:
    bedrock.go_on.clear()
    tab = whole.chat_client(ANA)
    conversation_id = secrets.token_hex(16)
    tab.start(conversation_id, "hold")
    event_id, event = tab.follow(conversation_id).json()["event_id"], tab.event("follow")
    stop = {"fn_index": event["id"], "event_id": event_id, "session_hash": tab.session_hash}
    statuses: list[int] = []
    cancels = [
        threading.Thread(
            target=lambda: statuses.append(tab.http.post("/gradio_api/cancel", json=stop).status_code)
        )
        for _ in range(5)
    ]
    for each in cancels:
        each.start()
    for each in cancels:
        each.join()
    assert statuses == [200] * 5
    bedrock.go_on.set()
    tab.stream()
    until(lambda: nothing(whole))


def test_a_gradio_session_has_one_stream_at_a_time(whole: Whole, bedrock: FakeBedrock) -> None:
    """With two, Gradio fails at the end of the second, and its heartbeat goes on until the process ends."""
    bedrock.go_on.clear()
    tab, said = whole.chat_client(ANA), list[tuple[int, str]]()
    conversation_id = secrets.token_hex(16)
    tab.start(conversation_id, "hold")
    assert tab.follow(conversation_id).status_code == 200

    def read() -> None:
        answer = tab.http.get("/gradio_api/queue/data", params={"session_hash": tab.session_hash})
        said.append((answer.status_code, answer.text))

    readers = [threading.Thread(target=read) for _ in range(2)]
    for each in readers:
        each.start()
    try:
        until(lambda: said)
        assert [status for status, _ in said] == [429]
    finally:
        bedrock.go_on.set()
        for each in readers:
            each.join(DEADLINE)
    assert said[1][0] == 200
    assert "and the rest" in said[1][1]


def test_updates_of_components_reach_the_page_although_nothing_is_kept(whole: Whole) -> None:
    tab = whole.chat_client(ANA)
    event = tab.event("open")
    first, again = (tab.send(event, tab.data(event, text="")).json()["data"] for _ in range(2))
    assert any(isinstance(each, dict) and each.get("__type__") == "update" for each in first)
    assert len(first) == len(again) == len(event["outputs"])


def test_gradio_still_keeps_things_where_we_look_for_them(whole: Whole) -> None:
    queue = Queue(False, 1, 0.1, None, whole.page)
    assert {
        "pending_messages_per_session",
        "pending_event_ids_session",
        "event_ids_to_events",
        "event_queue_per_concurrency_id",
        "_asyncio_tasks",
        "server_app",
    } <= set(vars(queue))
    assert inspect.iscoroutinefunction(queue.clean_events)
    assert isinstance(mounted(whole.application).state_holder, NoMemory)
    assert whole.page.state_holder is mounted(whole.application).state_holder


def test_gradios_memory_of_a_page_has_no_part_that_we_do_not_know() -> None:
    """A new one might keep something, or be read by something: look at it, then add it here."""
    assert {
        name for name, value in vars(SessionState).items() if inspect.isroutine(value) or name[0] != "_"
    } == {
        "__init__",
        "__getitem__",
        "get",
        "__setitem__",
        "_update_config",
        "_update_value_in_config",
        "__contains__",
        "components",
        "state_components",
    }
    assert {name for name in vars(StateHolder) if name[:2] != "__"} == {
        "set_blocks",
        "update",
        "delete_all_expired_state",
        "delete_state",
    }
    assert issubclass(StepState, SessionState)


def test_resident_memory_stays_flat(whole: Whole) -> None:
    """A view used to leave 180 kB, of a long conversation two megabytes and more."""
    tab, conversation_id = whole.chat_client(ANA), secrets.token_hex(16)
    for number in range(8):
        tab.ask(conversation_id, f"answer: {'word ' * 2000}", version=number)
    for _ in range(20):
        view(tab, conversation_id)
    before = resident_bytes()
    for _ in range(300):
        view(tab, conversation_id)
    assert resident_bytes() - before < 300 * 20_000


def test_the_benchmark_does_what_a_page_does(whole: Whole) -> None:
    tab, conversation_id = whole.chat_client(EVA), turns.new_conversation()
    version = turns.turn(tab, conversation_id, "answer: hello", 0)
    assert turns.turn(tab, conversation_id, "answer: again", version) == version + 1
    turns.view(tab, conversation_id)
    listed = {each["id"] for each in tab.http.get("/conversations/list").json()["rows"]}
    assert conversation_id in listed
    turns.delete(tab, conversation_id)
    left = {each["id"] for each in tab.http.get("/conversations/list").json()["rows"]}
    assert listed - left == {conversation_id}


def resident_bytes() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
