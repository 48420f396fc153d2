"""What the benchmark of answers rests on: its text, and how a page puts together what it is sent."""

import pytest
from gradio.utils import diff

from benchmarks.answers.comparing import Ratio, ratios
from benchmarks.answers.measuring import Found
from benchmarks.answers.person import edited
from benchmarks.answers.text import letters, letters_of_page, pieces
from gradio_app.page.markup import answer_parts


@pytest.mark.parametrize("count", [1, 7, 200, 1000])
def test_a_page_shows_the_letters_of_the_text(count: int) -> None:
    text = "".join(pieces(count))
    assert len(pieces(count)) == count
    assert letters_of_page("".join(answer_parts(text))) == letters(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([{"content": [{"text": "a"}]}], [{"content": [{"text": "ab"}, {"text": "c"}]}]),
        (["a", "b", "c", "d"], ["a", "x"]),
        ([{"a": 1, "b": 2}], [{"b": 3, "c": 4}]),
        (["a"], {"__type__": "update"}),
        ("a", "ab"),
    ],
)
def test_edits_make_of_what_was_there_what_is_there_now(before: object, after: object) -> None:
    assert edited(before, diff(before, after)) == after


def found(ms: float, *, lost: int = 0) -> Found:
    return Found(ms, 0.0, ms, 10.0, (1, 1, 1), (1, 1, 1), 100, 500, lost)


def test_rounds_in_which_an_answer_was_lost_are_compared_with_nothing() -> None:
    told = {"ours": [found(1), found(2), found(9)], "theirs": [found(2), found(4), found(1, lost=1)]}
    assert ratios("ours", told)["theirs"]["ms_per_token"] == Ratio(0.5, 0.5, 0.5)
    assert "loop_ms_per_token" not in ratios("ours", told)["theirs"], "the clock has seen nothing of it"
    assert ratios("ours", {"ours": [found(1)], "theirs": [found(1, lost=2)]}) == {"theirs": {}}
