"""The chat by keyboard alone, for who hears it, and for who reads from right to left, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from gradio_app.page import texts
from tests.gradio_app.chatting import DEADLINE
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    answers,
    ask,
    box,
    choose,
    context,
    links,
    opened,
    page,
    questions,
    send,
    settled,
    site,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]

WORDS = texts.SHORTCUTS["en"]
SPOKEN = """
(() => {
  window.spoken = [];
  const isLive = (element) => {
    const region = element?.closest?.("[role=log], [role=status], [role=alert], [aria-live]");
    return region && region.getAttribute("aria-live") !== "off";
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes)
      for (const node of addedNodes) {
        const inside = node instanceof Element ? [node, ...node.querySelectorAll("*")].some(isLive) : false;
        const text = node.textContent.trim();
        if (text && (inside || isLive(target.parentElement) || isLive(target))) spoken.push(text);
      }
  }).observe(document, { subtree: true, childList: true, characterData: true });
})();
"""
"""Notes whatever is written into a part of the page that screen readers watch."""


def focused(page: Page) -> Locator:
    return page.locator(":focus")


def address(page: Page) -> re.Pattern[str]:
    """Where the open conversation is found again."""
    return re.compile(r"\?c=" + re.findall(r"[0-9a-f]{32}", page.url)[0])


def test_everything_is_done_by_shortcuts_wherever_the_focus_is(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = opened(context, "/")
    ask(page, "answer: the **first**", "the first")
    first = address(page)
    page.keyboard.press("Alt+Shift+N")
    expect(page.locator("#chat .placeholder")).to_be_visible()
    ask(page, "answer: the second", "the second")
    second = address(page)
    page.locator("#settings button.label-wrap").focus()
    page.keyboard.press("Alt+Shift+J")
    expect(page).to_have_url(first)
    expect(answers(page)).to_have_text("the first")
    settled(page)
    page.keyboard.press("Alt+Shift+K")
    expect(page).to_have_url(second)
    expect(answers(page)).to_have_text("the second")
    settled(page)

    page.keyboard.press("Alt+Shift+F")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("Alt+Shift+R")
    expect(page.locator("#spoken")).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == "the second"
    page.keyboard.press("Alt+Shift+M")
    expect(box(page)).to_be_focused()

    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    page.locator("#stop").focus()
    page.keyboard.press("Alt+Shift+S")
    expect(answers(page).last).to_contain_text("Stopped.")
    settled(page)
    expect(box(page)).to_be_focused()  # what had the focus is out of sight
    fake.go_on.set()


def test_the_sheet_lists_the_shortcuts_and_one_key_opens_it_unless_somebody_types(page: Page) -> None:
    sheet = page.locator("#help")
    box(page).press("?")
    expect(box(page)).to_have_value("?")
    expect(sheet).to_have_count(0)
    page.locator("#shortcuts").click()
    expect(sheet.get_by_role("heading", name=WORDS["heading"])).to_be_visible()
    expect(sheet.locator("dt")).to_have_count(13)
    expect(sheet.locator("dd").first).to_have_text(re.compile(r"^Alt\s\+\sShift\s\+\sN$"))
    page.keyboard.press("Alt+Shift+N")  # out of reach, as all behind the sheet
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_focused()
    expect(box(page)).to_have_value("?")

    page.keyboard.press("?")
    expect(sheet).to_be_visible()
    sheet.get_by_label(WORDS["mark"]).uncheck()
    sheet.get_by_role("button", name=WORDS["close"]).click()
    page.reload()
    expect(page.locator("#chat .placeholder")).to_be_visible()
    page.locator("#shortcuts").focus()
    page.keyboard.press("?")
    page.keyboard.press("Alt+Shift+H")
    expect(sheet.get_by_label(WORDS["mark"])).not_to_be_checked()
    page.keyboard.press("Alt+Shift+H")
    expect(sheet).to_be_hidden()


def test_a_mac_has_its_own_keys(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="es-ES")
    context.add_init_script(
        "Object.defineProperty(navigator, 'userAgentData', { value: { platform: 'macOS' } })"
    )
    page = opened(context, "/")
    box(page).focus()
    page.keyboard.press("Alt+Shift+H")  # there, a character
    expect(page.locator("#help")).to_have_count(0)
    page.keyboard.press("Control+Shift+H")
    expect(page.locator("#help dd").first).to_have_text(re.compile(r"^Control\s\+\sMayús\s\+\sN$"))
    expect(page.locator("#help dd").nth(11)).to_have_text(re.compile(r"^Comando\s\+\sIntro$"))
    context.close()


def test_an_answer_is_told_when_it_begins_and_when_it_ends_and_not_word_by_word(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    context.add_init_script(SPOKEN)
    fake.word_seconds = 0.02
    page = opened(context, "/")
    begins = texts.SCRIPT["en"]["begins"]
    complete, reasons = texts.SPOKEN["en"]["complete"], texts.REASONS["en"]
    waits = texts.WAITS["en"]["throttled"]
    for question, said in {
        "answer: " + "word " * 40: [begins, complete],
        "cut": [begins, reasons["cut"]],
        "busy 1: answer: well": [begins, waits, complete],
        "long": [begins, reasons["length"]],
    }.items():
        page.evaluate("spoken.length = 0")
        send(page, question)
        expect(page.locator("#spoken p").last).to_have_text(said[-1], timeout=DEADLINE * 1000)
        settled(page)
        assert page.evaluate("spoken") == said, question
    page.evaluate("spoken.length = 0")
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    page.locator("#stop").click()
    expect(page.locator("#spoken p").last).to_have_text(reasons["stopped"])
    assert page.evaluate("spoken") == [begins, reasons["stopped"]]


def test_the_focus_is_never_lost(page: Page) -> None:
    ask(page, "answer: one", "one")
    expect(box(page)).to_be_focused()
    ask(page, "answer: two", "two")
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    page.keyboard.press("Enter")
    expect(answers(page)).to_have_count(1)
    expect(focused(page)).to_be_visible()
    choose(page, "answer: one", "delete")
    page.get_by_role("dialog").get_by_role("button", name=texts.LIST["en"]["delete_really"]).click()
    expect(links(page)).to_have_count(0)
    expect(box(page)).to_be_focused()
    page.locator("#chat").click()  # taken away on purpose
    expect(box(page)).not_to_be_focused()


ARABIC = "هذه إجابة مع `code`"
RIGHT = "getComputedStyle(element).direction === 'rtl'"


def test_text_from_right_to_left_runs_so_and_code_does_not(page: Page) -> None:
    assert page.locator("#box textarea").get_attribute("dir") == "auto"
    table = "| اسم | سعر |\n|-|-|\n| قلم | 3 |"
    blocks = (
        f"{ARABIC}\n\n- عنصر\n- item\n\n{table}\n\n## عنوان\n\nAn English one.\n\n```python\nprint(1)\n```"
    )
    ask(page, f"answer: {blocks}", "print(1)")
    shown = answers(page).last
    for selector in ("p >> nth=0", "ul", "table", "h2"):
        assert shown.locator(selector).evaluate(f"element => {RIGHT}"), selector
    for selector in ("p >> nth=1", "pre", "p code"):
        assert not shown.locator(selector).evaluate(f"element => {RIGHT}"), selector
    columns = page.evaluate(
        "[...document.querySelectorAll('#chat th')].map((each) => each.getBoundingClientRect().x)"
    )
    assert columns[0] > columns[1], "the first column is on the right"
    typed = questions(page).last.locator(".typed")
    assert not typed.evaluate(f"element => {RIGHT}"), "it begins with a Latin word"


MOVABLE = """[...document.querySelectorAll("*")].filter((each) => {
    const { animationName, transitionDuration, scrollBehavior } = getComputedStyle(each);
    return animationName !== "none" || transitionDuration !== "0s" || scrollBehavior !== "auto";
}).map((each) => each.outerHTML.slice(0, 200))"""


def test_nothing_moves_for_who_wants_it_so_and_at_400_percent_nothing_is_out_of_reach(
    browser: Browser, site: str, fake: FakeBedrock
) -> None:
    options: Any = {"viewport": {"width": 320, "height": 640}, "reduced_motion": "reduce", "locale": "es-MX"}
    context = browser.new_context(base_url=site, **options)
    context.set_default_timeout(DEADLINE * 1000)
    page = opened(context, "/")
    fake.word_seconds = 0.02
    send(
        page,
        "answer: "
        + "una palabra " * 60
        + f"\n\n|a|b|\n|-|-|\n|{'x' * 60}|2|\n\n```python\n{'y' * 90}\n```\n\nfin",
    )
    moving = set[str]()
    while page.locator("#stop").is_visible():
        moving |= set(page.evaluate("document.getAnimations().map((each) => each.effect.target.outerHTML)"))
    expect(answers(page).last).to_contain_text("fin")
    assert moving == set()
    assert page.evaluate(MOVABLE) == []
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    middles = page.evaluate(
        "['#send', '#attach'].map((each) => document.querySelector(each).getBoundingClientRect().y)"
    )
    assert middles[0] == middles[1], "one row"
    page.get_by_label("Mostrar u ocultar el panel lateral").click()
    page.locator("#settings button.label-wrap").click()
    for name in ("#new", "#model input", "#max-tokens input[type=number]", "#shortcuts"):
        page.locator(name).first.scroll_into_view_if_needed()
        expect(page.locator(name).first).to_be_in_viewport()
    page.locator("#shortcuts").click()
    expect(page.locator("#help")).to_be_in_viewport(ratio=0.5)
    assert page.locator("#help").evaluate("element => element.scrollWidth <= element.clientWidth")
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    context.close()


def test_the_signs_below_a_message_stand_on_one_line_and_a_choice_has_its_frame_around_it(page: Page) -> None:
    ask(page, "answer: yes", "yes")
    settled(page)
    for row in page.locator("#chat .actions").all():
        boxes = [button.bounding_box() for button in row.locator("button").all()]
        assert len(boxes) > 1
        assert len({box and box["y"] for box in boxes}) == 1
    page.locator("#settings button").first.click()
    page.locator("#model input").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    framed = """() => {
      const whole = document.querySelector("#model").clientWidth;
      return [...document.querySelectorAll("#model *")]
        .filter((each) => getComputedStyle(each).outlineStyle === "solid")
        .map((each) => each.getBoundingClientRect().width >= whole - 20);
    }"""
    assert page.evaluate(framed) == [True]
