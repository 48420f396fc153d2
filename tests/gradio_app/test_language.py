"""One language on a page: what a person chose, what the browser asks for, and where all of it is asked."""

from html import unescape
from re import findall

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import HTTPConnection

from gradio_app.language import LANGUAGES, asked_for, language
from tests.gradio_app.fakes import PAGE_VIEW, User, make_world

ASKED = {
    "": "en",
    "es": "es",
    "ES-mx": "es",
    "es-MX,es;q=0.9,en;q=0.8": "es",
    "pt-BR,es": "pt",
    "it-IT,es": "es",
    "fr-FR,fr;q=0.9,es;q=0.5": "es",
    "en;q=0.2,es;q=0.7": "es",
    "en-US;q=0.2, en;q=0.9, es;q=0.7": "en",
    "es-419;q=0.3, en;q=0.2": "es",
    "es, en": "es",
    "en, es": "en",
    "es;q=0.5, en;q=0.5": "es",
    "de,fr": "en",
    "*": "en",
    "*, es": "es",
    "es;q=0.1, *;q=0.5": "en",
    "en;q=0": "es",
    "en;q=0, *;q=0": "en",
    "es;q=0, *;q=0": "en",
    "es;q=0, fr": "en",
    "en;q=0.000, es;q=0.001": "es",
    "es-ES;q=0, es-MX": "es",
    "es ; Q=0.9 , en\t;\tq=0.1": "es",
    "en;q=0.1,, ,es": "es",
    "español, es": "es",
    "estonian": "en",
    "es_MX": "en",
    # What is no weight is no wish.
    "es;q=nonsense,en;q=0.1": "en",
    "es;q=nan,en;q=0.1": "en",
    "es;q=inf,en;q=0.1": "en",
    "es;q=-1,en;q=0.1": "en",
    "es;q=2,en;q=0.1": "en",
    "es;q=1.5,en;q=0.1": "en",
    "es;q=1e0,en;q=0.1": "en",
    "es;q=0.12345,en;q=0.1": "en",
    "es;q=\N{ARABIC-INDIC DIGIT ZERO}.9,en;q=0.1": "en",
    "es;q=,en;q=0.1": "en",
    "es;level=1,en;q=0.1": "en",
    ";;;,,,=": "en",
}


@pytest.mark.parametrize(("header", "wanted"), ASKED.items())
def test_the_language_that_a_browser_asks_for(header: str, wanted: str) -> None:
    assert asked_for([header]) == wanted


def test_several_headers_are_one_list() -> None:
    assert asked_for(["de", "en;q=0.3, es;q=0.4"]) == "es"


@given(st.lists(st.text(st.sampled_from("ens-*;=q.019, \t") | st.characters(), max_size=60), max_size=3))
@example(["*;q=0"])
@example(["es-" * 20_000])
def test_any_header_is_answered_in_one_of_ours(headers: list[str]) -> None:
    assert asked_for(headers) in LANGUAGES


@pytest.mark.parametrize(
    ("query", "cookie", "wanted"),
    [
        ("lang=es", "", "es"),
        ("lang=es", "language=en", "es"),
        ("", "language=es", "es"),
        ("lang=xx", "language=es", "es"),
        ("lang=", "language=", "en"),
        ("lang=ES", "language=%65s", "en"),
        ("", "get=x; language=es; keys=x", "es"),
    ],
)
def test_a_choice_comes_before_what_the_browser_asks_for(query: str, cookie: str, wanted: str) -> None:
    headers = [(b"accept-language", b"en"), (b"cookie", cookie.encode())]
    scope = {"type": "http", "query_string": query.encode(), "headers": headers}
    assert language(HTTPConnection(scope)) == wanted


@pytest.mark.parametrize("path", ["/login", "/forgot-password", "/account", "/nowhere"])
def test_sign_in_and_refusals_decide_alike(path: str) -> None:
    ana = make_world(ana=User("Correct-Horse-1")).signed_in("ana@example.com")
    if path in ("/login", "/forgot-password"):
        ana.cookies.clear()
    asked = PAGE_VIEW | {"accept-language": "it,es"}
    assert '<html lang="es">' in ana.get(path, headers=asked).text
    ana.cookies.set("language", "en")
    assert '<html lang="en">' in ana.get(path, headers=asked).text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("", ""),
        ("lang=pt&lang=en", ""),
        ("ended=1&a=1&a=%22%3E%3Cb%3E%26lang%3Dpt&lang=en&q=", "ended=1&a=1&a=%22%3E%3Cb%3E%26lang%3Dpt&q=&"),
        ("q=%c3%b1+o%20%ff&h=#f", "q=%C3%B1+o+%EF%BF%BD&h=&"),
    ],
)
def test_the_same_page_in_another_language_is_the_same_page(query: str, kept: str) -> None:
    shown = make_world().browser().get(f"/login?{query}", headers=PAGE_VIEW).text
    links = findall(r'<a href="([^"]*)" lang="(..)"', shown)
    assert {lang: unescape(link) for link, lang in links} == {
        lang: f"/login?{kept}lang={lang}" for lang in ("es", "pt")
    }
