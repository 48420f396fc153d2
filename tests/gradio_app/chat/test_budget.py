"""What a call may cost at most and is charged in the end: properties of the pure functions."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat import budget, context, inputs, service_tiers
from gradio_app.chat.caching import NONE, OF_CLAUDE, OF_NOVA, Caching
from gradio_app.chat.conversation import Answer, Conversation, Turn, plain
from gradio_app.chat.inputs import Said
from gradio_app.chat.model import Counts

pytestmark = pytest.mark.slow

tokens = st.integers(0, 10_000)


def bytes_in(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


@given(st.text())
def test_no_tokenizer_makes_more_of_a_text(text: str) -> None:
    """Byte by byte, character by character, and both after what normalization makes of it."""
    most = budget.most_tokens(text)
    assert most >= bytes_in(text)
    assert most >= bytes_in(unicodedata.normalize("NFKC", text))
    assert most >= len(unicodedata.normalize("NFKC", text))


@pytest.mark.parametrize(
    "text", ["7" * 6600, "\ufdfa" * 100, "\U0001f469\u200d\U0001f680", "\x00\x7f", "ñ" * 9]
)
def test_texts_that_take_many_tokens(text: str) -> None:
    assert budget.most_tokens(text) >= max(bytes_in(text), bytes_in(unicodedata.normalize("NFKC", text)))


@given(st.text(), st.lists(st.tuples(st.sampled_from(["human", "ai"]), st.text()), max_size=5))
def test_what_is_read_of_a_request_is_at_most_all_of_it(system: str, parts: list[tuple[str, str]]) -> None:
    most = budget.most_read(system, parts)
    assert most > bytes_in(system) + sum(bytes_in(text) for _, text in parts)
    assert most >= context.request_tokens(system, parts)


@given(st.text())
def test_storage_is_not_free(question: str) -> None:
    assert budget.least(question) >= max(1, bytes_in(question) // 3)


@given(tokens, tokens, tokens)
def test_bedrocks_own_counts_are_what_is_charged(least: int, read: int, wrote: int) -> None:
    charged = budget.charge(10**6, least, Counts(read + 7, wrote, 3, 4), NONE, read=9, counted=9, output=9)
    assert charged == max(least, read + 7 + wrote)


@pytest.mark.parametrize(("cache", "counts"), [(OF_CLAUDE, 100 + 20 + 500), (OF_NOVA, 100 + 50 + 400)])
def test_what_the_prompt_cache_had_to_do_with_counts_by_its_price(cache: Caching, counts: int) -> None:
    counted = Counts(700, 9, cache_read_tokens=200, cache_write_tokens=400)
    assert budget.charge(10**6, 0, counted, cache, read=700, output=9) == counts + 9


@pytest.mark.parametrize(
    ("asked", "served", "counts"),
    [("", "", 101), ("flex", "", 51), ("priority", "priority", 177), ("priority", "default", 101)],
)
def test_a_service_tier_counts_by_its_price_if_it_served(asked: str, served: str, counts: int) -> None:
    counted = Counts(92, 9, service_tier=served)
    assert budget.charge(10**6, 0, counted, NONE, read=700, tier=asked) == counts
    assert budget.charge(10**6, 0, None, NONE, read=700, counted=101, tier=asked) == (
        service_tiers.weighed(101, asked)
    )


@given(tokens, st.sampled_from(["", *service_tiers.TIERS]), st.sampled_from(["default", "same"]))
def test_what_is_set_aside_is_enough_whichever_tier_serves(tokens: int, asked: str, served: str) -> None:
    charged = service_tiers.weighed(tokens, asked if served == "same" else served)
    assert charged <= service_tiers.most(tokens, asked)


@given(st.sampled_from([NONE, OF_CLAUDE, OF_NOVA]), tokens, tokens, tokens)
def test_what_is_set_aside_is_enough_whatever_the_prompt_cache_does(
    cache: Caching, plain: int, read: int, written: int
) -> None:
    written *= cache.is_marked
    counted = cache.weighed(plain + read + written, read, written)
    assert 0 <= counted <= cache.most(plain + read + written)


@given(tokens, tokens, tokens)
def test_a_request_that_no_model_saw_costs_the_least(reserved: int, least: int, wrote: int) -> None:
    assert budget.charge(reserved + least, least, None, NONE, read=0, counted=9, output=wrote) == least


@given(tokens, tokens, tokens, st.none() | tokens, tokens)
def test_a_call_that_broke_off_is_charged_what_is_counted_or_the_bound(
    reserved: int, least: int, read: int, counted: int | None, wrote: int
) -> None:
    reserved = max(reserved, least)
    charged = budget.charge(reserved, least, None, NONE, read=read + 1, counted=counted, output=wrote)
    assert least <= charged <= reserved
    assert charged == reserved or charged >= (read + 1 + wrote if counted is None else counted)


@given(st.text(), st.integers(0, 100))
def test_what_was_written_is_a_token_for_each_piece_at_least(text: str, pieces: int) -> None:
    assert budget.written(text, pieces) >= max(pieces, context.estimate_tokens(text))


@st.composite
def followed(draw: st.DrawFn) -> tuple[Conversation, int, str]:
    """A conversation whose last answer was counted, with a window of its own, and a question."""
    texts = st.text(max_size=30).map(lambda text: text * 40)
    turns = tuple(
        Turn(number, plain(draw(texts)), Answer(plain(draw(texts)), model_id="m"))
        for number in range(1, draw(st.integers(2, 6)))
    )
    return Conversation("c", turns=turns, summary=draw(texts)), draw(st.integers(100, 4_000)), draw(texts)


@given(followed(), st.integers(100, 4_000), st.text(max_size=30), st.floats(0, 1), st.integers(0, 32))
def test_what_was_counted_before_bounds_what_is_read_next(
    given: tuple[Conversation, int, str], now: int, summary: str, rate: float, around: int
) -> None:
    """Of any tokenizer, whatever either request left out, and with another summary."""

    def tokens(system: str, parts: Sequence[tuple[str, Said]]) -> int:
        texts = [system, *(inputs.text_in(said) for _, said in parts)]
        return sum(math.ceil(rate * budget.most_tokens(text)) + around for text in texts) + 100

    conversation, then, question = given
    *earlier, last = conversation.turns
    before = replace(conversation, turns=tuple(earlier))
    sent = context.messages(before, last.question_text, then)
    counted = replace(
        last.answer or Answer(),
        input_tokens=tokens(context.system_prompt(before), sent),
        counted_from=context.oldest_sent(before, sent, last.number),
    )
    now_known = replace(conversation, summary=summary, turns=(*earlier, replace(last, answer=counted)))
    system, parts = context.system_prompt(now_known), context.messages(now_known, question, now)
    oldest = context.oldest_sent(now_known, parts, last.number + 1)
    bound = budget.most_read_after(now_known, oldest, "m", system, parts)
    assert tokens(system, parts) <= bound <= budget.most_read(system, parts)
