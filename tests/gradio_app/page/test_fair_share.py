"""One person's flood makes nobody else wait: two people, and how many steps of the queue lie between."""

import secrets
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import anyio
import pytest

from gradio_app.gate.joined import EVENTS_PER_USER
from gradio_app.gate.shares import AT_ONCE, IN_LINE, Shares, TooMuchAtOnce
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.whole import Whole, whole_application
from tests.gradio_app.tables import create_table
from tests.security.chat_api import ChatClient


@pytest.fixture(scope="module")
def bedrock() -> Iterator[FakeBedrock]:
    with FakeBedrock() as bedrock:
        yield bedrock


@pytest.fixture(scope="module")
def whole(dynamodb: Any, bedrock: FakeBedrock) -> Iterator[Whole]:
    table = f"shares-{uuid4().hex}"
    create_table(dynamodb, table)
    client = bedrock_client("bedrock-runtime", bedrock.endpoint_url)
    with whole_application(table, dynamodb, client) as whole:
        yield whole


def join(tab: ChatClient, conversation_id: str) -> Any:
    """Follow an answer in a tab of its own, and read nothing."""
    event = tab.event("follow")
    data = tab.data(event, text=conversation_id)
    body = {"fn_index": event["id"], "data": data, "session_hash": secrets.token_hex(6)}
    return tab.http.post("/gradio_api/queue/join", json=body, headers={"accept-language": "es"})


def test_a_flood_of_questions_is_refused_in_words_and_makes_nobody_wait(
    whole: Whole, bedrock: FakeBedrock
) -> None:
    ana, eva = whole.chat_client("ana@example.com"), whole.chat_client("eva@example.com")
    bedrock.go_on.clear()
    conversation_id = secrets.token_hex(16)
    ana.start(conversation_id, "hold")
    with ThreadPoolExecutor(16) as flood:
        answers = list(flood.map(lambda _: join(ana, conversation_id), range(200)))
    statuses = Counter(answer.status_code for answer in answers)
    assert set(statuses) == {200, 429}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "a la vez" in refused.json()["error"]
    queue = whole.page._queue
    assert len(queue) + sum(map(bool, queue.active_jobs)) <= EVENTS_PER_USER
    assert "hello" in eva.ask(secrets.token_hex(16), "answer: hello"), "while all of Ana's are held"
    bedrock.go_on.set()


def test_nobody_can_fill_the_queue_for_the_others(whole: Whole) -> None:
    queue = whole.page._queue
    assert queue.max_size > 20 * EVENTS_PER_USER
    assert queue.max_thread_count > 10 * EVENTS_PER_USER


def test_requests_of_one_person_wait_for_each_other_and_for_nobody_else() -> None:
    served: list[str] = []
    running = Counter[str]()
    most = Counter[str]()

    async def request(shares: Shares, who: str, done: anyio.Event) -> None:
        try:
            async with shares.turn(who):
                running[who] += 1
                most[who] = max(most[who], running[who])
                if who == "ana":
                    await done.wait()
                running[who] -= 1
                served.append(who)
        except TooMuchAtOnce:
            served.append(f"{who} refused")

    async def scenario() -> None:
        shares, done = Shares(), anyio.Event()
        async with anyio.create_task_group() as group:
            for _ in range(300):
                group.start_soon(request, shares, "ana", done)
            group.start_soon(request, shares, "eva", done)
            await anyio.wait_all_tasks_blocked()
            assert "eva" in served
            done.set()
        assert not shares._lines, "and nothing is kept of anybody"

    anyio.run(scenario)
    assert most["ana"] == AT_ONCE
    assert Counter(served) == {"ana": AT_ONCE + IN_LINE, "ana refused": 300 - AT_ONCE - IN_LINE, "eva": 1}


def test_a_request_whose_browser_went_away_gives_its_place_back() -> None:
    async def scenario() -> None:
        shares = Shares()
        for _ in range(3 * (AT_ONCE + IN_LINE)):
            with anyio.move_on_after(0):
                async with shares.turn("ana"):
                    await anyio.sleep_forever()
        async with shares.turn("ana"):
            pass

    anyio.run(scenario)
