"""What is a question, and what is none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat.asking import QUESTION_CHARACTERS, RefusedError, is_blank, question_of, whole

any_text = st.text(st.characters())
"""Lone surrogates among it."""


@given(any_text)
def test_a_question_is_what_was_typed_but_for_what_cannot_be_seen_around_it(typed: str) -> None:
    question = question_of(typed)
    assert question in whole(typed)
    assert question.strip() == whole(typed).strip() or is_blank(question + typed)
    question.encode()


@pytest.mark.parametrize(
    ("typed", "question"),
    [
        ("    indented\n  code  \n\n", "    indented\n  code"),
        ("\n \n\t\n  first\n\nlast", "  first\n\nlast"),
        ("10.", "10."),
        ("\ud83d\ude00", "\U0001f600"),
        ("a\ud83d b", "a\ufffd b"),
        ("\udc00", "\ufffd"),
    ],
)
def test_text_stays_as_it_was(typed: str, question: str) -> None:
    assert question_of(typed) == question


@pytest.mark.parametrize(
    "typed",
    ["", " ", "\u200b", "\ufeff\u2060\u200d", "\u3164\u115f", "\u2800", "\u00ad", "\u202e", "\ufe0f",
     "\x00\x1b", "\u2028\u2029", "\U000e0041", "\U000e0100", "\u034f", "\u180e"],
)  # fmt: skip
def test_what_cannot_be_seen_is_no_question(typed: str) -> None:
    assert question_of(typed) == ""


@pytest.mark.parametrize("typed", ["\u200b.", "\u0301", "\ufdfa", "?", "٣", "\U0001f469\u200d\U0001f680"])
def test_what_can_be_seen_is(typed: str) -> None:
    assert question_of(typed) == typed


def test_a_question_that_is_too_long_is_refused_with_its_count_and_not_cut() -> None:
    assert question_of("x" * QUESTION_CHARACTERS) == "x" * QUESTION_CHARACTERS
    with pytest.raises(RefusedError) as refused:
        question_of("\U0001f600" * (QUESTION_CHARACTERS + 7))
    assert refused.value.reason == "too_long"
    assert refused.value.counts == {"characters": 32_007, "most": 32_000}
