"""The list of conversations in the sidebar, in a browser: by day, as one scrolls, with a menu at each."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from gradio_app.chat.conversation import TEMPORARY
from gradio_app.conversations.listing import AT_ONCE
from gradio_app.conversations.texts import TEXTS
from gradio_app.page import texts
from gradio_app.page.address import address_of
from gradio_app.store.conversations import Conversations
from gradio_app.store.temporary import Temporaries
from tests.gradio_app.chatting import until
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
    serve,
    site,
    without_login,
)
from tests.gradio_app.page.test_conversation_page import ME, stored

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]
WORDS = texts.LIST["en"]
PASTE = """() => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File(["a"], "a.txt", { type: "text/plain" }));
  const given = { bubbles: true, cancelable: true, clipboardData };
  document.querySelector("#box textarea").dispatchEvent(new ClipboardEvent("paste", given));
}"""


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
    with page.expect_response("**/conversations/conversation"):
        page.get_by_role("dialog").get_by_role("button", name=WORDS["save"]).click()
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


def test_a_copy_is_shared_from_the_menu_where_that_is_allowed(
    browser: Browser, dynamodb: Any, table: str, fake: FakeBedrock
) -> None:
    application = without_login(dynamodb, table, fake, share_conversations=True)
    with serve(application.gate) as address:
        context = browser.new_context(base_url=address, locale="en-US")
        page = opened(context, "/")
        ask(page, "answer: for all of us", "for all of us")
        choose(page, "answer: for all", "share")
        page.get_by_role("dialog").get_by_role("button", name=WORDS["cancel"]).click()
        choose(page, "answer: for all", "share")
        page.get_by_role("dialog").get_by_role("button", name=WORDS["share_really"]).click()
        expect(page.get_by_text(TEXTS["en"]["share_made"])).to_be_visible()
        page.get_by_role("link", name="answer: for all of us").click()
        expect(page.get_by_text("for all of us", exact=True)).to_be_visible()
        context.close()


def test_what_is_found_is_opened_where_it_stands(context: BrowserContext, store: Conversations) -> None:
    stored(store, 1, "Seville")
    long = stored(store, 45, "Málaga")
    page = opened(context, "/")
    expect(links(page)).to_have_count(2)
    page.keyboard.press("Alt+Shift+F")
    search = page.get_by_role("searchbox", name=WORDS["search"])
    expect(search).to_be_focused()
    page.keyboard.type("malag answer 12")
    expect(links(page)).to_have_count(1)
    expect(links(page).locator("mark").first).to_have_text("Málag")
    expect(links(page).locator(".snippet")).to_have_text("answer 12")
    expect(page.locator("#spoken")).to_contain_text("Found: 1")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#chat .reached")).to_have_text("Málaga 12")
    expect(answers(page).last).to_have_text("answer 12")
    expect(page).to_have_url(re.compile(rf"\?c={long}$"))
    page.locator("#later").click()
    expect(answers(page).last).to_have_text("answer 45")

    search.fill("nowhere")
    expect(page.locator("#found")).to_have_text(WORDS["nothing_found"])
    search.press("Escape")
    expect(links(page)).to_have_count(2)
    search.fill("answer 45")
    page.locator("#found a").click()
    expect(page.locator("#chat .reached")).to_be_in_viewport()
    expect(questions(page)).to_have_count(20)


def test_another_tab_shows_what_changed_when_it_is_looked_at(context: BrowserContext) -> None:
    one, other = opened(context, "/"), opened(context, "/")
    ask(one, "answer: in the first tab", "in the first tab")
    other.bring_to_front()
    other.evaluate("dispatchEvent(new Event('focus'))")  # what a window's coming to the front does
    expect(links(other)).to_have_text(["answer: in the first tab"])


def test_a_refusal_is_said(page: Page, store: Conversations) -> None:
    ask(page, "answer: one", "one")
    expect(links(page)).to_have_count(1)
    # The menu is opened before: a list that is being renewed would lose the row before it is pressed.
    page.locator("#conversations li button").click()
    store.delete(ME, re.findall(r"[0-9a-f]{32}", page.url)[0])
    page.get_by_role("menuitem", name=WORDS["pin"], exact=True).click()
    expect(page.locator("#notice")).to_contain_text("does not exist")
    expect(links(page)).to_have_count(0)


def test_a_temporary_conversation_is_begun_beside_a_new_one_and_ends_with_its_page(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    with page.expect_response(lambda answer: "/draft" in answer.url):
        box(page).fill("a draft that is stored")
    page.get_by_role("link", name=texts.PAGE["en"]["temporary"]).click()
    told = page.locator("#temporary-notice")
    expect(told).to_contain_text("It is not stored")
    expect(box(page)).to_have_value("")
    expect(page.locator("#attach")).to_be_hidden()
    page.evaluate(PASTE)
    expect(page.locator("#notice")).to_contain_text(texts.SCRIPT["en"]["temporary_files"])
    ask(page, "answer: between us", "between us")
    expect(page).to_have_url(re.compile(rf"\?c={TEMPORARY}"))
    expect(page.locator("#chat .actions .copy").last).to_be_visible()
    expect(page.locator("#chat .actions .thumb").first).to_be_hidden()
    with page.expect_response(lambda answer: "/conversations/list" in answer.url):
        page.reload()
    expect(answers(page)).to_have_text("between us")
    expect(told).to_be_visible()
    found = Axe().run(page, context="#temporary-notice, #temporary").response["violations"]
    assert [each["id"] for each in found] == []
    expect(links(page)).to_have_count(0)
    left: list[str] = []
    monkeypatch.setattr(Temporaries, "leave", lambda _, __, conversation_id: left.append(conversation_id))
    [conversation_id] = re.findall(rf"{TEMPORARY}[0-9a-f]{{31}}", page.url)
    page.keyboard.press("Alt+Shift+O")
    expect(page).to_have_url(re.compile(rf"\?new={TEMPORARY}"))
    expect(page.locator("#chat .placeholder")).to_be_visible()
    until(lambda: left == [conversation_id])
