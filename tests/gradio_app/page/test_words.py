"""What the page says, and in which language, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gradio_app.chat.asking import RefusedError
from gradio_app.chat.turns import Turns
from gradio_app.language import COOKIE
from gradio_app.page import texts
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import MS, answers, box, notice, opened, send, site

pytestmark = pytest.mark.slow
__all__ = ["site"]

OF_TURNS = (
    "changed",
    "busy",
    "too_many",
    "crowded",
    "closed",
    "budget",
    "full_conversation",
    "full_person",
    "versions",
    "too_long",
    "empty",
    "choice",
    "storage",
    "cannot_see",
    "no_text",
    "too_many_files",
    "files_too_large",
    "upload_gone",
    "asks_gone",
    "assistant_gone",
    "assistant_asks",
    "instructions_too_long",
    "temporary_full",
    "temporary_busy",
    "temporary_files",
    "temporary_gone",
)
"""Refusals that a message may meet."""
COUNTS = {
    "versions": {"most": 20},
    "too_long": {"characters": 33_000, "most": 32_000},
    "too_many_files": {"most": 10, "documents": 5},
    "instructions_too_long": {"characters": 2_001, "most": 2_000},
}
"""What the words of some of them say besides."""
NAME = "a-model"
"""What others of them are about."""
ENGLISH = re.compile(
    r"\b(Copy|Copied|Scroll|Toggle|Close|Clear|Warning|Lost|Connection|Message|Retry|Undo|Edit|Send|Write|"
    r"Settings|Title|Rename|Delete|Older|Newer|chatbot|Submit|Cancel|Select|input for|slider|Reset)\b"
)


def speaking(
    browser: Browser, site: str, header: str, locale: str = "en-US", chosen: str = ""
) -> BrowserContext:
    """A browser that asks for languages in this way."""

    def asking(route: Route) -> None:
        route.continue_(headers={**route.request.headers, "accept-language": header})

    context = browser.new_context(base_url=site, locale=locale)
    context.route("**/*", asking)  # a header of the context's own gives way to that of its locale
    if chosen:
        context.add_cookies([{"name": COOKIE, "value": chosen, "url": site}])
    context.set_default_timeout(MS)
    return context


def names(page: Page) -> list[str]:
    """All that is read on the page or told by it, but for what a person or the model wrote."""
    return page.evaluate(
        """() => {
            const found = [document.body.innerText];
            for (const element of document.body.querySelectorAll("*"))
                for (const name of ["aria-label", "title", "placeholder", "alt"])
                    if (element.hasAttribute(name)) found.push(element.getAttribute(name));
            return found;
        }"""
    )


@pytest.mark.parametrize("language", texts.PAGE)
def test_every_refusal_is_told_in_words(
    browser: Browser, site: str, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    refused = [RefusedError("")]

    def refuse(*_: Any) -> None:
        raise refused[0]

    monkeypatch.setattr(Turns, "admit", refuse)
    context = speaking(browser, site, language)
    page = opened(context, "/")
    for reason in OF_TURNS:
        counts = COUNTS.get(reason, {})
        refused[0] = RefusedError(reason, NAME, **counts)
        send(page, reason)
        written = {name: texts.number(count, language) for name, count in counts.items()}
        expect(notice(page)).to_contain_text(texts.REFUSALS[language][reason].format(name=NAME, **written))
        expect(box(page)).to_have_value(reason)
    assert fake.requests == []
    context.close()


def test_no_refusal_is_left_without_its_test() -> None:
    elsewhere = {"stopped", "empty_edit", "out_of_date", "not_saved", "not_found", "malformed", "broken"}
    elsewhere |= {"summary_stays"}
    assert set(texts.REFUSALS["en"]) - elsewhere == set(OF_TURNS)


@pytest.mark.parametrize(
    ("language", "header", "locale", "chosen"),
    [
        ("es", "es-MX,en;q=0.5", "es-MX", ""),
        ("es", "en-US", "en-US", "es"),
        ("es", "fr,es", "fr-FR", ""),
        ("pt", "pt-BR,es", "pt-BR", ""),
    ],
)
def test_a_page_speaks_its_language_throughout(
    browser: Browser, site: str, language: str, header: str, locale: str, chosen: str
) -> None:
    context = speaking(browser, site, header, locale, chosen)
    page = opened(context, "/")
    said, welcome = texts.PAGE[language], texts.WELCOME[language].splitlines()[0]
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("#chat .placeholder")).to_contain_text(welcome.strip("# "))
    expect(page.locator("#new")).to_have_text(said["new"])
    send(page, "throttle")
    expect(answers(page).last).to_contain_text(texts.REASONS[language]["throttled"])
    expect(page.get_by_role("button", name=texts.RETRY[language])).to_be_visible()
    expect(page.locator("#send")).to_be_visible()
    page.locator("#settings button.label-wrap").click()
    page.locator("#shortcuts").click()
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#conversations li button").click()
    page.get_by_role("menuitem", name=texts.LIST[language]["delete"]).click()
    expect(page.get_by_role("dialog")).to_contain_text(
        texts.LIST[language]["delete_why"].format(title="throttle")
    )
    assert [name for name in names(page) if ENGLISH.search(name)] == []
    page.keyboard.press("Escape")
    context.set_offline(True)
    send(page, "hola")
    expect(notice(page)).to_contain_text(texts.SCRIPT[language]["lost"])
    expect(page.locator(".toast-wrap")).to_be_hidden()
    context.close()


@pytest.mark.parametrize(("header", "chosen"), [("en", ""), ("es", "en"), ("de", "")])
def test_a_page_speaks_english_throughout(browser: Browser, site: str, header: str, chosen: str) -> None:
    context = speaking(browser, site, header, "es-ES", chosen)
    page = opened(context, "/")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#chat .placeholder")).to_contain_text("What can I help you with?")
    expect(page.locator("#new")).to_have_text("New conversation")
    expect(page.get_by_role("button", name="Send")).to_be_visible()
    context.close()
