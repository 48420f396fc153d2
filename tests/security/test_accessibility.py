"""What axe finds on every screen and in each of its states, in all languages and both color schemes: nothing.

And no page asks anything of another host, whatever it shows.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from gradio_app.language import LANGUAGES
from gradio_app.page.following import Following
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.security.screens import PARTS, SCREENS, TEMPLATES, enter
from tests.security.site import DEADLINE, Site

pytestmark = pytest.mark.long
ALL = pytest.mark.parametrize("language", LANGUAGES)
OPTIONS = {"rules": {"target-size": {"enabled": True}}}
"""Axe leaves WCAG 2.2's size of targets out unless it is asked."""
LONG_LINE = "print('" + "a line of code that is longer than the window is wide; " * 4 + "')"
ANSWER = f"""answer: # A heading

A list with [a link](https://example.com/) and `code`:

- of **one**

| A table | of numbers |
|-|-:|
| of one | 1 |

$$\\frac{{a}}{{b}}$$

> quoted: مرحبا

```python
{LONG_LINE}
```

the end"""


@contextmanager
def new_page(browser: Browser, site: Site, language: str, **options: Any) -> Iterator[Page]:
    """A page of a fresh browser that asks nothing of another host; what it says goes with a failure."""
    # Without motion: colors that change step by step would be measured half-way.
    ours = {"base_url": site.url, "ignore_https_errors": True, "reduced_motion": "reduce"}
    context = browser.new_context(**ours, locale=language, **options)
    context.set_default_timeout(DEADLINE * 1000)
    page, said, elsewhere = context.new_page(), list[str](), list[str]()
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: elsewhere.append(request.url))
    page.on("requestfailed", lambda request: said.append(f"{request.failure}: {request.url}"))
    try:
        yield page
    except Exception as failure:
        failure.add_note("\n".join(["The browser said:", *said]))
        raise
    context.close()
    assert [url for url in elsewhere if not url.startswith((site.url, "data:", "blob:"))] == []


def check(page: Page, state: str) -> None:
    """Nothing is wrong in either color scheme, and the page is no wider than the window.

    Colors are the same in each language: the first one's pages are looked at in both schemes, others' in one.
    """
    first = page.locator("html").get_attribute("lang") == LANGUAGES[0]
    for scheme in ("light", "dark") if first else ("light",):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=OPTIONS).response["violations"]
        wrong = [(rule["id"], node["target"], node["html"][:200]) for rule in found for node in rule["nodes"]]
        assert wrong == [], f"{state}, {scheme}"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), state


def test_there_is_a_way_to_every_page() -> None:
    assert set(SCREENS) == {path.name for path in TEMPLATES} - PARTS


@pytest.mark.slow
@ALL
def test_nothing_is_wrong_with_the_pages_around_the_chat(browser: Browser, site: Site, language: str) -> None:
    for ways in SCREENS.values():
        for way in ways:
            with new_page(browser, site, language) as page:
                way(page, site)
                assert page.locator("html").get_attribute("lang") == language
                check(page, way.__name__)


@pytest.mark.slow
@ALL
def test_nothing_is_wrong_with_the_chat_in_any_of_its_states(
    browser: Browser, site: Site, fake: FakeBedrock, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_page(browser, site, language, viewport={"width": 1280, "height": 860}) as page:
        enter(page, site)
        expect(page.locator("#chat .placeholder")).to_be_visible()
        check(page, "empty")
        page.keyboard.press("Alt+Shift+H")
        check(page, "the sheet of shortcuts")
        page.keyboard.press("Escape")

        send(page, ANSWER)
        expect(page.locator("#chat .bot-row")).to_contain_text("the end")
        expect(page.locator("#send")).to_be_visible()
        check(page, "an answer")
        send(page, "hold")
        expect(page.locator("#chat .bot-row").last).to_contain_text("first words")
        check(page, "while an answer is written")
        fake.go_on.set()
        expect(page.locator("#send")).to_be_visible()

        page.locator("#chat .edit").last.click()
        expect(page.locator("#chat .editor textarea")).to_be_visible()
        check(page, "a question that is being changed")
        page.locator("#chat .editor textarea").fill("long")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#chat .go-on")).to_be_visible()
        page.locator("#chat .again").last.click()
        expect(page.get_by_role("menuitem").first).to_be_focused()
        check(page, "another version, which can go on, and models to try")
        page.keyboard.press("Escape")
        send(page, "throttle")
        expect(page.locator("#chat .notice")).to_be_visible()
        expect(page.locator("#send")).to_be_visible()
        check(page, "an answer that failed")
        page.locator("#chat").evaluate(PASTE)
        expect(page.locator("#attached progress")).to_be_hidden()
        check(page, "a file is attached")
        send(page, "x" * 40_000)
        expect(page.locator("#notice")).to_be_visible()
        check(page, "a refusal")

        page.locator("#conversations li button").first.click()
        expect(page.get_by_role("menu")).to_be_visible()
        check(page, "the menu of a conversation")
        for entry in (0, 2, 5):
            page.get_by_role("menuitem").nth(entry).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            check(page, f"what entry {entry} asks")
            page.keyboard.press("Escape")
            page.locator("#conversations li button").first.click()
        page.keyboard.press("Escape")
        page.locator("#settings button.label-wrap").click()
        check(page, "the settings")
        page.locator("#model input").click()
        expect(page.get_by_role("option")).to_have_count(2)
        check(page, "an open menu")
        page.keyboard.press("Escape")

        page.set_viewport_size({"width": 390, "height": 780})
        expect(page.locator("#new")).to_be_hidden()
        check(page, "on a telephone")
        page.locator(".sidebar > .toggle-button").click()
        expect(page.locator("#new")).to_be_in_viewport()
        check(page, "on a telephone, with the list")
        page.set_viewport_size({"width": 1280, "height": 860})

        monkeypatch.setattr(Following, "_shown", unreadable)
        send(page, "answer: nobody sees it")
        expect(page.get_by_test_id("toast-body")).to_be_visible()
        expect(page.locator(".toast-title")).to_be_hidden()
        check(page, "an answer that cannot be followed")

        page.goto(f"{page.url.partition('/?')[0]}/conversations")
        expect(page.locator(".conversations li")).to_have_count(1)
        check(page, "all conversations")
        page.set_viewport_size({"width": 390, "height": 780})
        check(page, "all conversations on a telephone")
        page.locator(".conversations .change").click()
        check(page, "one conversation")
        page.locator("button.danger").click()
        check(page, "whether to delete it")


PASTE = """(element) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["some words"], "notes.txt", { type: "text/plain" }));
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
}"""


def send(page: Page, text: str) -> None:
    """Write a message and press Enter."""
    page.locator("#box textarea").fill(text)
    page.locator("#box textarea").press("Enter")


async def unreadable(*_: object) -> AsyncIterator[object]:
    """In place of what follows an answer."""
    raise TableUnreachable
    yield
