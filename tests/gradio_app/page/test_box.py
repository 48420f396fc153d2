"""What is typed into the box is neither lost nor replaced, in a real browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gradio_app.identity import LOCAL_USER
from gradio_app.store.drafts import Drafts
from gradio_app.store.table import Table
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    MS,
    Held,
    answers,
    ask,
    box,
    context,
    notice,
    opened,
    page,
    questions,
    send,
    serve,
    site,
    without_login,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]


@pytest.fixture
def drafts(dynamodb: Any, table: str) -> Drafts:
    return Drafts(Table(dynamodb, table))


def conversation_of(page: Page) -> str:
    return re.findall(r"[0-9a-f]{32}", page.url)[0]


def saved(page: Page, text: str) -> Any:
    """To be entered while the text is typed: waits until it is kept."""
    return page.expect_response(
        lambda r: "/draft" in r.url and r.request.post_data == text and r.ok, timeout=MS
    )


def test_a_refused_message_comes_back_before_what_was_typed_since(context: BrowserContext) -> None:
    one = opened(context, "/")
    ask(one, "answer: from one", "from one")
    other = opened(context, one.url)
    ask(other, "answer: from the other", "from the other")
    held = Held(one, "answer: one again")
    send(one, "answer: one again")
    expect(box(one)).to_have_value("")
    box(one).type("and another thought")
    held.let_go()
    expect(notice(one)).to_contain_text("changed in another tab")
    expect(box(one)).to_have_value("answer: one again\n\nand another thought")
    expect(answers(one)).to_have_text(["from one", "from the other"])


def test_what_is_given_back_is_merged_and_not_doubled(page: Page) -> None:
    ask(page, "answer: one", "one")
    box(page).fill("answer: one")
    page.get_by_role("button", name="Undo").click()
    expect(answers(page)).to_have_count(0)
    expect(box(page)).to_have_value("answer: one")
    ask(page, "answer: two", "two")
    box(page).fill("a thought")
    page.get_by_role("button", name="Undo").click()
    expect(box(page)).to_have_value("answer: two\n\na thought")


def test_each_page_has_a_draft_of_its_own(context: BrowserContext) -> None:
    one = opened(context, "/")
    ask(one, "answer: one", "one")
    other = opened(context, "/")
    ask(other, "answer: other", "other")
    drafts = ((one, "of one"), (other, "of the other"))
    for tab, text in drafts:
        with saved(tab, text):
            box(tab).fill(text)
    for tab, text in drafts:
        tab.reload()
        expect(box(tab)).to_have_value(text)
    ask(one, "answer: sent", "sent")
    one.reload()
    expect(answers(one)).to_have_count(2)
    expect(box(one)).to_have_value("")


def test_a_page_that_is_left_at_once_keeps_its_text(page: Page) -> None:
    box(page).fill("typed a moment ago")
    page.reload()
    expect(box(page)).to_have_value("typed a moment ago")


def test_what_is_typed_before_the_page_is_open_stays(page: Page, drafts: Drafts) -> None:
    drafts.keep(LOCAL_USER.user_id, conversation_of(page), "the draft")
    opening = Held(page, '"data":[]')
    page.reload()
    box(page).fill("typed early")
    expect(page.locator("#chat .placeholder")).to_have_count(0)
    opening.let_go()
    expect(box(page)).to_have_value("the draft\n\ntyped early")


def test_a_network_that_is_away_loses_nothing(page: Page, context: BrowserContext, fake: FakeBedrock) -> None:
    box(page).fill("answer: sent")
    context.set_offline(True)
    box(page).press("Enter")
    expect(notice(page)).to_contain_text("connection was lost")
    expect(page.locator(".toast-wrap")).to_be_hidden()
    expect(box(page)).to_have_value("answer: sent")
    box(page).type(" later")
    context.set_offline(False)
    expect(page.locator("html")).not_to_have_attribute("data-connection", "lost")
    expect(box(page)).to_have_value("answer: sent later")
    assert fake.requests == []
    box(page).press("Enter")
    expect(answers(page).last).to_have_text("sent later")


def test_an_application_that_is_away_loses_nothing(
    browser: Browser, dynamodb: Any, table: str, fake: FakeBedrock
) -> None:
    context = browser.new_context(locale="en-US")
    with serve(without_login(dynamodb, table, fake).gate) as address:
        page = opened(context, address)
        send(page, "hold")
        expect(answers(page).last).to_contain_text("first words")
        box(page).type("typed during the answer")
    box(page).type(", and while it was away")
    expect(notice(page)).to_contain_text("connection was lost")
    fake.go_on.set()
    with serve(without_login(dynamodb, table, fake).gate, int(address.rpartition(":")[2])):
        expect(page.locator("html")).not_to_have_attribute("data-connection", "lost")
        expect(questions(page)).to_contain_text(["hold"])
        expect(answers(page).last).not_to_contain_text("Stopped")
        expect(box(page)).to_have_value("typed during the answer, and while it was away")
    context.close()


def test_half_a_character_is_sent_as_its_replacement(page: Page) -> None:
    box(page).evaluate(
        """field => {
            field.value = "answer: a\\ud800b";
            field.dispatchEvent(new Event("input", {bubbles: true}));
        }"""
    )
    box(page).press("Enter")
    expect(answers(page).last).to_have_text("a\ufffdb")


@pytest.mark.parametrize("nothing", ["", "  \n ", "\u200b\u2060\ufeff"])
def test_nothing_is_not_sent(page: Page, fake: FakeBedrock, nothing: str) -> None:
    send(page, nothing)
    ask(page, "answer: something", "something")
    assert len(fake.requests) == 1


def test_a_message_that_is_too_long_stays_whole_and_is_counted(page: Page, fake: FakeBedrock) -> None:
    text = "ñ" * 69_990 + "the question at its end"
    send(page, text)
    expect(notice(page)).to_contain_text("70,013 characters; 32,000 are the most")
    assert box(page).input_value() == text
    assert fake.requests == []


def test_stop_works_before_the_question_has_arrived(page: Page, fake: FakeBedrock) -> None:
    held = Held(page, "answer: too late")
    send(page, "answer: too late")
    with page.expect_response("**/run/predict*"):
        page.locator("#stop").click()
    held.let_go()
    expect(page.locator("#send")).to_be_visible()
    expect(box(page)).to_have_value("answer: too late")
    expect(notice(page)).to_have_count(0)
    assert fake.requests == []


def test_a_page_that_is_out_of_date_says_so(context: BrowserContext) -> None:
    old = opened(context, "/")
    ask(old, "answer: one", "one")
    newer = opened(context, old.url)
    ask(newer, "answer: two", "two")
    old.get_by_role("button", name="Undo").click()
    expect(notice(old)).to_contain_text("nothing was done")
    expect(answers(old)).to_have_text(["one", "two"])
    ask(newer, "answer: three", "three")
    old.get_by_role("button", name="Retry").click()
    expect(notice(old)).to_contain_text("changed in another tab")
    expect(answers(old)).to_have_text(["one", "two", "three"])
