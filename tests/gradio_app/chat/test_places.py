"""So many answers at once, and in line who comes then: told their number, and answered in order."""

import asyncio
import html
import itertools
from collections.abc import Callable

import pytest

from gradio_app.chat.asking import RefusedError
from gradio_app.chat.conversation import COMPLETE, STOPPED, new_id
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.places import PLACES, Places
from gradio_app.chat.running import CrowdedError, Running
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.chat.turns import ANSWERS_AT_ONCE, TurnRequest
from gradio_app.page import render, texts
from gradio_app.settings import Settings
from tests.gradio_app.chatting import DEADLINE, Chatting, make_chatting, until
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.in_process import InProcess

names = itertools.count()


def request(user_id: str) -> TurnRequest:
    return TurnRequest(user_id, new_id(), None, "hello", Choice("a.model", 0.3, 100))


class Office:
    """Two places, and people who come and leave; `begun` has the names of those whose turn came."""

    def __init__(self, places: int = 2) -> None:
        self.places = Places(places)
        self.begun: list[str] = []
        self.answers: dict[str, RunningAnswer] = {}

    def come(self, name: str) -> None:
        """Somebody with one letter; a number after it tells their questions apart."""
        self.answers[name] = RunningAnswer(request(name[0]))
        self._run(self.places.ask(self.answers[name], lambda: self.begun.append(name)))

    def end(self, name: str) -> None:
        for work in self.places.give_back(self.answers[name]):
            self._run(work)

    def stop(self, name: str) -> None:
        self._run(self.places.give_up(self.answers[name]))

    def line(self) -> list[str]:
        """The names in the order of the numbers that they were told."""
        waiting = {name: answer.in_line for name, answer in self.answers.items() if answer.in_line}
        assert sorted(waiting.values()) == list(range(1, len(waiting) + 1))
        return sorted(waiting, key=lambda name: waiting[name])

    def _run(self, work: Callable[[], None] | None) -> None:
        if work:
            work()


@pytest.fixture
def office() -> Office:
    return Office()


def test_who_comes_first_is_answered_first(office: Office) -> None:
    for name in "abcde":
        office.come(name)
    assert (office.begun, office.line()) == (["a", "b"], ["c", "d", "e"])
    office.end("b")
    assert (office.begun[2:], office.line()) == (["c"], ["d", "e"])
    office.end("a")
    office.end("c")
    assert (office.begun[2:], office.line()) == (["c", "d", "e"], [])


def test_a_second_question_of_somebody_pushes_nobody_back(office: Office) -> None:
    for name in ("a", "b", "a2", "a3", "c", "c2", "d"):
        office.come(name)
    assert office.line() == ["c", "d", "a2", "a3", "c2"]
    office.end("a")
    assert office.line() == ["d", "a2", "a3", "c2"], "c has the place, and a2 is a's first by now"
    office.come("e")
    assert office.line() == ["d", "a2", "e", "a3", "c2"]


def test_nobody_with_one_question_is_ever_moved_back(office: Office) -> None:
    for name in ("a", "b", "a2", "c", "b2", "d"):
        office.come(name)
    before = office.line()
    for name in ("b", "a", "c"):
        office.end(name)
        now = office.line()
        ones = [each for each in now if len(each) == 1]
        assert all(now.index(each) <= before.index(each) for each in ones)
        before = now
    office.end("d")
    assert sorted(office.begun) == ["a", "a2", "b", "b2", "c", "d"]


def test_who_leaves_the_line_lets_the_others_move_up_and_takes_no_place(office: Office) -> None:
    for name in "abcd":
        office.come(name)
    office.stop("c")
    assert (office.begun, office.line()) == (["a", "b", "c"], ["d"]), "c is run to be saved as stopped"
    office.end("c")
    assert office.line() == ["d"], "c had no place to give back"
    office.stop("a")
    assert office.line() == ["d"], "who has a place is not in line"


def admitted(running: Running, *users: str) -> None:
    for user in users:
        running.admit(request(user), ANSWERS_AT_ONCE)


def test_the_line_has_an_end_and_half_of_it_is_for_those_with_nothing_else() -> None:
    running = Running(places=4)
    admitted(running, "a", "b", "c", "d", "a", "b")
    with pytest.raises(CrowdedError):
        admitted(running, "c")
    admitted(running, "e", "f")
    with pytest.raises(CrowdedError):
        admitted(running, "g")


def test_the_settings_know_the_places_of_half_a_processor() -> None:
    assert Settings.answers_at_once == PLACES


@pytest.fixture
def crowd(models: Models) -> Chatting:
    """Ana, on a task that writes one answer at a time."""
    name = f"crowd-{next(names)}"
    return make_chatting(InProcess(name), name, models, running=Running(places=1))


def ask_as(crowd: Chatting, user_id: str, question: str) -> RunningAnswer:
    crowd.user_id, crowd.conversation_id = user_id, new_id()
    return crowd.start(question).answer


def test_who_waits_is_told_the_number_and_then_answered(crowd: Chatting, fake: FakeBedrock) -> None:
    first = ask_as(crowd, "ana", "hold")
    until(lambda: first.text)
    berta = ask_as(crowd, "berta", "answer: at last")

    async def follow() -> list[tuple[int, str]]:
        seen = []
        async for text in berta.follow():
            seen.append((berta.in_line, text))
            fake.go_on.set()
        return seen

    seen = asyncio.run(asyncio.wait_for(follow(), DEADLINE))
    assert (seen[0], seen[-1]) == ((1, ""), (0, "at last"))
    crowd.settle()
    assert [(turn.question_text, turn.answer.text) for turn in crowd.now().turns if turn.answer] == [
        ("answer: at last", "at last")
    ]


def test_beyond_the_line_nothing_is_stored(crowd: Chatting, fake: FakeBedrock) -> None:
    first = ask_as(crowd, "ana", "hold")
    until(lambda: first.text)
    ask_as(crowd, "berta", "answer: me too")
    with pytest.raises(RefusedError, match="crowded"):
        ask_as(crowd, "carla", "answer: and me")
    assert (crowd.now().version, len(fake.requests)) == (0, 1)
    fake.go_on.set()
    crowd.settle()


def test_a_stop_in_line_is_saved_at_once_and_costs_nothing(crowd: Chatting, fake: FakeBedrock) -> None:
    first = ask_as(crowd, "ana", "hold")
    until(lambda: first.text)
    berta = ask_as(crowd, "berta", "answer: never")
    crowd.turns.stop("berta", crowd.conversation_id)
    assert berta.done.wait(DEADLINE)
    assert (crowd.last().status, crowd.last().text, len(fake.requests)) == (STOPPED, "", 1)
    assert not first.done.is_set()
    fake.go_on.set()
    crowd.settle()


def test_what_is_set_aside_outlasts_the_line(
    models: Models, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another question of the same person settles what nobody vouches for: not that of who waits."""
    now = [1_000_000.0]
    name = f"crowd-{next(names)}"
    crowd = make_chatting(InProcess(name), name, models, running=Running(places=1))
    accounts = crowd.turns._accounts
    monkeypatch.setattr(accounts._usage, "_now", lambda: now[0])
    first = ask_as(crowd, "ana", "hold")
    until(lambda: first.text)
    ask_as(crowd, "berta", "answer: late")
    waiting = crowd.conversation_id
    for _ in range(4):
        now[0] += 100
        accounts.keep()
    accounts.clear("berta")
    fake.go_on.set()
    crowd.settle()
    crowd.conversation_id = waiting
    assert (crowd.last().status, crowd.last().text) == (COMPLETE, "late")


def test_a_stopping_server_answers_those_in_line_too(crowd: Chatting, fake: FakeBedrock) -> None:
    first = ask_as(crowd, "ana", "hold")
    until(lambda: first.text)
    ask_as(crowd, "berta", "answer: in time")
    fake.go_on.set()
    until(lambda: crowd.running.is_idle)
    assert crowd.last().text == "in time"


def test_a_step_of_the_line_wakes_no_page() -> None:
    """Only the end of the wait does; what moves meanwhile is looked at now and then."""
    answer = RunningAnswer(request("ana"))
    answer.stand_in_line(3)

    async def follow() -> tuple[bool, bool]:
        following = answer.follow()
        await anext(following)
        answer.stand_in_line(2)
        await asyncio.sleep(0)
        moved = answer._changed.is_set()
        answer.stand_in_line(0)
        await asyncio.sleep(0)
        return moved, answer._changed.is_set()

    assert asyncio.run(follow()) == (False, True)


def test_who_follows_already_is_told_of_the_line() -> None:
    answer = RunningAnswer(request("ana"))

    async def follow() -> int:
        following = asyncio.ensure_future(anext(answer.follow()))
        await asyncio.sleep(0)
        answer.stand_in_line(3)
        await following
        return answer.in_line

    assert asyncio.run(asyncio.wait_for(follow(), DEADLINE)) == 3


@pytest.mark.parametrize("language", texts.WAITS)
def test_the_page_says_it_in_words(language: str) -> None:
    shown = html.unescape(str(render.growing_answer([], "", language, in_line=1_234)))
    assert texts.WAITS[language]["in_line"].format(number=texts.number(1_234, language)) in shown
