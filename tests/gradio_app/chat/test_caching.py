"""The prompt cache: where requests are marked, and that the marks are found again from turn to turn."""

from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat import budget, caching, context
from gradio_app.chat.asking import RefusedError
from gradio_app.chat.caching import NONE, OF_CLAUDE, OF_NOVA
from gradio_app.chat.conversation import Answer, Conversation, Turn, plain
from gradio_app.chat.model import Models
from gradio_app.chat.sources import Backing
from local.bedrock.caching import PromptCache
from tests.gradio_app.chat.test_money import all_text
from tests.gradio_app.chatting import MODEL_ID, Chatting, give_room, make_chatting, until
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

LONG = "answer: " + "as much as one says in a turn " * 40
NOVA = "global.amazon.nova-2-lite-v1:0"


@pytest.mark.parametrize(
    ("model_id", "cache"),
    [
        ("anthropic.claude-haiku-4-5-20251001-v1:0", OF_CLAUDE),
        ("anthropic.claude-sonnet-5-5", OF_CLAUDE),
        ("anthropic.claude-fable-5", OF_CLAUDE),
        ("anthropic.claude-3-7-sonnet-20250219-v1:0", OF_CLAUDE),
        ("local.qwen2.5", OF_CLAUDE),
        ("amazon.nova-2-lite-v1:0", OF_NOVA),
        ("amazon.nova-micro-v1:0", OF_NOVA),
        ("amazon.nova-2-sonic-v1:0", NONE),
        ("anthropic.claude-3-haiku-20240307-v1:0", NONE),
        ("openai.gpt-oss-120b-1:0", NONE),
        ("meta.llama4-scout-17b-instruct-v1:0", NONE),
    ],
)
def test_which_models_are_asked_to_cache(model_id: str, cache: caching.Caching) -> None:
    assert caching.caching(model_id) is cache


@st.composite
def talks(draw: st.DrawFn) -> list[bool]:
    """A conversation as whether each of its questions was put to documents."""
    return draw(st.lists(st.booleans(), min_size=1, max_size=8))


@given(talks(), st.booleans())
def test_where_a_request_is_marked_last_the_next_one_is_marked_too_and_begins_alike(
    before: list[bool], grounded: bool
) -> None:
    """Passages are in the message of their own question, and gone from the next request."""

    def request(asked: list[bool]) -> tuple[list[Any], frozenset[int]]:
        *earlier, now = asked
        told = tuple(
            Turn(
                number, plain(f"q{number}"), Answer(plain(f"a{number}"), backing=Backing() if each else None)
            )
            for number, each in enumerate(earlier, 1)
        )
        parts = context.messages(Conversation("c", turns=told), f"q{len(asked)}", 10_000)
        marks = caching.points(OF_CLAUDE, told, parts, grounded=now)
        if now:
            parts[-1] = ("human", f"passages, and {parts[-1][1]}")
        return parts, marks

    sent, marked = request(before)
    following, marked_then = request([*before, grounded])
    if marked:
        last = max(marked)
        assert sent[: last + 1] == following[: last + 1]
        assert last in marked_then
    assert len(marked_then) <= 2


def test_what_begins_otherwise_each_time_is_not_marked() -> None:
    told = [Turn(number, plain("q"), Answer(plain("a"))) for number in range(5)]
    parts = context.messages(Conversation("c", turns=tuple(told[2:])), "q", 10_000)
    assert caching.points(OF_CLAUDE, told, parts, grounded=False) == frozenset()
    assert caching.points(NONE, told[2:], parts, grounded=False) == frozenset()


@pytest.mark.parametrize("model_id", [MODEL_ID, NOVA])
def test_each_turn_reads_what_the_one_before_wrote(
    chatting: Chatting, fake: FakeBedrock, model_id: str
) -> None:
    fake.cache = PromptCache()
    chatting.model_id = model_id
    for _ in range(12):
        chatting.ask(LONG)
    answers = [turn.answer for turn in chatting.now().turns if turn.answer]
    for before, after in pairwise(answers):
        known = before.cache_read_tokens + before.cache_write_tokens
        assert after.cache_read_tokens == known
        assert after.input_tokens == known + after.cache_write_tokens or not after.cache_write_tokens
    read, whole = (
        sum(getattr(each, name) for each in answers) for name in ("cache_read_tokens", "input_tokens")
    )
    assert read > 0.7 * whole
    assert chatting.now().cache_saved_tokens > 0.6 * whole
    assert fake.requests[-1]["points"] == ["system", 20, 22]


def test_a_summary_moves_the_beginning_in_steps(
    chatting: Chatting, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_room(monkeypatch, 6_000)
    fake.cache = PromptCache(300)
    fake.summaries = "answer: summed up"
    for _ in range(24):
        chatting.ask(LONG)
        until(lambda: chatting.running.is_idle)
    counted = [turn.answer for turn in chatting.now().turns if turn.answer]
    anew = [each for each in counted if not each.cache_read_tokens]
    assert chatting.now().summary
    assert 1 <= len(anew) <= 6, "the beginning changes with a summary only"


def test_the_model_that_does_not_cache_is_asked_as_before(chatting: Chatting, fake: FakeBedrock) -> None:
    chatting.model_id = "openai.gpt-oss-120b-1:0"
    chatting.ask("answer: one")
    assert fake.requests[-1]["points"] == []


def test_the_budget_counts_what_was_read_from_the_cache_by_its_price(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    chatting = make_chatting(dynamodb, table, models, 10**6)
    fake.cache = PromptCache()
    for _ in range(6):
        chatting.ask(LONG)
    told = [turn.answer for turn in chatting.now().turns if turn.answer]
    expected = sum(
        max(
            budget.least(LONG),
            OF_CLAUDE.weighed(each.input_tokens, each.cache_read_tokens, each.cache_write_tokens)
            + each.output_tokens,
        )
        for each in told
    )
    items = dynamodb.scan(TableName=table)["Items"]
    spent = sum(int(item["tokens"]["N"]) for item in items if item["sk"]["S"].startswith("USAGE#"))
    whole = sum(each.input_tokens + each.output_tokens for each in told)
    assert spent == expected < whole
    # What the page says that the cache has saved over all of them, before what each costs in any case.
    counted = (
        OF_CLAUDE.weighed(each.input_tokens, each.cache_read_tokens, each.cache_write_tokens) for each in told
    )
    assert chatting.now().cache_saved_tokens == sum(each.input_tokens for each in told) - sum(counted) > 0


def test_what_the_cache_cost_more_than_it_saved_is_told_as_well(
    chatting: Chatting, fake: FakeBedrock
) -> None:
    fake.cache = PromptCache(100)
    chatting.ask(LONG)
    written = chatting.last().cache_write_tokens
    assert chatting.now().cache_saved_tokens == written - OF_CLAUDE.weighed(written, 0, written) < 0


def test_what_is_set_aside_is_enough_when_all_of_it_is_written(
    dynamodb: Any, table: str, models: Models, fake: FakeBedrock
) -> None:
    """A token for each byte, and all of them written at a price above that of reading."""

    def dear(request: dict[str, Any], _: int) -> dict[str, int]:
        read = 50 + len(all_text(request).encode()) + 20 * len(request["messages"])
        return {"inputTokens": 0, "outputTokens": 100, "totalTokens": 0, "cacheWriteInputTokens": read}

    fake.usage = dear
    limit = 5_000
    chatting = make_chatting(dynamodb, table, models, limit)
    for _ in range(4):
        with suppress(RefusedError):
            chatting.ask("7" * 700)
    with pytest.raises(RefusedError, match="budget"):
        chatting.start("7" * 700)
    items = dynamodb.scan(TableName=table)["Items"]
    spent = sum(int(item["tokens"]["N"]) for item in items if item["sk"]["S"].startswith("USAGE#"))
    assert 2_000 < spent <= limit


def test_what_bedrock_says_of_the_time_changes_no_count(chatting: Chatting, fake: FakeBedrock) -> None:
    """langchain-aws takes what was written out of its own count then."""
    fake.usage = lambda _, words: {
        "inputTokens": 10,
        "outputTokens": words,
        "totalTokens": 0,
        "cacheReadInputTokens": 40,
        "cacheWriteInputTokens": 30,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 10}, {"ttl": "5m", "inputTokens": 20}],
    }
    chatting.ask("answer: one")
    answer = chatting.last()
    assert (answer.input_tokens, answer.cache_read_tokens, answer.cache_write_tokens) == (80, 40, 30)
