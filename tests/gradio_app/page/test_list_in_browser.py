"""The list of conversations in the sidebar, in a browser: by day, as one scrolls, with a menu at each."""

import re

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from gradio_app.conversations.listing import AT_ONCE
from gradio_app.page import texts
from gradio_app.page.address import address_of
from gradio_app.store.conversations import Conversations
from tests.gradio_app.page.browsing import answers, ask, box, choose, context, links, opened, page, site
from tests.gradio_app.page.test_conversation_page import ME, stored

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]
WORDS = texts.LIST["en"]


def row(page: Page, title: str) -> Locator:
    return page.locator("#conversations li").filter(has_text=title)


def test_a_long_list_loads_as_one_scrolls(context: BrowserContext, store: Conversations) -> None:
    count = 2 * AT_ONCE + 5
    for number in range(1, count + 1):
        stored(store, 1, f"about {number}:")
    page = opened(context, "/")
    expect(links(page)).to_have_count(AT_ONCE)
    while links(page).count() < count:
        before = links(page).count()
        page.evaluate("document.querySelector('#conversations .further')?.scrollIntoView()")
        expect(links(page)).not_to_have_count(before)
    expect(page.locator("#conversations .further")).to_have_count(0)
    shown = links(page).all_inner_texts()
    assert set(shown) == {f"about {number}: 1" for number in range(1, count + 1)}
    # What was loaded stays when the list is read anew, and nothing stands there twice.
    ask(page, "answer: one more", "one more")
    expect(links(page).first).to_have_text("answer: one more")
    expect(links(page)).to_have_count(count + 1)


def test_a_conversation_is_renamed_pinned_and_moved_from_its_menu(
    context: BrowserContext, store: Conversations
) -> None:
    stored(store, 1, "the old one")
    other = stored(store, 1, "the new one")
    page = opened(context, address_of(other))
    expect(page.locator("#conversations [aria-current]")).to_have_text("the new one 1")
    expect(page.locator("#conversations h3")).to_have_text([WORDS["today"]])
    choose(page, "the old one", "pin")
    expect(page.locator("#conversations h3")).to_have_text([WORDS["pinned"], WORDS["today"]])
    expect(links(page).first).to_have_text("the old one 1")

    # All of it by keyboard: the menu, its entries, the dialog.
    row(page, "the old one").get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name=WORDS["rename"])).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("menuitem", name=WORDS["delete"])).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("menu")).to_have_count(0)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label(WORDS["title"])).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("<b>My</b> title")
    page.keyboard.press("Enter")
    expect(links(page).first).to_have_text("<b>My</b> title")
    expect(row(page, "My").get_by_role("button")).to_be_focused()

    choose(page, "My", "unpin")
    expect(page.locator("#conversations h3")).to_have_text([WORDS["today"]])
    choose(page, "My", "move")
    page.get_by_role("dialog").get_by_label(WORDS["new_folder"]).fill("Work")
    page.get_by_role("dialog").get_by_role("button", name=WORDS["save"]).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("#all-conversations a, a#all-conversations").first.click()
    page.get_by_role("link", name="Work").click()
    expect(page.locator(".conversations a").first).to_have_text("<b>My</b> title")


def test_deleting_asks_and_takes_what_is_written_along(page: Page, store: Conversations) -> None:
    ask(page, "answer: one", "one")
    expect(links(page)).to_have_count(1)
    address = page.url
    choose(page, "answer: one", "delete")
    page.get_by_role("dialog").get_by_role("button", name=WORDS["cancel"]).click()
    expect(links(page)).to_have_count(1)
    box(page).fill("not sent yet")
    choose(page, "answer: one", "delete")
    page.get_by_role("dialog").get_by_role("button", name=WORDS["delete_really"]).click()
    expect(page).not_to_have_url(address)
    expect(links(page)).to_have_count(0)
    expect(answers(page)).to_have_count(0)
    expect(box(page)).to_have_value("not sent yet")
    ask(page, "answer: begins anew", "begins anew")
    page.reload()
    expect(answers(page)).to_have_text(["begins anew"])
    assert store.head(ME, re.findall(r"[0-9a-f]{32}", address)[0]) is None


def test_another_tab_shows_what_changed_when_it_is_looked_at(context: BrowserContext) -> None:
    one, other = opened(context, "/"), opened(context, "/")
    ask(one, "answer: in the first tab", "in the first tab")
    other.bring_to_front()
    other.evaluate("dispatchEvent(new Event('focus'))")  # what a window's coming to the front does
    expect(links(other)).to_have_text(["answer: in the first tab"])


def test_a_refusal_is_said(page: Page, store: Conversations) -> None:
    ask(page, "answer: one", "one")
    expect(links(page)).to_have_count(1)
    store.delete(ME, re.findall(r"[0-9a-f]{32}", page.url)[0])
    choose(page, "answer: one", "pin")
    expect(page.locator("#notice")).to_contain_text("does not exist")
    expect(links(page)).to_have_count(0)
