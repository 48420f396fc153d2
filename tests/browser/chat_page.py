"""What a person does on the pages, in the words of the pages."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def sign_in(page: Page, email: str, password: str) -> None:
    """Fill in and send the sign-in form."""
    page.goto("/")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def choose_password(page: Page, password: str) -> None:
    """Put one's own in the place of a temporary password."""
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password, once more").fill(password)
    page.get_by_role("button", name="Save").click()


def wait_for_welcome(page: Page) -> None:
    """Wait until the page of a new conversation is open: with it comes a draft, even from another tab."""
    expect(page.locator("#chat .placeholder")).to_be_visible()


def message_box(page: Page) -> Locator:
    """Return where people write."""
    return page.get_by_placeholder("Write a message")


def send(page: Page, text: str) -> None:
    """Write a message and press Enter."""
    message_box(page).fill(text)
    message_box(page).press("Enter")


def stop_button(page: Page) -> Locator:
    """Return the button that is there while an answer is being written."""
    return page.locator("#stop:visible")


def questions(page: Page) -> Locator:
    """Return the person's own messages."""
    return page.locator("#chat .user-row")


def answer(page: Page) -> Locator:
    """Return the newest answer."""
    return page.locator("#chat .bot-row").last


def wait_for_end(page: Page) -> str:
    """Wait until the answer is complete, and return it."""
    expect(answer(page)).not_to_be_empty()
    expect(stop_button(page)).to_have_count(0)
    return answer(page).inner_text()
