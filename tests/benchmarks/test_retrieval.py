"""The benchmark of finding: that it counts right, and that its questions are well formed."""

import pytest

from benchmarks.retrieval.books import PAGES
from benchmarks.retrieval.citations import _stands_in
from benchmarks.retrieval.measuring import Found, bounds
from benchmarks.retrieval.questions import (
    ACROSS,
    FOLLOW_UPS,
    IDENTIFIERS,
    KINDS,
    LANGUAGES,
    UNANSWERED,
    Question,
    questions,
)
from benchmarks.retrieval.scoring import Share, is_among_first, separation
from benchmarks.retrieval.ways import PRODUCT, reciprocal_ranks

QUOTAS = Question(IDENTIFIERS, "edquota", "en", "en", "sect.quotas", ("EDQUOTA", "setquota"))


@pytest.mark.parametrize(
    ("right", "of", "low", "high"),
    [
        (0, 0, 0, 1),
        (0, 10, 0, 0.2775),
        (10, 10, 0.7225, 1),
        (9, 10, 0.5958, 0.9821),
        (50, 100, 0.4038, 0.5962),
    ],
)
def test_an_interval_is_wilsons(right: int, of: int, low: float, high: float) -> None:
    assert Share(right, of).interval == pytest.approx((low, high), abs=1e-4)


def test_a_share_of_nothing_is_none() -> None:
    assert (Share(0, 0).share, str(Share(0, 0))) == (None, "-")
    assert str(Share(9, 10)) == "90 % (60-98)"


def test_only_the_first_places_count() -> None:
    ranking = [False, False, True]
    assert is_among_first(ranking, 3)
    assert not is_among_first(ranking, 2)
    assert not is_among_first([], 5)


def test_what_parts_two_kinds_is_how_often_one_is_above_the_other() -> None:
    assert separation([2, 3], [1, 1]) == 1
    assert separation([1, 3], [2, 2]) == 0.5
    assert separation([1], [1]) == 0.5
    assert separation([], [1]) is None


def test_no_fusion_finds_more_than_one_of_its_parts_or_than_both_put_forward() -> None:
    found = [
        Found(QUOTAS, frozenset({"vectors", PRODUCT}), is_candidate=True),
        Found(QUOTAS, frozenset({PRODUCT}), is_candidate=True),
        Found(QUOTAS, frozenset(), is_candidate=True),
        Found(QUOTAS, frozenset(), is_candidate=False),
    ]
    assert bounds(found) == {IDENTIFIERS: (Share(1, 4), Share(3, 4))}


@pytest.mark.parametrize(
    ("words", "stands"),
    [
        ("run edquota  -u", True),
        ("edquota -u ana", True),
        ("edquota -u an", False),
        ("un edquota", False),
        ("edquota ana", False),
        ("-u", True),
        ("", False),
    ],
)
def test_a_citation_is_true_whose_words_stand_whole_in_the_document(words: str, stands: bool) -> None:
    assert _stands_in(words, "To run edquota\n-u ana is enough.") is stands


def test_plain_fusion_counts_places_alike() -> None:
    one, two, three = ("a", 1), ("a", 2), ("b", 1)
    assert reciprocal_ranks([one, two], [two, three]) == [two, one, three]


@pytest.mark.parametrize(
    ("page", "heading", "text", "is_right"),
    [
        ("sect.quotas", "9.9. Quotas", "The edquota command", True),
        ("sect.quotas", "The setquota program", "It sets many.", True),
        ("sect.quotas", "9.9. Quotas", "Nothing of it", False),
        ("sect.backup", "9.9. Quotas", "The edquota command", False),
        ("sect.quotas", None, "edquota, above the heading", False),
    ],
)
def test_a_passage_is_right_by_its_page_and_words(
    page: str, heading: str | None, text: str, is_right: bool
) -> None:
    assert QUOTAS.is_answered_by(page, heading, text) is is_right


def test_the_questions_are_well_formed() -> None:
    asked = questions()
    assert len({(each.text, each.before) for each in asked}) >= 120
    for kind in KINDS:
        of_kind = [each for each in asked if each.kind == kind]
        assert len(of_kind) >= 20, kind
        assert 0.25 <= sum(each.is_held_out for each in of_kind) / len(of_kind) <= 0.4, kind
    for each in asked:
        assert each.text.strip() == each.text != ""
        assert {each.language, each.book} <= set(LANGUAGES)
        assert (each.language != each.book) == (each.kind == ACROSS)
        assert bool(each.before) == (each.kind == FOLLOW_UPS)
        assert (each.page in PAGES) == (each.kind != UNANSWERED), each
