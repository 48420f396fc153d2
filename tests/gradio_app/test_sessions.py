"""How long a session lives, and who notices its end, by a clock of our own."""

import json
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.to_thread
import pytest

from gradio_app import request_id
from gradio_app.cognito.errors import CognitoUnreachable
from gradio_app.cognito.tokens import SignedIn
from gradio_app.sessions.session import hashed
from gradio_app.sessions.sessions import CACHE_SECONDS, CHECK_SECONDS, Sessions
from gradio_app.settings import Settings
from gradio_app.store.table import AsyncTable, TableUnreachable
from tests.gradio_app.fakes import SETTINGS, FakeDirectory, FakeTable, User

ANA = "ana@example.com"
MINUTE, HOUR = 60, 3600


class Case:
    """Two tasks over one table, one pool and one clock."""

    def __init__(self) -> None:
        self.clock = 1_700_000_000.0
        self.table = FakeTable()
        self.directory = FakeDirectory(users={ANA: User("x", groups=("admins",))})
        settings = Settings(**{**vars(SETTINGS), "session_idle_minutes": 30, "session_max_hours": 12})
        self.settings = settings
        self.task, self.other = self.another_task(), self.another_task()

    def another_task(self) -> Sessions:
        """A task that remembers nothing yet."""
        return Sessions(AsyncTable(self.table), self.directory, self.settings, now=lambda: self.clock)

    async def sign_in(self) -> str:
        return await self.task.begin(self.directory._signed_in(ANA))

    def checks(self) -> int:
        return self.directory.calls.count("refresh")


def check(scenario: Callable[[Case], Awaitable[None]]) -> None:
    anyio.run(scenario, Case())


def test_any_task_knows_who_it_is() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        for task in (case.task, case.other):
            session = await task.find(token)
            assert session
            assert (session.identity.email, session.identity.groups) == (ANA, ("admins",))
        assert await case.task.find(token + "x") is None

    check(scenario)


def test_a_session_of_a_release_before_single_sign_on_goes_on() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        for item in case.table.items.values():
            item.pop("way", None)
        case.clock += CHECK_SECONDS
        session = await case.other.find(token)
        assert session
        assert session.way == "password"
        assert case.checks() == 1, "by the client of passwords"

    check(scenario)


@pytest.mark.asvs("7.3.1")
def test_an_idle_session_ends() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        case.clock += 29 * MINUTE
        assert await case.task.find(token)
        case.clock += 29 * MINUTE
        assert await case.task.find(token), "it was used in between"
        case.clock += 31 * MINUTE
        assert await case.task.find(token) is None
        assert not case.table.items, "and nothing of it is left"

    check(scenario)


@pytest.mark.asvs("7.3.2")
def test_a_busy_session_ends_too() -> None:
    async def scenario(case: Case) -> None:
        token, started = await case.sign_in(), case.clock
        while case.clock < started + 12 * HOUR - 10 * MINUTE:
            case.clock += 10 * MINUTE
            assert await case.task.find(token)
        case.clock += 10 * MINUTE
        assert await case.task.find(token) is None

    check(scenario)


def test_a_stream_of_requests_reads_the_table_once() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        for _ in range(100):
            await case.task.find(token)
        assert case.table.reads == 1

    check(scenario)


@pytest.mark.asvs("7.4.1")
def test_sessions_that_are_not_used_any_more_leave_the_memory() -> None:
    async def scenario(case: Case) -> None:
        for _ in range(5):
            await case.task.find(await case.sign_in())
        assert len(case.task._cache) == 5
        case.clock += CACHE_SECONDS
        await case.task.find(await case.sign_in())
        assert len(case.task._cache) == 1

    check(scenario)


def test_a_sign_out_is_noticed_here_at_once_and_on_other_tasks_within_seconds() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        assert await case.other.find(token)
        session = await case.task.find(token)
        assert session
        await case.task.end(session)
        assert await case.task.find(token) is None
        case.clock += CACHE_SECONDS
        assert await case.other.find(token) is None

    check(scenario)


def test_a_request_in_flight_does_not_revive_an_ended_session() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        session = await case.other.find(token)
        assert session
        await case.task.end(session)
        case.clock += 2 * MINUTE
        assert await case.other._touch(session) is None
        assert not case.table.items

    check(scenario)


@pytest.mark.asvs("7.4.2")
@pytest.mark.parametrize("busy", [True, False])
def test_a_disabled_user_is_out_within_five_minutes(busy: bool) -> None:
    async def scenario(case: Case) -> None:
        token, started = await case.sign_in(), case.clock
        case.directory.users[ANA].disabled = True
        while busy and case.clock < started + CHECK_SECONDS - 20:
            case.clock += 10
            await case.task.find(token)
            await anyio.sleep(0)
        case.clock = started + CHECK_SECONDS
        assert await case.task.find(token) is None
        with anyio.fail_after(60):  # what is listed of it goes behind the session itself
            while case.table.items:
                await anyio.sleep(0.01)

    check(scenario)


@pytest.mark.asvs("16.3.1")
def test_a_session_that_the_pool_refuses_leaves_one_line_with_its_user(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(case: Case) -> None:
        request_id.current.set("1-asks")
        token = await case.sign_in()
        assert await case.other.find(token), "both tasks know it, and both will ask"
        case.directory.users[ANA].disabled = True
        case.clock += CHECK_SECONDS
        both = [await task._load(hashed(token)) for task in (case.task, case.other)]
        for task, session in zip((case.task, case.other), both, strict=True):
            assert session
            assert await task._confirmed(session) is None

    check(scenario)
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    del line["time"]
    assert line == {
        "type": "audit",
        "event": "session",
        "outcome": "ended",
        "request": "1-asks",
        "user_id": f"id-of-{ANA}",
        "detail": "WrongCredentials: User is disabled.",
    }


def test_a_session_that_was_signed_out_while_the_pool_was_asked_leaves_no_line_of_a_refusal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def scenario(case: Case) -> None:
        session = await case.task.find(await case.sign_in())
        assert session
        await case.other.end(session)
        case.directory.users[ANA].disabled = True
        case.clock += CHECK_SECONDS
        assert await case.task._confirmed(session) is None

    check(scenario)
    assert capsys.readouterr().out == ""


def test_the_check_brings_new_tokens_and_groups() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        case.directory.users[ANA].groups = ()
        case.clock += CHECK_SECONDS
        session = await case.task.find(token)
        assert session
        assert session.identity.groups == ()
        case.clock += 1
        await case.task.find(token)
        assert case.checks() == 1

    check(scenario)


@pytest.mark.asvs("7.3.1")
def test_a_stream_that_asks_whether_its_session_lasts_does_not_keep_it_alive() -> None:
    """However long it runs, and however often Cognito is asked for it meanwhile."""

    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        session = await case.task.find(token)
        assert session
        for _ in range(29):
            case.clock += MINUTE
            assert await case.task.lasts(session)
        assert case.checks() > 3
        case.clock += MINUTE
        assert not await case.task.lasts(session)
        assert await case.task.find(token) is None

    check(scenario)


@pytest.mark.asvs("7.3.1")
def test_a_request_while_the_pool_is_asked_is_not_forgotten_with_its_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradio_app.sessions.sessions.WAIT_SECONDS", 0.01)

    async def scenario(case: Case) -> None:
        asked, answers = anyio.Event(), anyio.Event()
        refresh = case.directory.refresh

        async def late(*given: str) -> SignedIn:
            asked.set()
            await answers.wait()
            return await refresh(*given)

        case.directory.refresh = late  # type: ignore[method-assign]
        token = await case.sign_in()
        session = await case.task.find(token)
        assert session
        case.clock += CHECK_SECONDS - 10
        async with anyio.create_task_group() as group:
            group.start_soon(case.task.lasts, session)
            await asked.wait()
            case.clock += 25 * MINUTE
            assert await case.task.find(token), "it is used"
            answers.set()
        [ends] = [item["expires_at"] for (_, sk), item in case.table.items.items() if sk == "SESSION"]
        assert ends == case.clock + 30 * MINUTE, "as the table will forget it"
        case.clock += 29 * MINUTE
        assert await case.task.find(token)
        assert case.checks() >= 1

    check(scenario)


def test_a_request_at_the_time_of_a_check_is_use() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        for _ in range(4):
            case.clock += 20 * MINUTE
            assert await case.task.find(token)
        assert case.checks() == 4

    check(scenario)


@pytest.mark.parametrize("text", ["", "x", "../SESSION", "x" * 44, "\N{ARABIC-INDIC DIGIT ONE}" * 43])
def test_what_cannot_be_a_cookie_of_ours_is_not_looked_up(text: str) -> None:
    async def scenario(case: Case) -> None:
        assert await case.task.find(text) is None
        assert case.table.reads == 0

    check(scenario)


@pytest.mark.asvs("7.4.2")
def test_a_stream_learns_that_its_session_ended_on_another_task_or_its_user_was_disabled() -> None:
    async def scenario(case: Case) -> None:
        first = await case.task.find(await case.sign_in())
        second = await case.task.find(await case.sign_in())
        assert first
        assert second
        await case.other.end(first)
        case.clock += CACHE_SECONDS + 1
        assert not await case.task.lasts(first)
        assert await case.task.lasts(second)
        case.directory.users[ANA].disabled = True
        case.clock += CHECK_SECONDS
        assert not await case.task.lasts(second)

    check(scenario)


def test_many_requests_at_once_ask_cognito_once() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        case.clock += CHECK_SECONDS
        async with anyio.create_task_group() as group:
            for _ in range(20):
                group.start_soon(case.task.find, token)
        assert case.checks() == 1

    check(scenario)


def test_a_request_that_is_slow_to_be_noted_does_not_bring_an_old_check_back() -> None:
    """It read the session before another one's check and writes after it."""

    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        case.clock += CHECK_SECONDS
        is_slow, go_on, update = threading.Event(), threading.Event(), case.table.update

        def slow_at_first(pk: str, sk: str, changes: Any, **expected: Any) -> bool:
            if "seen_at" in changes and not is_slow.is_set():
                is_slow.set()
                assert go_on.wait(20)
            return update(pk, sk, changes, **expected)

        case.table.update = slow_at_first
        task = case.another_task()
        async with anyio.create_task_group() as group:
            group.start_soon(task.find, token)
            await anyio.to_thread.run_sync(is_slow.wait)
            await task.find(token)
            go_on.set()
        await task.find(token)
        assert case.checks() == 1

    check(scenario)


def test_while_cognito_is_down_the_access_token_counts_until_it_ends() -> None:
    async def scenario(case: Case) -> None:
        case.directory.access_expires_at = int(case.clock) + 20 * MINUTE
        token = await case.sign_in()
        case.directory.down = True
        case.clock += 10 * MINUTE
        assert await case.task.find(token)
        case.clock += 11 * MINUTE
        with pytest.raises(CognitoUnreachable):
            await case.task.find(token)
        case.directory.down = False
        assert await case.task.find(token), "it was not lost"

    check(scenario)


@pytest.mark.asvs("16.5.2")
def test_while_cognito_hangs_nobody_waits_for_long_and_its_late_answer_counts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradio_app.sessions.sessions.WAIT_SECONDS", 0.01)

    async def scenario(case: Case) -> None:
        answers = anyio.Event()
        refresh = case.directory.refresh

        async def late(*given: str) -> SignedIn:
            await answers.wait()
            return await refresh(*given)

        case.directory.refresh = late  # type: ignore[method-assign]
        token = await case.sign_in()
        case.clock += CHECK_SECONDS
        with anyio.fail_after(30):
            for _ in range(3):
                assert await case.task.find(token), "the access token proves the user"
        case.directory.users[ANA].disabled = True
        answers.set()
        await anyio.wait_all_tasks_blocked()
        assert await case.task.find(token) is None
        assert case.checks() == 1

    check(scenario)


@pytest.mark.asvs("16.5.3")
def test_while_cognito_hangs_an_access_token_that_has_ended_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("gradio_app.sessions.sessions.WAIT_SECONDS", 0.01)

    async def scenario(case: Case) -> None:
        case.directory.access_expires_at = int(case.clock) + CHECK_SECONDS
        case.directory.refresh = forever  # type: ignore[method-assign]
        token = await case.sign_in()
        case.clock += CHECK_SECONDS
        with anyio.move_on_after(0.5) as patience:
            assert not await case.task.find(token), "no answer is not a good one"
        assert patience.cancelled_caught

    async def forever(*_: str) -> SignedIn:
        await anyio.sleep_forever()
        raise AssertionError

    check(scenario)


@pytest.mark.asvs("16.5.3")
def test_without_the_table_nobody_is_let_in() -> None:
    async def scenario(case: Case) -> None:
        token = await case.sign_in()
        case.table.down = True
        with pytest.raises(TableUnreachable):
            await case.task.find(token)

    check(scenario)


@pytest.mark.asvs("7.2.2", "7.2.3")
def test_cookie_values_are_long_and_never_the_same() -> None:
    async def scenario(case: Case) -> None:
        tokens = {await case.sign_in() for _ in range(1000)}
        assert len(tokens) == 1000
        assert min(map(len, tokens)) >= 43

    check(scenario)
