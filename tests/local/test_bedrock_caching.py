"""The prompt cache: what Bedrock would count as read and as written."""

from __future__ import annotations

from typing import Any

import pytest

from local.bedrock.caching import Cached, Point, PromptCache, points
from local.bedrock.errors import ApiError

MARK: dict[str, Any] = {"cachePoint": {"type": "default"}}
LONG = "word " * 300


def words(block: Any, _: str) -> str:
    return block["text"]


def conversation(*texts: str, marks: set[int] | None = None, system: str = "") -> dict[str, Any]:
    """A request whose messages are marked that have these numbers; without, the last one."""
    marks = {len(texts) - 1} if marks is None else marks
    messages = [
        {
            "role": ("user", "assistant")[number % 2],
            "content": [{"text": text}, *([MARK] if number in marks else [])],
        }
        for number, text in enumerate(texts)
    ]
    return {"system": [{"text": system}] if system else [], "messages": messages}


class Clock:
    """What time it is."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> PromptCache:
    """One that takes what has 100 tokens or more."""
    return PromptCache(100, clock)


def ask(cache: PromptCache, request: dict[str, Any]) -> Cached:
    """Ask a model whose tokens are words."""
    return cache.account([(point, len(point.text.split())) for point in points(request, words)])


def test_what_begins_alike_is_read_and_the_rest_up_to_the_mark_is_written(cache: PromptCache) -> None:
    assert ask(cache, conversation(LONG)) == Cached(0, 300)
    assert ask(cache, conversation(LONG, "a b", "c", marks={0, 2})) == Cached(300, 3)
    assert ask(cache, conversation(LONG, "a b", "c", "d", "e f", marks={2, 4})) == Cached(303, 3)


def test_a_place_that_is_not_marked_again_is_not_found(cache: PromptCache) -> None:
    ask(cache, conversation(LONG))
    assert ask(cache, conversation(LONG, "a b", "c", marks={2})) == Cached(0, 303)


@pytest.mark.parametrize(
    "other",
    [
        conversation("x" + LONG),
        conversation(LONG, system="Be kind."),
        {"messages": [{"role": "assistant", "content": [{"text": LONG}, MARK]}]},
        {"messages": [{"role": "user", "content": [{"text": LONG, "cited": True}, MARK]}]},
    ],
    ids=["another text", "other instructions", "another role", "another block"],
)
def test_nothing_is_read_of_what_differs_anywhere_before_the_mark(
    cache: PromptCache, other: dict[str, Any]
) -> None:
    ask(cache, conversation(LONG))
    assert ask(cache, other).read == 0


def test_too_little_is_neither_written_nor_read(cache: PromptCache) -> None:
    short = conversation("word " * 99)
    assert ask(cache, short) == ask(cache, short) == Cached()
    both = conversation("word " * 50, "word " * 50, "more", marks={0, 2})
    assert ask(cache, both) == Cached(0, 101)
    assert ask(cache, both) == Cached(101, 0)


def test_it_is_kept_for_five_minutes_after_it_was_last_read(cache: PromptCache, clock: Clock) -> None:
    ask(cache, conversation(LONG))
    clock.seconds = 299
    assert ask(cache, conversation(LONG)).read == 300
    clock.seconds = 299 + 299
    assert ask(cache, conversation(LONG)).read == 300
    clock.seconds += 301
    assert ask(cache, conversation(LONG)) == Cached(0, 300)


def test_an_hour_if_that_is_asked_for(cache: PromptCache, clock: Clock) -> None:
    request = conversation(LONG, marks=set())
    request["messages"][0]["content"].append({"cachePoint": {"type": "default", "ttl": "1h"}})
    assert ask(cache, request) == Cached(0, 300, "1h")
    clock.seconds = 3599
    assert ask(cache, request).read == 300


@pytest.mark.parametrize(
    ("marks", "sentence"),
    [
        ([{"cachePoint": {"type": "ephemeral"}}], r"Member must satisfy enum value set: \[default\]"),
        (
            [{"cachePoint": {"type": "default", "ttl": "2h"}}],
            r"Member must satisfy enum value set: \[5m, 1h\]",
        ),
        ([{"cachePoint": 1}], "must be a structure"),
        ([MARK] * 5, "too many cache points"),
    ],
)
def test_what_is_no_mark_is_refused(marks: list[Any], sentence: str) -> None:
    with pytest.raises(ApiError, match=sentence):
        points({"messages": [{"role": "user", "content": [{"text": "Hi"}, *marks]}]}, words)


def test_what_is_remembered_is_bounded() -> None:
    cache = PromptCache(0)
    for number in range(5_000):
        cache.account([(Point(str(number), "", "5m"), 1)])
    assert len(cache._kept) == 1024
