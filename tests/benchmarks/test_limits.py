"""What is computed of the limits: the line as the product's own places hold it, and the table in the docs."""

from pathlib import Path

import pytest

from benchmarks.limits.__main__ import limits
from benchmarks.limits.hour import PLACES, Hour, waiting_share
from benchmarks.limits.quotas import LIMITS
from benchmarks.limits.simulation import simulate

DOCS = Path(__file__).parents[2] / "docs" / "limits.md"


@pytest.mark.parametrize("load", [27, 30])
def test_the_line_of_the_places_is_as_long_as_computed(load: float) -> None:
    seen = simulate(load, 32, 15.0, questions=40_000)
    assert seen.waiting_share == pytest.approx(waiting_share(load, 32), rel=0.15)


def test_who_comes_to_a_full_line_is_refused_and_counted() -> None:
    seen = simulate(20, 4, 15.0, questions=500)
    assert seen.refused > 300
    assert seen.waiting_share > 0.95


def test_a_load_above_the_places_always_waits() -> None:
    assert waiting_share(PLACES, PLACES) == 1.0
    assert waiting_share(1, 1000) == 0.0


@pytest.mark.parametrize(("answer_seconds", "tasks"), [(15.0, 278), (600.0, 4341)])
def test_slow_answers_call_for_more_tasks_than_requests_do(answer_seconds: float, tasks: int) -> None:
    assert Hour(1_000_000, answer_seconds=answer_seconds).tasks == tasks


def test_a_limit_is_reached_by_as_many_people_as_it_says() -> None:
    reached = [(each, each.reached, each.allowed) for each in LIMITS if each.reached and each.allowed]
    assert len(reached) > 5
    for each, people, allowed in reached:
        assert each.need(Hour(people)) > allowed >= each.need(Hour(people - 1))


def test_the_docs_have_the_table() -> None:
    text = DOCS.read_text("utf-8")
    assert all(row in text for row in limits())
