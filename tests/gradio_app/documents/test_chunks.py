"""Passages: whatever the text, each stands in it word for word, and nothing of it is left out."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.documents.chunks import CHUNKS, TOKEN, chunks
from gradio_app.documents.collecting import Collector, table
from gradio_app.documents.extracted import Extracted, Limits, Section

pytestmark = pytest.mark.slow

PLACES = st.tuples(st.none() | st.integers(1, 3), st.none() | st.sampled_from(["Guide", "Guide > Install"]))
TEXTS = st.text() | st.lists(
    st.sampled_from(["palabra", "año.", "a\nb", "\n\n", "字" * 30, "👩‍🚀", "x" * 200]), max_size=90
).map(" ".join)
PROSE = st.tuples(TEXTS, PLACES, st.just(None))
TABLES = st.tuples(
    st.lists(st.lists(st.text(max_size=9), min_size=1, max_size=4), min_size=1, max_size=40), PLACES
).map(lambda drawn: (made[1] if (made := table(drawn[0])) else "", drawn[1], made and made[0]))


def document(parts: Iterable[tuple[str, tuple[int | None, str | None], str | None]]) -> Extracted:
    """Put together as the child does it."""
    collector = Collector(Limits())
    for text, (page, heading), header in parts:
        mark = f"[Page {page}]" if page else ""
        collector.add(text, mark=mark, page=page, heading=heading, header=header)
    sections = tuple(
        Section(text=collector.text[start:end], start=start, page=page, heading=heading, header=header)  # type: ignore[arg-type]
        for start, end, page, heading, header, _, _ in collector.sections
    )
    return Extracted(text=collector.text, sections=sections)


@given(st.lists(PROSE | TABLES, max_size=8).map(document), st.integers(1, 60))
def test_passages_are_verbatim_in_order_and_leave_nothing_out(extracted: Extracted, words: int) -> None:
    made = chunks(extracted, words)
    covered = [False] * len(extracted.text)
    end = 0
    for chunk in made:
        assert chunk.text == extracted.text[chunk.start : chunk.end] == chunk.text.strip() != ""
        assert chunk.start >= end
        end = chunk.end
        covered[chunk.start : chunk.end] = [True] * len(chunk.text)
    for section in extracted.sections:
        for place in range(section.start, section.end):
            assert covered[place] or extracted.text[place].isspace()


@given(st.lists(PROSE | TABLES, max_size=8).map(document), st.integers(21, 60))
def test_a_passage_is_of_one_place_and_not_too_long(extracted: Extracted, words: int) -> None:
    for chunk in chunks(extracted, words):
        assert len(TOKEN.findall(chunk.text)) <= words + 1
        within = [
            section
            for section in extracted.sections
            if section.start < chunk.end and chunk.start < section.end
        ]
        assert {(section.page, section.heading) for section in within} == {(chunk.page, chunk.heading)}
        assert chunk.header == within[-1].header


def test_a_table_is_split_between_its_rows_and_each_part_knows_the_header() -> None:
    rows = [["Part", "Price"], *([f"A-{number}", str(number)] for number in range(100))]
    made = table(rows)
    assert made
    extracted = document([("## Prices", (None, "Prices"), None), (made[1], (None, "Prices"), made[0])])
    parts = chunks(extracted, 60)
    assert len(parts) > 5
    assert parts[0].text.startswith("## Prices\n\n| Part | Price |\n| --- |")
    for part in parts:
        assert part.header == "| Part | Price |\n| --- | --- |"
        assert part.text.endswith(" |")
    assert all(part.text.startswith("| A-") for part in parts[1:])


def test_prose_is_split_between_paragraphs_else_sentences_and_evenly() -> None:
    paragraphs = "\n\n".join(["One sentence here. " * 10] * 4)
    assert [part.text.count("\n\n") for part in chunks(document([(paragraphs, (1, None), None)]), 60)] == [
        1,
        1,
    ]
    sentences = chunks(document([("One sentence here. " * 40, (1, None), None)]), 50)
    assert [part.text[-1] for part in sentences] == ["."] * 3
    assert {len(part.text.split()) // 5 for part in sentences} <= {7, 8}


def test_headings_and_pages_part_passages() -> None:
    parts = [("a", (1, "A"), None), ("b", (1, "A"), None), ("c", (2, "A"), None), ("d", (2, "B"), None)]
    assert [(part.text, part.page, part.heading) for part in chunks(document(parts))] == [
        ("a\n\nb", 1, "A"),
        ("c", 2, "A"),
        ("d", 2, "B"),
    ]


@pytest.mark.parametrize("below", ["Some text.", "word " * 400])
def test_a_heading_with_nothing_but_headings_under_it_is_no_passage_of_its_own(below: str) -> None:
    """However long what follows is; on another page, or beside it, it stays alone."""
    apart = [("## A", (1, "A"), None), ("### B", (1, "A > B"), None), (below, (1, "A > B > C"), None)]
    parts = chunks(document(apart))
    assert parts[0].text.startswith("## A\n\n### B\n\n")
    assert {(part.page, part.heading) for part in parts} == {(1, "A > B > C")}
    for alone in [("text", (2, "A > B"), None), ("text", (1, "B"), None), ("text", (1, "Ab > B"), None)]:
        assert len(chunks(document([("## A", (1, "A"), None), alone]))) == 2


def test_their_number_is_bounded_whatever_the_document() -> None:
    limits = Limits()
    each = limits.characters // limits.sections
    text = ("a " * each)[: each - 1] + "\n"
    sections = tuple(
        Section(text=text, start=number * each, heading=str(number)) for number in range(limits.sections)
    )
    extracted = Extracted(text=text * limits.sections, sections=sections)
    assert len(chunks(extracted)) <= CHUNKS
    with pytest.raises(ValueError, match="passages"):
        chunks(extracted, 1)


def test_blanks_without_end_cost_no_time() -> None:
    text = "a" + " " * 1_000_000 + "b " * 1_000 + "\u00a0" * 500_000 + "c"
    assert (
        "".join("".join(part.text.split()) for part in chunks(document([(text, (None, None), None)])))
        == "a" + "b" * 1_000 + "c"
    )
