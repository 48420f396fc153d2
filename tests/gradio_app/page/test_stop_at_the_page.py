"""*Stop* at the page: from the click that asks on, by whichever way, and while the model is waited for."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from gradio_app.chat import errors, writing
from gradio_app.page import texts
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import answers, ask, box, context, notice, opened, page, send, site
from tests.gradio_app.page.test_words import speaking

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]


def by_example(page: Page) -> None:
    page.locator("#chat .example").first.click()


def by_retry(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Retry|Reintentar|Tentar de novo")).click()


def by_edit(page: Page) -> None:
    page.get_by_role("button", name="Edit the question").click()
    page.get_by_role("textbox", name="Edit the question").fill("answer: changed")
    page.get_by_role("button", name="Ask the changed question").click()


def with_keys(page: Page) -> None:
    page.get_by_role("button", name="Retry").press("Enter")


class OnItsWay:
    """The first event that asks, on its way to the server until it is let go; others pass."""

    def __init__(self, page: Page) -> None:
        self.waiting: list[Route] = []
        page.route("**/gradio_api/run/predict*", self._hold)

    def _hold(self, route: Route) -> None:
        # What stops takes two values, what asks more.
        sent: Any = route.request.post_data_json
        if not self.waiting and len(sent["data"]) > 2:
            self.waiting.append(route)
        else:
            route.continue_()


@pytest.mark.parametrize("asks", [by_example, by_retry, by_edit, with_keys])
def test_it_works_before_the_question_has_arrived(
    page: Page, fake: FakeBedrock, asks: Callable[[Page], None]
) -> None:
    if asks is not by_example:
        ask(page, "answer: one", "one")
    before = len(fake.requests)
    on_its_way = OnItsWay(page)
    asks(page)
    expect(page.locator("#stop")).to_be_visible()
    expect(page.locator("#send")).to_be_hidden()
    with page.expect_response("**/run/predict*"):
        page.locator("#stop").click()
    on_its_way.waiting[0].continue_()
    expect(page.locator("#send")).to_be_visible()
    expect(notice(page)).to_have_count(0)
    assert len(fake.requests) == before
    page.unroute("**/gradio_api/run/predict*")
    box(page).fill("answer: the next one")
    box(page).press("Enter")
    expect(answers(page).last).to_have_text("the next one")


def test_nothing_else_is_asked_meanwhile(page: Page, fake: FakeBedrock) -> None:
    ask(page, "answer: one", "one")
    on_its_way = OnItsWay(page)
    by_retry(page)
    by_retry(page)
    expect(notice(page)).to_contain_text("still being written")
    on_its_way.waiting[0].continue_()
    expect(answers(page).last).to_have_text("one")
    expect(page.locator("#send")).to_be_visible()
    expect(notice(page)).to_have_count(0)
    assert len(fake.requests) == 2


@pytest.mark.parametrize(
    ("language", "question", "reason"),
    [
        *((language, "throttle", errors.THROTTLED) for language in texts.PAGE),
        ("es", "not ready", errors.NOT_READY),
    ],
)
def test_the_page_says_that_the_model_is_waited_for(
    browser: Browser,
    site: str,
    fake: FakeBedrock,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    question: str,
    reason: str,
) -> None:
    for waits in ("RETRY_SECONDS", "LOADING_SECONDS"):
        monkeypatch.setattr(writing, waits, (600.0,))
    context = speaking(browser, site, language)
    page = opened(context, "/")
    send(page, question)
    log = page.get_by_role("log")
    expect(log.locator(".notice")).to_have_text(texts.WAITS[language][reason])
    # A live region: what comes to stand there is read out.
    expect(page.locator("#spoken")).to_have_role("status")
    expect(page.locator("#spoken")).to_contain_text(texts.WAITS[language][reason])
    page.locator("#stop").click()
    expect(log.locator(".notice")).to_have_text(texts.REASONS[language]["stopped"])
    assert len(fake.requests) == 1
    context.close()


def test_what_was_waited_for_takes_the_place_of_that(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RETRY_SECONDS", (2.0,))
    send(page, "busy 1: answer: at last")
    expect(page.locator("#chat .notice")).to_be_visible()
    expect(answers(page).last).to_have_text("at last")
    expect(page.locator("#chat .notice")).to_have_count(0)
