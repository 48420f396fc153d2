"""What a person sees when an event is refused before it reaches the application: a sentence, and the chat."""

import json
import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gradio_app.gate import shares
from gradio_app.page import texts
from gradio_app.pages.texts import TEXTS
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import answers, ask, box, context, notice, opened, page, send, site
from tests.gradio_app.page.test_words import speaking

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]
RUN, JOIN = "**/gradio_api/run/predict*", "**/gradio_api/queue/join*"
TOAST = ".toast-wrap"
A_BALANCERS_PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def stale(route: Route) -> None:
    """What a page sends that was open while another version took the place of its own."""
    body: Any = route.request.post_data_json
    route.fallback(post_data=json.dumps({**body, "fn_index": 999}))


def refuses_nobody_else(page: Page) -> None:
    """The page is as before: nothing lies over the chat, and what is asked next is answered."""
    page.unroute(RUN)
    page.get_by_role("button", name=re.compile("Retry|Reintentar|Tentar de novo")).click()
    expect(answers(page).last).to_have_text("one")
    expect(page.locator("#send")).to_be_visible()


@pytest.mark.parametrize("language", texts.PAGE)
def test_a_page_of_another_version_is_told_to_reload(browser: Browser, site: str, language: str) -> None:
    context = speaking(browser, site, language)
    page = opened(context, "/")
    ask(page, "answer: one", "one")
    page.route(RUN, stale)
    send(page, "answer: two")
    expect(notice(page).locator("p")).to_have_text(TEXTS[language]["error_400"])
    expect(notice(page)).to_have_attribute("role", "alert")
    expect(box(page)).to_have_value("answer: two")
    expect(page.locator(TOAST)).not_to_contain_text(re.compile("."))
    page.unroute(RUN)  # the page that comes is of the version that serves
    page.reload()
    expect(box(page)).to_have_value("answer: two")
    box(page).press("Enter")
    expect(answers(page).last).to_have_text("two")
    context.close()


@pytest.mark.parametrize("language", texts.PAGE)
def test_who_sends_too_much_at_once_is_told_so(
    browser: Browser, site: str, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    context = speaking(browser, site, language)
    page = opened(context, "/")
    ask(page, "answer: one", "one")
    asked = len(fake.requests)
    monkeypatch.setattr(shares, "IN_LINE", -shares.AT_ONCE)
    send(page, "answer: two")
    expect(notice(page).locator("p")).to_have_text(TEXTS[language]["too_much_at_once"])
    expect(box(page)).to_have_value("answer: two")
    assert len(fake.requests) == asked
    monkeypatch.undo()
    refuses_nobody_else(page)
    context.close()


@pytest.mark.parametrize("press", ["retry", "undo"])
def test_every_event_says_why_it_is_refused(page: Page, press: str) -> None:
    ask(page, "answer: one", "one")
    for status in (400, 403, 413, 429, 500):
        sentence = TEXTS["en"][f"error_{status}"]
        page.route(RUN, partial(Route.fulfill, status=status, json={"detail": sentence, "error": sentence}))
        presses(page, press)
        expect(notice(page).locator("p")).to_have_text(sentence)
        expect(page.locator("#send")).to_be_visible()
        refuses_nobody_else(page)


def presses(page: Page, what: str) -> None:
    if what == "retry":
        page.get_by_role("button", name="Retry").click()
    else:
        page.get_by_role("button", name="Undo").click()


def test_a_balancers_page_becomes_a_sentence(page: Page, fake: FakeBedrock) -> None:
    def balancer(route: Route) -> None:
        route.fulfill(status=502, body=A_BALANCERS_PAGE, content_type="text/html")

    page.route(RUN, balancer)
    send(page, "answer: one")
    expect(notice(page).locator("p")).to_have_text(texts.SCRIPT["en"]["failed"])
    expect(box(page)).to_have_value("answer: one")
    assert fake.requests == []
    page.unroute(RUN)
    page.route(JOIN, balancer)
    box(page).press("Enter")
    expect(page.locator(TOAST)).to_contain_text(texts.SCRIPT["en"]["failed_event"])
    expect(page.locator(TOAST)).not_to_contain_text("JSON")


def test_a_refused_stop_does_not_give_the_question_back(page: Page, fake: FakeBedrock) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "hold" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.fulfill(status=429, json={"detail": "too much", "error": "too much"})

    page.route(RUN, hold)
    send(page, "hold")
    expect(page.locator("#stop")).to_be_visible()
    page.locator("#stop").click()
    expect(notice(page).locator("p")).to_have_text("too much")
    expect(box(page)).to_have_value("")
    expect(page.locator("#stop")).to_be_visible()
    held[0].continue_()
    page.unroute(RUN)
    expect(answers(page).last).to_contain_text("first words")
    fake.go_on.set()


def test_a_table_that_is_away_leaves_the_page_working(page: Page) -> None:
    ask(page, "answer: one", "one")
    sentence = texts.REFUSALS["en"]["storage"]
    page.route(RUN, lambda route: route.fulfill(status=503, json={"error": sentence}))
    presses(page, "undo")
    expect(notice(page).locator("p")).to_have_text(sentence)
    expect(page.locator("html")).not_to_have_attribute("data-connection", "lost")
    refuses_nobody_else(page)
