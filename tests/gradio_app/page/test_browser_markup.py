"""What becomes of messages in a real browser, through the whole application."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.identity import LOCAL_USER
from gradio_app.page.address import address_of
from gradio_app.store.conversations import Conversations
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import answers, ask, context, opened, questions, site
from tests.gradio_app.page.hostile import ATTACKS
from tests.gradio_app.page.hostile import answers as hostile
from tests.gradio_app.page.shown import is_allowed

__all__ = ["context", "site"]
pytestmark = pytest.mark.slow
TURNS = 15
"""In one conversation, so that the page shows all of them."""

# Notes each element that is ever inside of a message, and each of its attributes. What is left out is
# Gradio's own: the element around all of a message, and its sign on a button.
WATCH = """
(() => {
  const seen = new Map();
  const note = (element) => {
    if (!element.closest("#chat .message-content") || element.matches(".message-content, span.md")) return;
    if (element.closest(".copy_code_button") && !element.matches(".copy_code_button")) return;
    const tag = element.tagName.toLowerCase();
    const found = [[tag, "", ""], ...[...element.attributes].map(({ name, value }) => [tag, name, value])];
    for (const each of found) seen.set(JSON.stringify(each), each);
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      if (target instanceof Element) note(target);
      for (const node of addedNodes) {
        if (node instanceof Element) [node, ...node.querySelectorAll("*")].forEach(note);
      }
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
  window.everShown = () => [...seen.values()];
})();
"""


@pytest.fixture
def outside(context: BrowserContext, site: str) -> list[str]:
    """Every address elsewhere that a page asked for; none gets there."""
    asked: list[str] = []

    def stay(route: Any) -> None:
        asked.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith((site, "data:", "blob:")), stay)
    context.add_init_script(WATCH)
    return asked


def stored(store: Conversations, texts: list[str]) -> str:
    """The id of a conversation with these questions and answers."""
    conversation_id = new_id()
    for text in texts:
        seen = store.head(LOCAL_USER.user_id, conversation_id) or Conversation(conversation_id)
        number = store.ask(LOCAL_USER.user_id, seen, f"{text} end")
        store.answer(LOCAL_USER.user_id, conversation_id, number, "", Answer(plain(f"{text}\n\nthe end")))
    return conversation_id


def check(page: Page, outside: list[str]) -> None:
    """Nothing was ever shown that is not on the lists, nothing ran, and nothing was asked for elsewhere."""
    ever = [(tag, name, value) for tag, name, value in page.evaluate("everShown()")]
    assert len(ever) > 5
    assert [each for each in ever if not is_allowed(*each)] == []
    assert outside == []
    assert page.title() == "Asistente"


@pytest.mark.asvs("1.3.5", "3.2.2")
def test_nothing_that_the_model_writes_is_more_than_text(
    context: BrowserContext, outside: list[str], store: Conversations
) -> None:
    for first in range(0, len(ATTACKS), TURNS):
        attacks = ATTACKS[first : first + TURNS]
        page = opened(context, address_of(stored(store, attacks)))
        expect(answers(page)).to_have_count(len(attacks))
        expect(answers(page).last).to_contain_text("the end")
        check(page, outside)
        page.close()


@pytest.mark.asvs("1.3.5", "3.2.2")
def test_nothing_that_the_model_writes_is_more_than_text_while_it_comes(
    context: BrowserContext, outside: list[str], fake: FakeBedrock
) -> None:
    fake.word_seconds = 0.01
    page = opened(context, "/")
    for first in range(0, len(ATTACKS), TURNS):
        attacks = [attack[:1_000] for attack in ATTACKS[first : first + TURNS]]
        ask(page, "answer: " + "\n\nnext one\n\n".join(attacks) + f"\n\nthe end {first}", f"the end {first}")
        check(page, outside)


def test_nothing_that_anybody_could_write_is_more_than_text(
    context: BrowserContext, outside: list[str], store: Conversations
) -> None:
    @settings(
        max_examples=15,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.function_scoped_fixture,
        ],
    )
    @given(st.lists(hostile, min_size=TURNS, max_size=TURNS))
    def show(texts: list[str]) -> None:
        sent = [text.encode("utf-8", "replace").decode() for text in texts]
        page = opened(context, address_of(stored(store, sent)))
        expect(answers(page)).to_have_count(TURNS)
        expect(answers(page).last).to_contain_text("the end")
        check(page, outside)
        page.close()

    show()


TYPED = "__init__ *no*\n    10. of <b>this</b>\n\n\n\tis `changed` $$x$$ %%%LATEX_BLOCK_0%%% &amp; \\( \\)"
CODE = "\tif (a < b) {\n\t\treturn `#include <stdio.h>`;\xa0}\n\n  # end\n"


def test_what_was_typed_and_what_is_code_can_be_selected_as_it_was(
    context: BrowserContext, store: Conversations
) -> None:
    answer = f"`#include <stdio.h>`\n\n~~~~c\n{CODE}~~~~\n\n~~~~python\nx = 1\n~~~~"
    conversation_id = stored(store, [TYPED, answer])
    page = opened(context, address_of(conversation_id))
    expect(answers(page)).to_have_count(2)
    assert page.locator("#chat .typed").first.evaluate("element => element.textContent") == f"{TYPED} end"
    assert page.locator("#chat .typed").first.inner_text() == f"{TYPED} end"
    codes = answers(page).last.locator("pre code")
    assert codes.first.evaluate("element => element.textContent") == CODE
    assert codes.last.evaluate("element => element.textContent") == "x = 1\n"
    inline = answers(page).last.locator("p code")
    selected = "element => (getSelection().selectAllChildren(element), getSelection().toString())"
    assert inline.evaluate(selected) == "#include <stdio.h>"


def test_what_is_copied_is_what_was_written(context: BrowserContext, store: Conversations) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = f"A **list**:\n\n- `a`\n\n~~~~c\n{CODE}~~~~\n\n```python\n  x = 1\n\n```"
    page = opened(context, address_of(stored(store, [TYPED, answer])))
    expect(answers(page)).to_have_count(2)
    code = answers(page).last.locator(".copy_code_button")
    copies = {
        f"{TYPED} end": questions(page).first.locator(".copy"),
        f"{answer}\n\nthe end": answers(page).last.locator(".copy"),
        CODE.removesuffix("\n"): code.first,
        "  x = 1\n": code.last,
    }
    for text, button in copies.items():
        button.click()
        expect(button).to_have_class(re.compile("copied"))
        assert page.evaluate("navigator.clipboard.readText()") == text


SPREAD = "|Name|Sum|\n|:-|-:|\n|**Ana**|1.5|\n|a, `b`||\n"


def test_texts_code_and_tables_are_copied_as_what_takes_them_wants(
    context: BrowserContext, store: Conversations
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    answer = f"A **list**:\n\n- `a`\n\n````python\nx = '```'\n````\n\n{SPREAD}\n"
    page = opened(context, address_of(stored(store, [answer])))
    last = answers(page).last
    copies = {
        "A list:\n\na\n\nx = '```'\n\nName\tSum\nAna\t1.5\na, b\t\n\nthe end": last.locator(".as-text"),
        "````python\nx = '```'\n````\n": last.locator(".copy_fenced"),
        "Name\tSum\nAna\t1.5\na, b\t": last.locator(".copy_table"),
    }
    for text, button in copies.items():
        button.focus()
        button.press("Enter")
        expect(button).to_have_class(re.compile("copied"))
        assert page.evaluate("navigator.clipboard.readText()") == text
    html = page.evaluate(
        """async () => (await (await navigator.clipboard.read())[0].getType("text/html")).text()"""
    )
    cells = "<tr><th>Name</th><th>Sum</th></tr><tr><td>Ana</td><td>1.5</td></tr>"
    assert f"<table><tbody>{cells}<tr><td>a, b</td><td></td></tr></tbody></table>" in html
    expect(page.locator("#chat .read")).to_have_count(0)


def test_code_does_not_show_through_the_buttons_on_it(context: BrowserContext, store: Conversations) -> None:
    page = opened(context, address_of(stored(store, ["```\n" + "a long line " * 40 + "\n```"])))
    last = answers(page).last
    color = last.locator("pre").evaluate("code => getComputedStyle(code).backgroundColor")
    assert re.fullmatch(r"rgb\(.+\)", color), "not to be seen through"
    for name in (".copy_code_button", ".copy_fenced"):
        expect(last.locator(name)).to_have_css("background-color", color)


def test_names_of_messages_are_no_html_and_those_of_buttons_are_in_the_pages_language(
    browser: Browser, site: str, store: Conversations
) -> None:
    conversation_id = stored(store, ["```python\nx = 1\n```\n\n- a\n\n  ```\n  b\n  ```"])
    for locale, name in (("en-US", "Copy the code"), ("es-MX", "Copiar el código")):
        context = browser.new_context(base_url=site, locale=locale)
        page = opened(context, address_of(conversation_id))
        expect(answers(page).get_by_role("button", name=name)).to_have_count(2)
        expect(page.locator("#chat [data-testid][aria-label]")).to_have_count(0)
        context.close()


TABLE = (
    "|Service|Region|Price per month|What it is good for|\n|-|-|-|-|\n|Fargate|us-east-1|12.34|containers|"
)


def test_a_wide_table_scrolls_on_a_phone_and_keeps_its_words(
    browser: Browser, site: str, store: Conversations
) -> None:
    context = browser.new_context(base_url=site, viewport={"width": 390, "height": 780})
    page = opened(context, address_of(stored(store, [TABLE])))
    expect(page.locator("#chat td").first).to_be_visible()
    sizes = page.evaluate(
        """[".table", "td"].map((each) => document.querySelector(`#chat ${each}`)).map((each) =>
        ({inside: each.scrollWidth, outside: each.clientWidth, height: each.clientHeight}))"""
    )
    assert sizes[0]["inside"] > sizes[0]["outside"]
    assert sizes[1]["height"] < 60
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()


@pytest.mark.parametrize("size", [{"width": 640, "height": 360}, {"width": 320, "height": 256}])
def test_the_box_is_in_sight_at_a_zoom_of_200_and_of_400_percent(
    browser: Browser, site: str, store: Conversations, size: Any
) -> None:
    context = browser.new_context(base_url=site, viewport=size)
    page = opened(context, address_of(stored(store, ["word " * 500])))
    expect(answers(page)).to_have_count(1)
    expect(page.locator("#box textarea")).to_be_in_viewport(ratio=1)
    expect(page.locator("#send")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.querySelector('#chat').clientHeight") > 60
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_of_a_conversation_is_printed_dark_on_light(
    browser: Browser, site: str, store: Conversations, scheme: Any
) -> None:
    context = browser.new_context(base_url=site, color_scheme=scheme)
    page = opened(
        context, address_of(stored(store, ["`code` word\n\n" * 60, "word", "```python\nprint(1)\n```\nword"]))
    )
    expect(answers(page)).to_have_count(3)
    page.emulate_media(media="print")
    for selector in ("#new", "#box", "#send", "#usage", "#chat .actions"):
        expect(page.locator(selector).first).to_be_hidden()
    expect(questions(page).first).to_be_visible()
    beside = """[...document.body.querySelectorAll("*:not(:has(#chat), #chat, #chat *)")]
        .filter((each) => each.checkVisibility()).map((each) => each.outerHTML)"""
    assert page.evaluate(beside) == []
    cut = """[...document.querySelectorAll("#chat, #chat .wrapper, #chat .bubble-wrap")]
        .filter((each) => each.scrollHeight > each.clientHeight + 1).length"""
    assert page.evaluate(cut) == 0
    colors = "getComputedStyle(document.querySelector('#chat .written p')).color"
    assert page.evaluate(colors) == "rgb(0, 0, 0)"
    expect(page.locator("#chat pre")).to_have_count(1)
    grounds = """[...new Set([...document.querySelectorAll("#chat *")]
        .map((each) => getComputedStyle(each).backgroundColor))]"""
    assert set(page.evaluate(grounds)) == {"rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"}
    context.close()


def test_without_scripts_the_page_says_what_it_needs(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, java_script_enabled=False, locale="es-MX")
    page = context.new_page()
    page.goto("/")
    said = page.locator("noscript p")
    sentences = ("necesita JavaScript", "needs JavaScript", "precisa de JavaScript")
    expect(said).to_have_text([re.compile(each) for each in sentences])
    expect(said.first).to_be_visible()
    corner = said.first.bounding_box()
    assert corner
    assert min(corner["x"], corner["y"]) > 100, "a page, and no bare text in the corner"
    context.close()


def test_code_in_a_line_breaks_as_the_line_does(context: BrowserContext) -> None:
    page = opened(context, "/")
    ask(page, f"answer: see `{'a/path/to ' * 40}` there", "there")
    assert page.evaluate("document.querySelector('#chat .written code').getClientRects().length") > 2


def test_nothing_slides_when_a_conversation_is_opened(context: BrowserContext) -> None:
    page = opened(context, "/")
    for selector in (".sidebar", ".sidebar-parent"):
        expect(page.locator(selector).first).to_have_css("transition-duration", "0s")
