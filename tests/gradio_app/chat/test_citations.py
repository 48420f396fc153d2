"""A mark is shown only where its words stand in the passage, whatever a model wrote."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradio_app.chat import citations
from gradio_app.chat import readable as readable_module
from gradio_app.chat.citation_marks import LONGEST, MARK, Pieces, without_beginning
from gradio_app.chat.citation_marks import marks as citations_in
from gradio_app.chat.citations import Cited, checked, place_of
from gradio_app.chat.readable import Readable
from gradio_app.chat.sources import Backing, Source, from_json, to_json


def source(text: str, number: int = 0) -> Source:
    return Source("user-ana", "a" * 64, number, "Handbook.pdf", "pdf", text, page=3)


BATTERY = source("The battery lasts for\nten hours. It needs 15 volts.")
GUARANTEE = source("La garantía cubre tres años.", 1)


def marks(raw: str, *cited: Cited) -> tuple[str, list[tuple[int, str]]]:
    """What is shown of an answer, and where its marks stand, with their words."""
    text, backing = checked(raw, (BATTERY, GUARANTEE), cited)
    return text, [(mark.at, " ".join(backing.words(mark).split())) for mark in backing.marks]


@pytest.mark.parametrize(
    ("raw", "shown", "words"),
    [
        ('Long [1: "lasts for ten hours"].', "Long.", ["lasts for ten hours"]),
        ("Long [1: “lasts for ten hours.”] and more", "Long and more", ["lasts for ten hours"]),
        ("Tres [2: «cubre tres años»]", "Tres", ["cubre tres años"]),
        ('Long [passage 1: "ten   hours. It needs"]', "Long", ["ten hours. It needs"]),
        ('Both [1: "lasts for ten"][2: "cubre tres años"].', "Both.", ["lasts for ten", "cubre tres años"]),
        # Words that do not stand there, in another passage, or as parts of others.
        ('No [1: "lasts for eleven hours"].', "No.", []),
        ('No [1: "cubre tres años"].', "No.", []),
        ('No [1: "It needs 15 volt"].', "No.", []),
        ('No [1: "5 volts"].', "No.", []),
        # A number that was not given, and words that say nothing.
        ('No [3: "cubre tres años"]. [0: "battery lasts"] [99: "x"]', "No.", []),
        ('No [1: "the"] [1: ""] [1: "..."].', "No.", []),
        # Numbers alone count where the sentence itself repeats the passage.
        ("The battery lasts for ten hours [1].", "The battery lasts for ten hours.",
         ["The battery lasts for ten hours"]),
        ("It lasts long [1][2], as they say [1, 2].", "It lasts long, as they say.", []),
        # What looks like a mark and leads elsewhere.
        ("Long [1](http://evil.example/x) enough", "Long enough", []),
        # Code is as it was written.
        ("Use `a[1]` or\n```\nb[1]\n```", "Use `a[1]` or\n```\nb[1]\n```", []),
    ],
)  # fmt: skip
def test_a_mark_stands_where_its_words_stand_in_the_passage(raw: str, shown: str, words: list[str]) -> None:
    text, found = marks(raw)
    assert (text, [each for _, each in found]) == (shown, words)


def test_an_answer_that_is_nothing_but_citations_says_their_words() -> None:
    text, found = marks(
        '[1: "The battery lasts for ten hours"]. [2: "cubre diez años"]'.replace("]. [", "] [")
    )
    assert text == "“The battery lasts for ten hours” “cubre diez años”"
    assert [words for _, words in found] == ["The battery lasts for ten hours"]


def test_a_model_that_cites_nothing_is_held_against_all_passages() -> None:
    text, found = marks("Yes. The battery lasts for ten hours. La garantía cubre diez años.")
    assert [(text[:at], words) for at, words in found] == [
        ("Yes. The battery lasts for ten hours.", "The battery lasts for ten hours")
    ]
    assert marks("The battery lasts for two hours.")[1] == []


def test_a_mark_stands_behind_what_it_backs() -> None:
    text, found = marks('It lasts long [1: "lasts for ten hours"]. Three years [2: "cubre tres años"]')
    assert text == "It lasts long. Three years"
    assert [text[:at] for at, _ in found] == ["It lasts long", "It lasts long. Three years"]


def test_marks_on_lines_of_their_own_belong_to_what_stands_above() -> None:
    text, found = marks('It lasts long.\n\n[1: "lasts for ten hours"]\n\nMore.')
    assert text == "It lasts long.\n\nMore."
    assert [text[:at] for at, _ in found] == ["It lasts long."]


def test_what_a_model_cites_by_itself_is_held_against_the_passage_too() -> None:
    raw = "One. Two. Three."
    text, found = marks(
        raw,
        Cited(4, 0, "The battery lasts for ten hours."),
        Cited(9, 1, "La garantía cubre diez años."),
        Cited(16, 7, "The battery lasts for ten hours."),
    )
    assert text == raw
    assert found == [(4, "The battery lasts for ten hours")]


def readable(*pieces: str) -> str:
    answer = Readable()
    for piece in pieces:
        answer.add(piece)
    return str(answer)


def test_an_answer_that_grows_never_shows_a_piece_of_a_citation() -> None:
    raw = 'It lasts [1: "lasts for ten hours"] and costs [2] a lot'
    seen = [readable(raw[:end]) for end in range(len(raw) + 1)]
    assert seen[-1] == "It lasts and costs a lot"
    assert all("It lasts and costs a lot".startswith(each.rstrip()) for each in seen)


def test_what_backs_an_answer_is_the_same_after_it_was_stored() -> None:
    _, backing = checked('Long [1: "lasts for ten hours"]', (BATTERY, GUARANTEE))
    assert from_json(to_json(backing)) == backing
    assert backing.sources == (BATTERY,)


def test_more_sources_than_an_item_holds_are_left_out_with_their_marks() -> None:
    large = [source(f"{number} number {'x' * 30_000}", number) for number in range(9)]
    raw = " ".join(f'it [{number + 1}: "{number} number"]' for number in range(9))
    _, backing = checked(raw, large)
    kept = from_json(to_json(backing))
    assert len(to_json(backing)) < 110_000
    assert len(backing.sources) == 9 > len(kept.sources) > 0
    assert {mark.source for mark in kept.marks} == set(range(len(kept.sources)))


LONG = [
    'said [1: "words of it"] and',
    " [2](http://a.example/x) ",
    "[passage 1]\n",
    "`code [1]`",
    "```\n[1]\n",
    "```",
    "word " * 400,
    " " * 700,
    "\n\n",
    '[1: "no end',
    "[",
]


@given(st.lists(st.sampled_from(LONG), max_size=30).map("".join), st.integers(1, 3_000))
def test_however_it_comes_it_reads_the_same(raw: str, step: int) -> None:
    pieces = [raw[at : at + step] for at in range(0, len(raw), step)]
    text, done = Pieces(), 0
    for citation in citations_in(raw):
        text.add(raw[done : citation.start()])
        text.close(raw, citation)
        done = citation.end()
    text.add(raw[done:])
    assert readable(*pieces) == without_beginning(str(text))


class Counting:
    """The pattern of citations, with how long the texts were that it went through."""

    def __init__(self, lengths: list[int]) -> None:
        self._lengths = lengths

    def finditer(self, raw: str) -> Iterator[re.Match[str]]:
        self._lengths.append(len(raw))
        return MARK.finditer(raw)


HOSTILE = {
    "blanks": " " * 200_000 + "x",
    "lines": "a" + "\n" * 200_000 + "b",
    "numbers": "words of it " + "[1,2,3,4,5,6,7,8] " * 10_000,
    "beginnings": "[1: " * 50_000,
    "quotes": '[1: "' + '" ' * 100_000,
    "quotes and blanks": '[1: "' * 20_000 + " " * 100_000,
    "addresses": "[1](" + "x[1](" * 40_000,
    "ticks": "`a" * 100_000 + "`" + "b" * 100_000,
    "words that do not stand there": '[1: "not a word of it"] ' * 10_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_work_is_bounded(raw: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[str]()
    monkeypatch.setattr(citations, "place_of", lambda words, _: looked.append(words))
    real = citations._repeated
    monkeypatch.setattr(citations, "_repeated", lambda *given: looked.append("") or real(*given))
    checked(raw, (BATTERY, GUARANTEE))
    assert len(looked) <= 2 * citations.TRIES
    steps = list[int]()
    monkeypatch.setattr(readable_module, "MARK", Counting(steps))
    assert len(readable(*(raw[at : at + 100] for at in range(0, len(raw), 100)))) <= len(raw)
    assert max(steps) <= 2 * LONGEST + 100 or "`" in raw


SIGNS = st.text(alphabet='ab1 \n[]:"“”.,`(é字\U000f0000', max_size=60)
PASSAGES = st.lists(SIGNS.map(source), max_size=3)


@given(
    st.lists(SIGNS, max_size=6),
    PASSAGES,
    st.lists(st.builds(Cited, st.integers(-1, 80), st.integers(-1, 4), SIGNS)),
)
def test_whatever_is_written_and_cited_only_words_of_passages_are_marked(
    pieces: list[str], given_: list[Source], cited: list[Cited]
) -> None:
    numbers = range(1, len(pieces) + 1)
    raw = "".join(f'{piece} [{number}: "{piece}"]' for number, piece in zip(numbers, pieces, strict=True))
    text, backing = checked(raw, given_, cited)
    for mark in backing.marks:
        words = backing.words(mark)
        assert words
        assert words in backing.sources[mark.source].text
        assert backing.sources[mark.source] in given_
        assert 0 <= mark.at <= len(text)
    assert set(range(len(backing.sources))) == {mark.source for mark in backing.marks}
    assert from_json(to_json(backing)) == Backing(backing.sources, backing.marks)


@given(st.text(alphabet="ab1 \n.é", max_size=40), st.integers(0, 40), st.integers(0, 40))
def test_whole_words_of_a_text_are_found_whatever_its_blanks(text: str, one: int, other: int) -> None:
    words = text.split()
    chosen = words[min(one, other) : max(one, other)]
    place = place_of("  ".join(chosen), text)
    if not chosen:
        assert place is None
        return
    assert place is not None
    start, end = place
    assert "".join(text[start:end].split()) == "".join(chosen)
