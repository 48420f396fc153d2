"""The account of what sessions have going on, over a queue that does what each test says."""

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import anyio
import pytest

from gradio_app.gate.events import Event
from gradio_app.gate.joined import EVENTS_PER_USER, STREAMS_PER_USER, AtWork, Joined, JoinedEvents
from gradio_app.gate.shares import TooMuchAtOnce


@dataclass
class FakeQueue:
    """Gradio's queue as far as the gate knows it: what is alive, and what nobody has read."""

    alive: set[str] = field(default_factory=set)
    unread: dict[str, set[str]] = field(default_factory=dict)
    stopped: Counter[str] = field(default_factory=Counter)
    cleared: Counter[str] = field(default_factory=Counter)
    stubborn: int = 0
    """How often an event is told to stop before it does."""

    def join(self, event_id: str, tab: str = "tab", *, alive: bool = True) -> None:
        self.unread.setdefault(tab, set()).add(event_id)
        if alive:
            self.alive.add(event_id)

    def has_messages(self, session_hash: str) -> bool:
        return session_hash in self.unread

    def is_alive(self, event_id: str) -> bool:
        return event_id in self.alive

    def is_unread(self, event_id: str, session_hash: str) -> bool:
        return event_id in self.unread.get(session_hash, ())

    async def stop(self, event_id: str) -> None:
        self.stopped[event_id] += 1
        if self.stopped[event_id] > self.stubborn:
            self.alive.discard(event_id)

    def forget(self, session_hash: str) -> None:
        assert not self.alive & self.unread.get(session_hash, set()), "Gradio would write to what is gone"
        self.unread.pop(session_hash, None)

    def clear(self, event_id: str) -> None:
        self.cleared[event_id] += 1


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gradio_app.gate.streams.WATCH_SECONDS", 0)


def an_event(event_id: str, tab: str = "tab", user: str = "ana", session: str = "of-ana") -> Joined:
    return Joined(event_id, tab, 0, user, session, 0.0)


def answers(*values: bool) -> Callable[[], Awaitable[bool]]:
    """What is said of a session each time that somebody asks; the last answer stays."""
    left = list(values)

    async def lasts() -> bool:
        return left.pop(0) if len(left) > 1 else left[0]

    return lasts


def test_a_session_that_ends_takes_its_events_along_and_says_so_once() -> None:
    ended: list[str] = []

    async def scenario() -> None:
        queue = FakeQueue(stubborn=3)
        joined = JoinedEvents(queue, AtWork(ended.append), now=lambda: 1.0)
        for event, tab, session in (("a", "tab", "of-ana"), ("b", "tab", "of-ana"), ("c", "her", "phone")):
            queue.join(event, tab)
            joined.add(an_event(event, tab, session=session))
        joined.watch("ana", "phone", answers(True))
        joined.watch("ana", "of-ana", answers(True, True, False))
        while queue.alive - {"c"} or queue.unread.get("tab"):
            await anyio.sleep(0)
        assert queue.alive == {"c"}, "the other session's goes on"
        queue.alive.clear()
        queue.forget("her")
        while joined._watchers:
            await anyio.sleep(0)
        assert ended == ["of-ana"]
        assert not joined._events
        assert set(queue.cleared) == {"a", "b", "c"}

    anyio.run(scenario)


def test_what_runs_beyond_the_queue_ends_with_its_session_too() -> None:
    """The tab is closed, its event over and read; the answer is being written all the same."""
    ended: list[str] = []

    async def scenario() -> None:
        work = AtWork(ended.append, is_busy=lambda key: key == "of-ana" and not ended)
        joined = JoinedEvents(FakeQueue(), work)
        joined.watch("eva", "of-eva", answers(False))
        joined.watch("ana", "of-ana", answers(True, True, True, False))
        while joined._watchers:
            await anyio.sleep(0)

    anyio.run(scenario)
    assert ended == ["of-ana"], "nothing is watched for whom nothing runs"


def test_results_that_wait_for_nobody_make_room_and_those_that_run_do_not() -> None:
    queue = FakeQueue()
    joined = JoinedEvents(queue, now=lambda: 0.0)

    def fill(*, alive: bool) -> None:
        for number in range(EVENTS_PER_USER):
            queue.join(f"{number}", f"tab-{number}", alive=alive)
            joined.add(an_event(f"{number}", f"tab-{number}"))

    fill(alive=True)
    with pytest.raises(TooMuchAtOnce), joined.room("ana", "new"):
        pass
    with joined.room("eva", "hers"):
        pass
    queue.alive.clear()
    with joined.room("ana", "new"):
        assert not queue.unread
    fill(alive=False)
    with joined.reading("ana", "tab-0"), joined.room("ana", "new"):
        assert set(queue.unread) == {"tab-0"}, "somebody is just reading that one"
    assert set(queue.unread) == {"tab-0"}, "and what it has not read yet waits for it"


def test_events_that_are_just_joining_take_room_too() -> None:
    joined = JoinedEvents(FakeQueue())
    with ExitStack() as stack:
        for _ in range(EVENTS_PER_USER):
            stack.enter_context(joined.room("ana", "new"))
        with pytest.raises(TooMuchAtOnce), joined.room("ana", "new"):
            pass
    with joined.room("ana", "new"):
        pass


def test_a_stream_that_has_told_all_leaves_nothing() -> None:
    queue = FakeQueue(unread={"tab": set()})
    with JoinedEvents(queue).reading("ana", "tab"):
        assert queue.has_messages("tab")
    assert not queue.has_messages("tab")


def test_a_stream_that_ends_before_its_event_does_leaves_nothing_either() -> None:
    async def scenario() -> None:
        queue = FakeQueue()
        joined = JoinedEvents(queue)
        queue.join("a")
        joined.add(an_event("a"))
        joined.watch("ana", "of-ana", answers(True))
        with joined.reading("ana", "tab"):
            queue.unread["tab"].remove("a")
        assert queue.has_messages("tab"), "Gradio may still write to it"
        queue.alive.remove("a")
        while joined._watchers:
            await anyio.sleep(0)
        assert not queue.has_messages("tab")

    anyio.run(scenario)


def test_what_joins_a_tab_as_its_last_event_ends_is_not_lost() -> None:
    queue = FakeQueue()
    joined = JoinedEvents(queue)
    queue.join("a")
    joined.add(an_event("a"))
    with joined.room("ana", "tab"):
        queue.unread["tab"].remove("a")
        queue.alive.remove("a")
        queue.join("b")
        with joined.room("ana", "other tab"), joined.reading("ana", "yet another"):
            assert queue.is_unread("b", "tab")
        joined.add(an_event("b"))
    assert queue.is_unread("b", "tab")


def test_a_join_that_failed_leaves_nothing() -> None:
    queue = FakeQueue()
    joined = JoinedEvents(queue)
    queue.join("a")
    joined.add(an_event("a"))
    with joined.room("ana", "tab"):
        queue.unread["tab"].remove("a")
        queue.alive.remove("a")
    assert not queue.has_messages("tab")


def test_streams_of_one_person_are_counted() -> None:
    joined = JoinedEvents(FakeQueue())
    with ExitStack() as stack:
        for number in range(STREAMS_PER_USER):
            stack.enter_context(joined.reading("ana", f"tab-{number}"))
        with pytest.raises(TooMuchAtOnce), joined.reading("ana", "one more"):
            pass
        with joined.reading("eva", "hers"):
            pass
    assert not joined._streams


@pytest.mark.parametrize(
    ("said", "believed"),
    [(("tab", 0), True), (("tab", 1), False), (("other", 0), False), (("", -1), True)],
)
def test_a_cancel_has_to_say_the_truth_about_its_event(said: tuple[str, int], believed: bool) -> None:
    queue = FakeQueue()
    joined = JoinedEvents(queue)
    queue.join("a")
    joined.add(an_event("a"))
    session_hash, fn_index = said
    assert joined.names("ana", Event(session_hash, "a", fn_index)) is believed
    assert joined.names("ana", Event(session_hash, "long over", fn_index))
