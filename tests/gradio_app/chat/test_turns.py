"""Turns from question to stored answer: langchain-aws on the wire, DynamoDB in the emulator."""

import asyncio
import itertools
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from gradio_app.chat import budget, context, keeper, writing
from gradio_app.chat.asking import RefusedError, TurnRequest
from gradio_app.chat.conversation import COMPLETE, FAILED, STOPPED, WRITING, Answer, new_id, plain
from gradio_app.chat.model import Choice, Models, ModelStream
from gradio_app.chat.running import Running
from gradio_app.store.branches import MOST_VERSIONS
from gradio_app.store.preferences import Preferences
from tests.gradio_app.chatting import (
    DEADLINE,
    MODEL_ID,
    Chatting,
    bedrock_client,
    give_room,
    make_chatting,
    until,
)
from tests.gradio_app.fake_bedrock import HANG_UP, MISBEHAVIORS, PLAYED, FakeBedrock

pytestmark = pytest.mark.slow


def spent(dynamodb: Any, table: str) -> int:
    items = dynamodb.scan(TableName=table)["Items"]
    return sum(int(item["tokens"]["N"]) for item in items if item["sk"]["S"].startswith("USAGE#"))


def test_an_answer_is_stored_with_its_tokens(chatting: Chatting, dynamodb: Any, table: str) -> None:
    conversation = chatting.ask("answer: hello to you")

    answer = conversation.turns[0].answer
    assert answer
    assert replace(answer, made_of="") == Answer(
        plain("hello to you"),
        COMPLETE,
        input_tokens=11,
        output_tokens=3,
        model_id=MODEL_ID,
        temperature=0.3,
        max_tokens=100,
        counted_from=conversation.last,
    )
    assert (conversation.input_tokens, conversation.output_tokens) == (11, 3)
    assert spent(dynamodb, table) == max(14, budget.least("answer: hello to you"))


def test_the_model_reads_the_stored_history_and_the_settings(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.ask("answer: one")
    chatting.ask("answer: two")

    request = fake.requests[-1]
    said = [(m["role"], m["content"][0]["text"]) for m in request["messages"]]
    assert said == [("user", "answer: one"), ("assistant", "one"), ("user", "answer: two")]
    assert request["system"][0]["text"] == context.SYSTEM_PROMPT
    assert request["inferenceConfig"] == {"maxTokens": 100, "temperature": 0.3}


@pytest.mark.asvs("16.5.1", "16.5.2")
@pytest.mark.parametrize(
    ("question", "text", "reason"),
    [
        ("throttle", "", "throttled"),
        ("deny", "", "denied"),
        ("no access", "", "not_enabled"),
        ("no subscription", "", "not_enabled"),
        ("no form", "", "not_enabled"),
        ("form wanted", "", "not_enabled"),
        ("invalid model", "", "not_enabled"),
        ("no tier", "", "service_tier"),
        ("context", "", "too_long"),
        ("expired", "", "credentials"),
        ("down", "", "unavailable"),
        ("not ready", "", "not_ready"),
        ("odd", "", "refused"),
        ("break", "half an answer", "cut"),
        ("throttle in the middle", "half an answer", "throttled"),
        ("cut", "half an answer", "cut"),
    ],
)
def test_a_failed_answer_keeps_what_arrived_and_says_why(
    chatting: Chatting, caplog: pytest.LogCaptureFixture, question: str, text: str, reason: str
) -> None:
    with caplog.at_level(logging.WARNING):
        answer = chatting.ask(question).turns[0].answer

    assert answer
    assert (answer.text, answer.status, answer.reason) == (text, FAILED, reason)
    assert f"reason={reason}" in caplog.text


def test_a_failed_question_can_be_asked_again(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.ask("answer: before")
    chatting.ask("cut")
    conversation = chatting.ask("", replaces=chatting.now().last)

    assert [turn.question_text for turn in conversation.turns] == ["answer: before", "cut"]
    assert [fake.question(number) for number in range(3)] == ["answer: before", "cut", "cut"]


def test_an_earlier_question_can_be_changed_and_the_model_reads_only_what_is_shown(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    for text in ("one", "two", "three"):
        chatting.ask(f"answer: {text}")
    one, two, _ = chatting.now().turns
    conversation = chatting.ask("answer: zwei", replaces=two.number)
    assert [turn.question_text for turn in conversation.turns] == ["answer: one", "answer: zwei"]
    chatting.ask("answer: drei")
    read = [block["text"] for message in fake.requests[-1]["messages"] for block in message["content"]]
    assert read == ["answer: one", "one", "answer: zwei", "zwei", "answer: drei"]

    now = chatting.now()
    where = (chatting.user_id, chatting.conversation_id)
    with pytest.raises(RefusedError, match="out_of_date"):
        chatting.turns.choose(*where, now.version - 1, now.turns[1].number, two.number)
    chatting.turns.choose(*where, now.version, now.turns[1].number, two.number)
    assert [turn.question_text for turn in chatting.now().turns] == [
        "answer: one",
        "answer: two",
        "answer: three",
    ]
    chatting.ask("answer: four")
    assert "zwei" not in str(fake.requests[-1]["messages"])
    for _ in range(MOST_VERSIONS - 1):
        chatting.ask("", replaces=chatting.now().turns[0].number)
    with pytest.raises(RefusedError, match="versions"):
        chatting.start("", replaces=chatting.now().turns[0].number)
    assert one.number in chatting.now().turns[0].versions


def test_no_other_version_is_shown_while_an_answer_is_written(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.ask("answer: one")
    first = chatting.now().last
    started = chatting.start("hold", replaces=first)
    now = chatting.now()
    with pytest.raises(RefusedError, match="busy"):
        chatting.turns.choose(chatting.user_id, now.id, now.version, started.number, first)
    fake.go_on.set()
    chatting.settle()
    assert chatting.last().text == "first words and the rest"


def test_another_model_for_one_try_stays_with_that_try(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.ask("answer: one")
    other = Choice("us.amazon.nova-lite-v1:0", 0.3, 100)
    now = chatting.ask("", replaces=chatting.now().last, choice=other, is_try=True)
    assert now.turns[-1].answer
    assert now.turns[-1].answer.model_id == fake.requests[-1]["model_id"] == other.model_id
    assert now.model_id == MODEL_ID
    preferred = Preferences(chatting.store._table).find(chatting.user_id)
    assert preferred is None or preferred.model_id == MODEL_ID


@pytest.mark.parametrize(
    ("model_id", "roles"),
    [
        (MODEL_ID, ["user", "assistant"]),
        ("us.anthropic.claude-opus-4-6-v1", ["user", "assistant", "user"]),
        ("us.amazon.nova-lite-v1:0", ["user", "assistant", "user"]),
    ],
)
def test_an_answer_goes_on_where_it_was_cut(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock, model_id: str, roles: list[str]
) -> None:
    chatting = make_chatting(dynamodb, table, models, budget=10**6)
    chatting.model_id = model_id
    fake.usage = lambda _, words: {"inputTokens": 100, "outputTokens": words, "totalTokens": 100 + words}
    cut = chatting.ask("long")
    spent_before = spent(dynamodb, table)
    number, stored = cut.last, cut.stored_bytes
    assert chatting.last().can_go_on(0)

    now = chatting.ask("", continues=number)
    assert [message["role"] for message in fake.requests[-1]["messages"]] == roles
    assert fake.requests[-1]["messages"][1]["content"] == [{"text": "as much as I may"}]
    [turn] = now.turns
    assert (turn.number, turn.versions) == (number, ())
    assert turn.answer
    assert turn.answer.text.startswith("as much as I mayecho ")
    assert (turn.answer.status, turn.answer.reason) == ("complete", "")
    assert turn.answer.input_tokens == now.input_tokens == 11 + 100
    assert turn.answer.output_tokens == now.output_tokens
    assert spent(dynamodb, table) - spent_before == 100 + turn.answer.output_tokens - 5
    assert now.stored_bytes - stored == len(turn.answer.text) - len("as much as I may")
    storage = chatting.store._table.get("USER#ana", "STORAGE")
    assert storage is not None
    assert storage["bytes"] == now.stored_bytes
    with pytest.raises(RefusedError, match="changed"):
        chatting.start("", continues=number)


def test_what_goes_on_may_be_stopped_and_fail_and_loses_nothing(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    chatting.ask("long")
    number = chatting.now().last
    played = monkeypatch.setitem
    played(PLAYED, "as much as I may", [HANG_UP])
    chatting.ask("", continues=number)
    assert (chatting.last().text, chatting.last().status) == ("as much as I may", "failed")
    monkeypatch.delitem(PLAYED, "as much as I may")
    played(MISBEHAVIORS, "as much as I may", MISBEHAVIORS["silence"])
    started = chatting.start("", continues=number)
    for again in ({}, {"continues": number}, {"replaces": number}):
        with pytest.raises(RefusedError, match="busy"):
            chatting.start("answer: me too", **again)
    until(lambda: "half" in started.answer.text)
    chatting.turns.stop(chatting.user_id, chatting.conversation_id)
    chatting.settle()
    assert (chatting.last().text, chatting.last().status) == ("as much as I mayhalf an answer", "stopped")
    chatting.ask("answer: more")
    assert len(chatting.now().turns) == 2
    with pytest.raises(RefusedError, match="changed"):
        chatting.start("", continues=number)


def test_an_unreachable_endpoint_says_so(dynamodb: Any, table: str) -> None:
    with FakeBedrock() as gone:
        url = gone.endpoint_url
    models = Models(bedrock_client("bedrock-runtime", url), bedrock_client("bedrock", url))
    chatting = make_chatting(dynamodb, table, models)

    chatting.ask("hello")
    assert chatting.last().reason == "unreachable"
    assert spent(dynamodb, table) == budget.least("hello")


def test_a_model_that_falls_silent_times_out_and_keeps_what_arrived(
    dynamodb: Any, table: str, fake: FakeBedrock
) -> None:
    client = bedrock_client("bedrock-runtime", fake.endpoint_url, read_timeout=0.5)
    chatting = make_chatting(dynamodb, table, Models(client, client))

    chatting.ask("silence")
    answer = chatting.last()
    assert (answer.text, answer.reason) == ("half an answer", "timeout")


def test_stopping_closes_the_connection_and_keeps_what_arrived(chatting: Chatting, fake: FakeBedrock) -> None:
    started = chatting.start("endless")
    until(lambda: started.answer.text)
    started.answer.stop()
    chatting.settle()

    assert fake.hang_up.wait(DEADLINE)
    answer = chatting.last()
    assert (answer.status, answer.reason) == (STOPPED, "")
    assert answer.text.startswith("more ")
    assert answer.output_tokens > 0


def test_stopping_does_not_wait_for_a_model_that_is_silent(chatting: Chatting) -> None:
    started = chatting.start("silence")
    until(lambda: started.answer.text)
    started.answer.stop()
    assert started.answer.done.wait(10), "the read time-out is 30 seconds"
    assert (chatting.last().text, chatting.last().status) == ("half an answer", STOPPED)


def test_an_unfinished_answer_is_saved_from_time_to_time(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.05)
    started = chatting.start("endless")
    until(lambda: chatting.last().text)
    answer = chatting.last()
    started.answer.stop()
    chatting.settle()

    assert answer.status == WRITING
    assert answer.text.startswith("more more")
    assert len(chatting.last().text) >= len(answer.text)


def test_deleting_the_conversation_ends_its_answer(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "KEEP_SECONDS", 0.05)
    started = chatting.start("endless")
    until(lambda: started.answer.text)
    chatting.store.delete(chatting.user_id, chatting.conversation_id)
    chatting.settle()
    assert chatting.now().version == 0
    assert started.answer.stop_requested.is_set()


@pytest.mark.parametrize(("question", "reason"), [("long", "length"), ("huge", "length"), ("nothing", "")])
def test_answers_that_end_early_say_so(chatting: Chatting, question: str, reason: str) -> None:
    answer = chatting.ask(question).turns[0].answer
    assert answer
    assert (answer.status, answer.reason) == (COMPLETE, reason)


def test_a_spent_budget_refuses_before_anything_is_sent(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    chatting = make_chatting(dynamodb, table, models, 150)
    with pytest.raises(RefusedError, match="budget"):
        chatting.start("a question " * 50)

    assert fake.requests == []
    assert fake.counted == [], "no answer would fit, however little the question is"
    assert chatting.now().version == 0
    assert chatting.running.is_idle
    assert spent(dynamodb, table) == 0


def test_a_refused_repetition_drops_nothing(dynamodb: Any, table: str, models: Models) -> None:
    chatting = make_chatting(dynamodb, table, models)
    chatting.ask("answer: one")
    poor = make_chatting(dynamodb, table, models, 10)
    poor.conversation_id = chatting.conversation_id
    with pytest.raises(RefusedError, match="budget"):
        poor.start("", replaces=chatting.now().last)
    assert len(chatting.now().turns) == 1


@pytest.mark.parametrize(
    ("question", "replaces", "reason"),
    [
        ("", None, "empty"),
        ("  \n", None, "empty"),
        ("\u200b \ufeff\u2060\u3164", None, "empty"),
        ("", 7, "changed"),
        ("", -3, "changed"),
        ("", 0, "changed"),
        ("answer: two", 2**63, "changed"),
        ("x" * 32_001, None, "too_long"),
    ],
)
def test_what_is_no_question_is_refused(
    chatting: Chatting, fake: FakeBedrock, question: str, replaces: int | None, reason: str
) -> None:
    chatting.ask("answer: one")
    with pytest.raises(RefusedError, match=reason):
        chatting.start(question, replaces=replaces)
    assert len(fake.requests) == 1
    assert len(chatting.now().turns) == 1


def test_a_second_tab_that_saw_an_older_state_is_refused(chatting: Chatting) -> None:
    chatting.ask("answer: one")
    with pytest.raises(RefusedError, match="changed"):
        chatting.start("answer: two", seen_version=0)
    with pytest.raises(RefusedError, match="changed"):
        chatting.start("answer: two", seen_version=7)


@pytest.mark.asvs("2.4.1", "15.2.2")
def test_one_answer_at_a_time_in_a_conversation_and_three_for_a_user(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    chatting.start("hold")
    with pytest.raises(RefusedError, match="busy"):
        chatting.start("answer: me too")
    for _ in range(2):
        chatting.conversation_id = new_id()
        chatting.start("hold")
    chatting.conversation_id = new_id()
    with pytest.raises(RefusedError, match="too_many"):
        chatting.start("answer: me too")
    chatting.user_id = "berta"
    chatting.start("answer: I am someone else")

    fake.go_on.set()
    chatting.settle()
    chatting.user_id = "ana"
    chatting.ask("answer: now there is room")


def test_a_shutdown_waits_for_running_answers(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.start("hold")
    fake.go_on.set()
    assert chatting.running.close(DEADLINE)
    assert (chatting.last().text, chatting.last().status) == ("first words and the rest", COMPLETE)


def test_a_shutdown_that_cannot_wait_saves_what_there_is(chatting: Chatting) -> None:
    started = chatting.start("silence")
    until(lambda: started.answer.text)
    assert not chatting.running.close(0)
    assert (chatting.last().text, chatting.last().status) == ("half an answer", STOPPED)


def test_nothing_begins_that_the_end_of_the_process_would_cut_off(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    chatting.start("hold")
    with ThreadPoolExecutor() as pool:
        closed = pool.submit(chatting.running.close, DEADLINE)
        until(lambda: chatting.running.draining)
        chatting.user_id, first = "bo", chatting.user_id
        assert chatting.start("answer: in time").answer.done.wait(DEADLINE)
        assert chatting.last().status == COMPLETE
        assert not closed.done()
        chatting.user_id = first
        fake.go_on.set()
        assert closed.result(DEADLINE)
    before = chatting.now()
    with pytest.raises(RefusedError, match="closed"):
        chatting.start("too late")
    assert chatting.now() == before
    assert chatting.running.is_idle


def test_the_history_is_shortened_while_the_model_finds_it_too_long(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "context_tokens", lambda _: 400)
    for _ in range(8):
        chatting.ask("answer: a b")
    fake.requests.clear()

    answer = chatting.ask("context over 3").turns[-1].answer

    assert [len(request["messages"]) for request in fake.requests] == sorted(
        (len(request["messages"]) for request in fake.requests), reverse=True
    )
    assert len(fake.requests[-1]["messages"]) <= 3 < len(fake.requests[0]["messages"])
    assert answer
    assert answer.status == COMPLETE


def test_what_is_old_is_summed_up_and_the_summary_is_used(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch, dynamodb: Any, table: str
) -> None:
    give_room(monkeypatch, 300)
    for number in range(6):
        chatting.ask(f"answer: fact {number} " + "and so on " * 5)
    until(lambda: "fact 0" in chatting.now().summary)

    conversation = chatting.now()
    assert conversation.turns[0].number <= conversation.summarized_to < conversation.turns[-1].number
    assert len(conversation.turns) == 6

    fake.requests.clear()
    chatting.ask("answer: go on")
    request = fake.requests[0]
    assert context.SUMMARY_INTRODUCTION in request["system"][0]["text"]
    assert "fact 0" not in str(request["messages"])
    until(lambda: spent(dynamodb, table) > chatting.now().input_tokens + chatting.now().output_tokens)


@pytest.mark.parametrize(
    ("ending", "charged"),
    [
        ("throttle", False),  # turned down: nobody read it
        ("cut", True),
        ("break", True),
    ],
)
def test_a_summary_that_breaks_off_is_charged_like_an_answer(
    chatting: Chatting,
    fake: FakeBedrock,
    monkeypatch: pytest.MonkeyPatch,
    dynamodb: Any,
    table: str,
    ending: str,
    charged: bool,
) -> None:
    fake.summaries = ending
    give_room(monkeypatch, 300)
    for number in range(6):
        chatting.ask(f"answer: fact {number} " + "and so on " * 5)

    conversation = chatting.now()
    assert fake.question().startswith(context.SUMMARY_PROMPT)
    assert conversation.summary == ""
    answers = [(turn.question_text, turn.answer) for turn in conversation.turns if turn.answer]
    for_answers = sum(max(budget.least(q), a.input_tokens + a.output_tokens) for q, a in answers)
    for_summaries = spent(dynamodb, table) - for_answers
    assert (for_summaries > 0) == charged


def test_what_no_summary_told_of_for_long_is_summed_up_piece_by_piece(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Summaries fail until more is left behind than is read for a question."""
    fake.summaries = "throttle"
    give_room(monkeypatch, 300)
    monkeypatch.setattr(context, "TURNS", 2)
    monkeypatch.setattr(context, "TURN_BYTES", 100)
    for number in range(16):
        chatting.ask(f"answer: fact {number:02} " + "and so on " * 8)
    seen = chatting.store.context(chatting.user_id, chatting.conversation_id, context.most_bytes(300))
    assert seen
    assert seen.has_gap
    oldest = chatting.now().turns[0].number

    fake.summaries = "answer: summed up"
    fake.requests.clear()
    for number in range(16, 40):
        chatting.ask(f"answer: fact {number:02}")
        seen = chatting.store.context(chatting.user_id, chatting.conversation_id, context.most_bytes(300))
        if seen and not seen.has_gap:
            break
    assert seen
    assert not seen.has_gap
    asked = [fake.question(number) for number in range(len(fake.requests))]
    told = [question for question in asked if question.startswith(context.SUMMARY_PROMPT)]
    assert all(budget.most_tokens(question) < 4 * context.BYTES_PER_TOKEN * 300 for question in told)
    assert seen.summarized_to > oldest
    summed_up = [turn for turn in chatting.now().turns if turn.number <= seen.summarized_to]
    for turn in summed_up:
        fact = turn.question_text[: len("answer: fact 00")]
        assert any(fact in question for question in told), f"{fact} is in no summary"


@pytest.mark.asvs("16.2.5")
def test_the_log_never_holds_what_was_said(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "a very private matter"

    def broken(*_: object) -> None:
        raise ValueError(f"cannot read {secret}")

    with caplog.at_level(logging.DEBUG, logger="gradio_app"):
        chatting.ask(f"answer: {secret}")
        monkeypatch.setattr(ModelStream, "pieces", broken)
        chatting.ask(secret)
    assert chatting.last().reason == "unknown"
    assert "ValueError" in caplog.text
    assert secret not in caplog.text


def test_following_shows_the_text_growing_and_ends_with_all_of_it(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    async def follow() -> list[str]:
        seen = []
        started = await asyncio.to_thread(chatting.start, "hold")
        async for text in started.answer.follow():
            seen.append(text)
            fake.go_on.set()
        assert started.answer.done.is_set()
        return seen

    assert asyncio.run(asyncio.wait_for(follow(), DEADLINE)) == ["first words", "first words and the rest"]


def test_following_tells_of_a_wait_and_of_its_end(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", (0.3,))

    async def follow() -> list[tuple[str, str]]:
        started = await asyncio.to_thread(chatting.start, "busy 1: answer: at last")
        return [(text, started.answer.waits_for) async for text in started.answer.follow()]

    seen = asyncio.run(asyncio.wait_for(follow(), DEADLINE))
    assert seen[0] == ("", "throttled")
    assert seen[-1] == ("at last", "")


def test_a_model_that_is_being_loaded_is_waited_for_and_said_to_be_until_it_answers(
    chatting: Chatting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LOADING_SECONDS", (0.1,) * 9)

    async def follow() -> list[str]:
        started = await asyncio.to_thread(chatting.start, "loading 7: answer: at last")
        return [started.answer.waits_for async for _ in started.answer.follow()]

    seen = asyncio.run(asyncio.wait_for(follow(), DEADLINE))
    assert [reason for reason, _ in itertools.groupby(seen)] == ["not_ready", ""]
    answer = chatting.now().turns[0].answer
    assert answer
    assert (answer.text, answer.status) == ("at last", COMPLETE)


def test_following_gathers_many_pieces_into_few_updates(chatting: Chatting) -> None:
    words = " ".join(str(number) for number in range(500))

    async def follow() -> list[str]:
        started = await asyncio.to_thread(chatting.start, f"answer: {words}")
        return [text async for text in started.answer.follow()]

    seen = asyncio.run(asyncio.wait_for(follow(), DEADLINE))
    assert seen[-1] == words
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(seen))
    assert len(seen) < 250


def test_an_answer_is_saved_although_nobody_follows_it(chatting: Chatting, fake: FakeBedrock) -> None:
    async def leave() -> None:
        started = await asyncio.to_thread(chatting.start, "hold")
        following = started.answer.follow()
        await anext(following)
        with suppress(StopAsyncIteration):
            await following.aclose()  # pyright: ignore[reportAttributeAccessIssue]

    asyncio.run(asyncio.wait_for(leave(), DEADLINE))
    fake.go_on.set()
    chatting.settle()
    assert chatting.last().text == "first words and the rest"


def test_the_table_being_away_refuses_in_one_word(models: Models, fake: FakeBedrock) -> None:
    with FakeBedrock() as gone:
        url = gone.endpoint_url
    running = Running()
    chatting = make_chatting(bedrock_client("dynamodb", url), "gone", models, running=running)
    asked = TurnRequest("ana", new_id(), None, "hello", Choice(MODEL_ID, 0.3, 100))
    with pytest.raises(RefusedError, match="storage"):
        chatting.turns.start(chatting.turns.admit(asked))
    assert running.is_idle
    assert fake.requests == []
