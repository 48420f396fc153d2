"""What axe finds on every screen, in both languages and both color schemes: nothing.

Gradio's own markup that our code cannot change has an exact list of exceptions, each of which must occur.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.security.screens import PARTS, SCREENS, TEMPLATES, enter
from tests.security.site import DEADLINE, Site

BOTH = pytest.mark.parametrize("locale", ["en-US", "es-MX"])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
FROM_GRADIO: dict[tuple[str, str], str] = {
    ("aria-required-children", "['.examples']"): "Gradio calls a row of buttons a list; each has its name.",
}
"""Rule and element, and why it stays."""
LONG_LINE = "print('" + "a line of code that is longer than the window is wide; " * 4 + "')"
ANSWER = f"answer: a list\n\n- of **one**\n\n```python\n{LONG_LINE}\n```"


@contextmanager
def new_page(browser: Browser, site: Site, **options: object) -> Iterator[Page]:
    """A page of a fresh browser with Playwright's `options`; what it says goes with a failure."""
    context = browser.new_context(base_url=site.url, ignore_https_errors=True, **options)  # type: ignore[arg-type]
    context.set_default_timeout(DEADLINE * 1000)
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("requestfailed", lambda request: said.append(f"{request.failure}: {request.url}"))
    try:
        yield page
    except Exception as failure:
        failure.add_note("\n".join(["The browser said:", *said]))
        raise
    context.close()


def violations(page: Page) -> set[tuple[str, str]]:
    """Rule and element of everything that axe finds wrong."""
    found = Axe().run(page).response["violations"]
    return {(rule["id"], str(node["target"])) for rule in found for node in rule["nodes"]}


def test_there_is_a_way_to_every_page() -> None:
    assert set(SCREENS) == {path.name for path in TEMPLATES} - PARTS


@pytest.mark.slow
@BOTH
@SCHEMES
def test_nothing_is_wrong_with_the_pages_around_the_chat(
    browser: Browser, site: Site, locale: str, scheme: str
) -> None:
    for ways in SCREENS.values():
        for way in ways:
            with new_page(browser, site, locale=locale, color_scheme=scheme) as page:
                way(page, site)
                assert page.locator("html").get_attribute("lang") == locale[:2]
                assert violations(page) == set(), way.__name__


@pytest.mark.slow
@BOTH
@SCHEMES
def test_nothing_is_wrong_with_the_chat_but_what_gradio_brings(
    browser: Browser, site: Site, locale: str, scheme: str
) -> None:
    found: set[tuple[str, str]] = set()
    with new_page(browser, site, locale=locale, color_scheme=scheme) as page:
        enter(page, site)
        expect(page.locator("#chat .placeholder")).to_be_visible()
        found |= violations(page)
        page.locator("#box textarea").fill(ANSWER)
        page.locator("#box textarea").press("Enter")
        expect(page.locator("#chat .bot-row")).to_contain_text("a line of code")
        expect(page.locator("#usage")).to_contain_text("tokens")
        found |= violations(page)
        for part in ("#this-conversation", "#settings"):
            page.locator(f"{part} button.label-wrap").click()
        page.locator("#delete").click()
        expect(page.locator("#delete-really")).to_be_visible()
        found |= violations(page)
        page.set_viewport_size({"width": 390, "height": 780})
        expect(page.locator("#new")).to_be_hidden()
        found |= violations(page)
    assert found == set(FROM_GRADIO)
