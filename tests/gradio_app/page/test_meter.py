"""What the meter says of an answer and of the whole conversation, in every language."""

from dataclasses import replace
from html import unescape

import pytest

from gradio_app.chat.caching import OF_CLAUDE
from gradio_app.chat.conversation import Answer, Conversation, Turn, plain
from gradio_app.chat.filling import Filling, to_json
from gradio_app.chat.service_tiers import TIERS
from gradio_app.language import LANGUAGES
from gradio_app.page.meter import meter
from gradio_app.page.meter_texts import METER

ANSWER = Answer(
    plain("yes"),
    input_tokens=5_000,
    output_tokens=7,
    counted_from=1,
    made_of=to_json(Filling(question=9, filled=30, limit=1_000)),
)
TALK = Conversation("c" * 32, turns=(Turn(1, plain("?"), ANSWER),), input_tokens=12_345)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("saved", "key", "figures"), [(4_321, "cache_saved", ("4321",)), (-250, "cache_cost", ("250",))]
)
def test_what_the_cache_did_in_the_whole_conversation_is_told(
    language: str, saved: int, key: str, figures: tuple[str, ...]
) -> None:
    told = unescape(meter(replace(TALK, cache_saved_tokens=saved), 200_000, OF_CLAUDE, language))
    [begins] = [METER[language][key].partition("{saved}")[0]]
    assert begins in told
    digits = "".join(filter(str.isdigit, told[told.index(begins) :].partition("</p>")[0]))
    assert digits == "".join(figures)
    others = {"cache_saved", "cache_cost"} - {key}
    assert not any(METER[language][other].partition("{saved}")[0] in told for other in others)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_told_of_a_cache_that_did_nothing_and_of_no_tier(language: str) -> None:
    told = unescape(meter(TALK, 200_000, OF_CLAUDE, language))
    assert told
    for key in ("cache_saved", "cache_cost", *TIERS):
        assert METER[language][key].partition("{saved}")[0] not in told


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("tier", TIERS)
def test_a_service_tier_is_told_of_with_what_it_counts(language: str, tier: str) -> None:
    answer = replace(ANSWER, service_tier=tier)
    told = unescape(meter(replace(TALK, turns=(Turn(1, plain("?"), answer),)), 200_000, OF_CLAUDE, language))
    assert METER[language][tier] in told
