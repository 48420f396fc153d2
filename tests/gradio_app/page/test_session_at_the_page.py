"""A session that ends under an open page, in a real browser, with the text that stands in its box."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gradio_app.store.drafts import Drafts
from gradio_app.store.table import Table
from tests.gradio_app.chatting import DEADLINE
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fakes import FakeDirectory, User
from tests.gradio_app.page.browsing import answers, ask, box, notice, opened, send, serve, with_login

pytestmark = pytest.mark.slow
PASSWORD = "Correct-Horse-1"
ANA, EVA = "ana@example.com", "eva@example.com"


@pytest.fixture
def context(browser: Browser, dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[BrowserContext]:
    """A browser in which Ana has signed in."""
    directory = FakeDirectory(users={email: User(PASSWORD) for email in (ANA, EVA)})
    with serve(with_login(dynamodb, table, fake, directory).gate) as address:
        context = browser.new_context(base_url=address, locale="en-US")
        context.set_default_timeout(DEADLINE * 1000)
        sign_in(context.new_page(), ANA)
        yield context
        context.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/login")
    fill_in(page, email)


def fill_in(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(box(page)).to_be_editable()


def sign_out(page: Page) -> None:
    page.goto("/account")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/login"))


def test_a_page_with_unsent_text_waits_for_the_next_sign_in(context: BrowserContext) -> None:
    [other] = context.pages
    page = opened(context, "/")
    box(page).fill("answer: half a thought")
    sign_out(other)
    box(page).press("Enter")
    expect(notice(page)).to_contain_text("Your session has ended. Your text is still here.")
    expect(box(page)).to_have_value("answer: half a thought")
    box(page).type(" and the rest")
    with context.expect_page() as opening:
        notice(page).get_by_role("link").click()
    sign_in(opening.value, ANA)
    expect(page.locator("html")).not_to_have_attribute("data-connection", "lost")
    expect(box(page)).to_have_value("answer: half a thought and the rest")
    box(page).press("Enter")
    expect(answers(page).last).to_have_text("half a thought and the rest")


def test_a_session_that_ends_in_an_answer_does_not_take_the_typing_away(
    context: BrowserContext,
) -> None:
    [other] = context.pages
    page = opened(context, "/")
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    box(page).type("typed during the answer")
    sign_out(other)
    expect(notice(page)).to_contain_text("Your session has ended", timeout=DEADLINE * 1000)
    box(page).type(" and after it")
    expect(box(page)).to_have_value("typed during the answer and after it")
    assert "/login" not in page.url


def test_a_page_without_text_leads_to_the_sign_in_and_back_to_its_conversation(
    context: BrowserContext,
) -> None:
    [other] = context.pages
    page = opened(context, "/")
    ask(page, "answer: one", "one")
    [conversation_id] = re.findall(r"[0-9a-f]{32}", page.url)
    sign_out(other)
    page.get_by_role("button", name="Retry").click()
    expect(page).to_have_url(re.compile("/login"))
    fill_in(page, ANA)
    expect(page).to_have_url(re.compile(conversation_id))
    expect(answers(page).last).to_have_text("one")


def test_anothers_text_is_not_kept_for_whoever_signs_in_next(
    context: BrowserContext, dynamodb: Any, table: str
) -> None:
    [other] = context.pages
    page = opened(context, "/")
    sign_out(other)
    send(page, "a secret of Ana's")
    expect(notice(page)).to_contain_text("Your session has ended")
    sign_in(other, EVA)
    expect(notice(page)).to_contain_text("Somebody else has signed in")
    expect(box(page)).to_have_value("a secret of Ana's")
    conversation_id = re.findall(r"[0-9a-f]{32}", page.url)[0]
    drafts = Drafts(Table(dynamodb, table))
    assert drafts.find(f"id-of-{EVA}", conversation_id, is_new=True).text == ""
