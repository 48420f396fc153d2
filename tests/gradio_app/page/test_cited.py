"""What an answer shows of its sources: pure HTML, in which nothing that somebody wrote does anything."""

import html
import re

import pytest

from gradio_app.chat.lookup import CLOSED, DELETED, OPEN
from gradio_app.chat.sources import Backing, Mark, Source
from gradio_app.page.cited import BEGIN, END, answer_parts, sources

PASSAGE = '<img src=x onerror=alert(1)> [a](https://evil.example) "words" \r\n$x$ </details>'
HOSTILE = Source("user-ana", "a" * 64, 0, '"><b>.pdf', "pdf", PASSAGE, page=7, heading="<i>\nHead")


def backing(*marks: Mark) -> Backing:
    return Backing((HOSTILE,), marks)


def shown(parts: list[str]) -> str:
    """The text of some HTML."""
    return html.unescape(re.sub(r'<(?:[^<>"]|"[^"]*")*>', "", "".join(parts)))


@pytest.mark.parametrize(
    ("text", "at", "expected"),
    [
        ("One. Two.", 4, "One.1 Two."),
        ("One **two** three", 11, "One two1 three"),
        ("See https://example.com/a for more", 25, "See https://example.com/a 1 for more"),
        ("- one\n- two", 5, "one1two"),
        ("| a | b |\n|---|---|\n| c | d |", 27, "abcd1"),
        ("One", 99, "One1"),
        (f"One {BEGIN}0{END} two", 3, "One1 \ufffd0\ufffd two"),
    ],
)
def test_a_mark_stands_where_it_belongs_whatever_is_around_it(text: str, at: int, expected: str) -> None:
    parts = answer_parts(text, backing(Mark(at, 0, 0, 4)), "en")
    assert shown(parts) == expected
    assert "".join(parts).count('<button type="button" class="cite"') == 1


def test_no_mark_gets_into_an_address_nor_into_code() -> None:
    text = "https://example.com/abc\n\n```\ncode here\n```"
    parts = answer_parts(text, backing(Mark(20, 0, 0, 4), Mark(33, 0, 0, 4)), "en")
    assert BEGIN not in "".join(parts)
    assert next(part for part in parts if part.startswith("```")).splitlines()[1] == "code here"
    for address in re.findall(r'href="([^"]*)"', "".join(parts)):
        assert "button" not in html.unescape(address)


def test_a_passage_is_plain_text_with_its_words_marked() -> None:
    at = PASSAGE.index("words")
    [part] = sources(backing(Mark(0, 0, at, at + 5)), "es", {HOSTILE.place: OPEN})
    assert "<mark>words</mark>" in part
    assert "\n" not in part
    assert set(re.findall(r"<(\w+)", part)) == {"div", "details", "summary", "span", "mark", "a"}
    assert shown([part]) == f'1 "><b>.pdf, página 7, <i> Head{PASSAGE.replace(chr(13), "")}Abrir el documento'
    [address] = re.findall(r'href="([^"]*)"', part)
    assert html.unescape(address) == f"/documents/file?library=user-ana&id={'a' * 64}#page=7"


@pytest.mark.parametrize(("standing", "sentence"), [(DELETED, "was deleted"), (CLOSED, "not open to you")])
def test_a_document_that_cannot_be_opened_has_no_link(standing: str, sentence: str) -> None:
    [part] = sources(backing(Mark(0, 0, 0, 4)), "en", {HOSTILE.place: standing})
    assert sentence in shown([part])
    assert "href" not in part


def test_an_answer_without_marks_says_that_nothing_backs_it() -> None:
    [part] = sources(Backing(), "en", {})
    assert shown([part]) == "Nothing in this answer is backed by your documents."


@pytest.mark.parametrize(("language", "told"), [("en", "Searched for, too: "), ("es", "También se buscó: ")])
@pytest.mark.parametrize("found", [(HOSTILE,), ()])
def test_what_was_searched_for_besides_stands_there_as_text(
    found: tuple[Source, ...], language: str, told: str
) -> None:
    parts = sources(Backing(found, (), PASSAGE), language, {})
    assert shown(parts).endswith(html.unescape(told + PASSAGE.replace("\r\n", "\n")))
    assert "<img" not in "".join(parts)
