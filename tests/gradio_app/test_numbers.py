"""Numbers that people read: set apart as their language does it, whoever writes them."""

import re
from collections.abc import Iterator

import pytest

import gradio_app.library.texts
import gradio_app.login.texts
import gradio_app.page.texts
import gradio_app.pages.texts
from gradio_app.language import LANGUAGES, number
from gradio_app.library import listing
from gradio_app.library.document import Counts, Document, Quotas, State
from gradio_app.library.texts import TEXTS

TABLES = [
    table
    for module in (
        gradio_app.page.texts,
        gradio_app.library.texts,
        gradio_app.login.texts,
        gradio_app.pages.texts,
    )
    for table in vars(module).values()
    if isinstance(table, dict) and set(table) == set(LANGUAGES)
]
NUMBER = re.compile(r"(?<![\w{:])\d[\d.,]*\d(?![\w}:])")


@pytest.mark.parametrize(
    ("value", "decimals", "english", "spanish"),
    [
        (0, 0, "0", "0"),
        (999, 0, "999", "999"),
        (1000, 0, "1,000", "1000"),
        (9999, 0, "9,999", "9999"),
        (10_000, 0, "10,000", "10.000"),
        (-12_345, 0, "-12,345", "-12.345"),
        (1_234_567, 0, "1,234,567", "1.234.567"),
        (1.25, 1, "1.2", "1,2"),
        (12_345.6, 1, "12,345.6", "12.345,6"),
    ],
)
def test_a_number_is_written_as_its_language_does(
    value: float, decimals: int, english: str, spanish: str
) -> None:
    assert (number(value, "en", decimals), number(value, "es", decimals)) == (english, spanish)


def test_a_library_counts_as_the_language_does() -> None:
    counts, quotas = Counts(files=1200, bytes=1_500_000, pages=12_345), Quotas(2000, 10**11, 1_000_000)
    assert listing.room(counts, quotas, TEXTS["en"], "en") == (
        "1,200 of 2,000 documents, 2 of 100,000 MB, 12,345 of 1,000,000 pages"
    )
    assert listing.room(counts, quotas, TEXTS["es"], "es") == (
        "1200 de 2000 documentos, 2 de 100.000 MB, 12.345 de 1.000.000 páginas"
    )


@pytest.mark.parametrize(
    ("language", "about", "reading"),
    [
        ("en", "12,000 pages, 1.5 MB, 1970-01-01", "Page 10,100 of 12,000"),
        ("es", "12.000 páginas, 1,5 MB, 01/01/1970", "Página 10.100 de 12.000"),
    ],
)
def test_a_document_is_told_of_as_the_language_does(language: str, about: str, reading: str) -> None:
    document = Document(
        id="a" * 64, name="x", kind="pdf", bytes=1_540_000, state=State.EMBEDDING, added_at=0, pages=12_000,
        at_page=10_100, added_by="ana",
    )  # fmt: skip
    assert listing.about(document, TEXTS[language], language) == about
    assert listing.doing(document, TEXTS[language], language) == reading


def texts_of(told: object) -> Iterator[str]:
    if isinstance(told, str):
        yield told
    elif isinstance(told, dict):
        for each in told.values():
            yield from texts_of(each)
    elif isinstance(told, tuple):
        for each in told:
            yield from texts_of(each)


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_in_sentences_are_written_so_too(language: str) -> None:
    found = [each for table in TABLES for text in texts_of(table[language]) for each in NUMBER.findall(text)]
    decimal = "." if language == "en" else ","
    for each in found:
        whole, _, fraction = each.partition(decimal)
        value = float(re.sub(r"\D", "", whole) + (f".{fraction}" if fraction else ""))
        assert len(fraction) != 3, f"{each} may be a thousand times more elsewhere"
        assert number(value, language, len(fraction)) == each
    assert len(found) > 5
