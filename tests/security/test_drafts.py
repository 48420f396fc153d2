"""What somebody types and has not sent outlives their session, for them and for nobody else."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.security.screens import new_user
from tests.security.site import Site, sign_in
from tests.security.test_pages_by_hand import new_context

pytestmark = pytest.mark.slow

THOUGHT = "half a thought, and a private one"


def box(page: Page) -> Locator:
    """Where people write, once the page has loaded."""
    loaded = page.get_by_text("What can I help you with?").or_(page.locator("#chat .message"))
    expect(loaded.first).to_be_visible()
    return page.locator("#box textarea")


def type_and_wait(page: Page, text: str) -> None:
    field = box(page)
    with page.expect_response(
        lambda answer: answer.request.method == "PUT" and THOUGHT in (answer.request.post_data or "")
    ):
        field.fill(text)


@pytest.mark.asvs("14.3.3")
def test_it_is_there_after_signing_in_again_and_only_for_who_typed_it(browser: Browser, site: Site) -> None:
    ana, eva = new_user(site), new_user(site)
    with new_context(browser, site) as context:
        page = context.new_page()
        sign_in(page, ana)
        type_and_wait(page, THOUGHT)
        held = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        assert THOUGHT not in held
        conversation = page.url
        assert site.client(ana).post("/logout/everywhere").status_code == 303

        sign_in(page, eva)
        page.goto(conversation)
        expect(box(page)).to_have_value("")
        page.goto("/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        sign_in(page, ana)
        page.goto(conversation)
        expect(box(page)).to_have_value(THOUGHT)

        box(page).press("Enter")
        expect(page.locator("#chat .bot-row")).to_contain_text("echo")
        expect(page.locator("#stop:visible")).to_have_count(0)
        page.goto("/")
        expect(box(page)).to_have_value("")


def test_a_reload_keeps_it_and_another_conversation_does_not_show_it(browser: Browser, site: Site) -> None:
    with new_context(browser, site) as context:
        page = context.new_page()
        sign_in(page, new_user(site))
        first = page.url
        box(page).fill("answer: first")
        box(page).press("Enter")
        expect(page.locator("#chat .bot-row")).to_contain_text("first")
        expect(page.locator("#stop:visible")).to_have_count(0)
        page.goto("/")
        type_and_wait(page, THOUGHT)
        second = page.url
        page.reload()
        expect(box(page)).to_have_value(THOUGHT)
        page.goto(first.replace("new=", "c="))
        expect(page.locator("#chat .bot-row")).to_contain_text("first")
        expect(box(page)).to_have_value("")
        page.goto(second)
        expect(box(page)).to_have_value(THOUGHT)
        with page.expect_response(lambda answer: answer.request.method == "PUT"):
            box(page).fill("")  # taken back
        page.reload()
        expect(box(page)).to_have_value("")
