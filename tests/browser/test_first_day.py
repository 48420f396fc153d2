"""A newcomer's first day: from the temporary password to a conversation that is still there tomorrow."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chat_page import (
    answer,
    choose_password,
    message_box,
    questions,
    send,
    sign_in,
    stop_button,
    wait_for_end,
    wait_for_welcome,
)
from tests.browser.conftest import Assistant, Person, make_local, new_page
from tests.serving import free_port

pytestmark = [pytest.mark.long, pytest.mark.slow]

DEPLOYS = "Deploying the stacks"
OWN_PASSWORD = "four-words-of-my-own"
# The newest answer has another length, or no answer is being written any more.
CHANGED = """length =>
  [...document.querySelectorAll("#chat .bot-row")].at(-1)?.innerText.length !== length
  || !document.querySelector("#stop")?.checkVisibility()"""
LONG_TASK = "Write a long story about a fox who crosses a river to find a lighthouse."


def test_first_day(browser: Browser, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with make_local(state) as assistant, new_page(browser, assistant, locale="en-US") as page:
        assert assistant.password, assistant.terminal
        assert DEPLOYS in assistant.terminal
        sign_in(page, assistant.user, assistant.password)
        choose_password(page, OWN_PASSWORD)

        send(page, LONG_TASK)
        lengths = _lengths_while_streaming(page)
        assert len(set(lengths)) > 2, "the answer came in one piece"
        said = wait_for_end(page)

        page.reload()
        expect(questions(page)).to_have_text(LONG_TASK)
        assert answer(page).inner_text() == said

        cookies = page.context.cookies()
        _sign_out(page)
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.goto("/")
        expect(page).to_have_url(re.compile("/login"))
        assert page.request.get("/config").status == 401
        assert assistant.stop() == 0

    # The next start: the user and the conversation are still there, and no password is shown.
    with make_local(state) as assistant, new_page(browser, assistant, locale="en-US") as page:
        assert assistant.password is None
        assert DEPLOYS not in assistant.terminal, "it is what it was"
        sign_in(page, assistant.user, OWN_PASSWORD)
        # By what it is called by now: by its question, or as the model has called it since.
        page.locator("#conversations li a").last.click()
        expect(questions(page)).to_have_text(LONG_TASK)
        assert answer(page).inner_text() == said


def test_after_a_kill_the_next_start_goes_on(tmp_path: Path) -> None:
    state, port = tmp_path / "state", str(free_port())
    with make_local(state, "--port", port) as killed:
        killed.process.kill()
        killed.process.wait()
    with make_local(state, "--port", port, "SessionIdleMinutes=61") as assistant:
        assert DEPLOYS in assistant.terminal, "something else is wanted"
        assert assistant.url == killed.url, "the killed one's application still has the port"
        assert assistant.user == killed.user


def test_stop_keeps_what_arrived(page: Page, person: Person) -> None:
    sign_in(page, person.email, person.password)
    send(page, LONG_TASK)
    # In the page and at each frame: it may be over soon.
    page.wait_for_function("() => document.querySelector('#chat .bot-row')?.innerText.trim()")
    stop_button(page).click()
    said = wait_for_end(page)
    assert said
    page.reload()
    expect(answer(page)).to_have_text(said)
    message_box(page).fill("Thank you.")  # and the conversation goes on
    message_box(page).press("Enter")
    expect(questions(page)).to_have_count(2)
    wait_for_end(page)


def test_two_tabs_keep_their_own_conversations(page: Page, person: Person) -> None:
    sign_in(page, person.email, person.password)
    other = page.context.new_page()
    other.goto("/")
    for tab in (page, other):
        wait_for_welcome(tab)
    send(page, "Say hello.")
    send(other, "Name one color.")
    wait_for_end(page)
    wait_for_end(other)
    for tab, asked in ((page, "Say hello."), (other, "Name one color.")):
        tab.reload()
        expect(questions(tab)).to_have_text(asked)


@pytest.mark.parametrize("email", ["demo@example.com", "nobody@example.com"])
def test_wrong_password_and_unknown_user_read_the_same(page: Page, email: str) -> None:
    sign_in(page, email, "Not-the-password-1")
    expect(page.get_by_role("alert")).to_have_text(
        "E-mail and password do not match. Check both and try again."
    )
    expect(page.get_by_label("E-mail")).to_have_value(email)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("locale", "box", "log_in"),
    [("en-US", "Write a message", "Sign in"), ("es-MX", "Escribe un mensaje", "Iniciar sesión")],
)
def test_every_screen_fits(
    browser: Browser,
    assistant: Assistant,
    person: Person,
    scheme: str,
    width: int,
    locale: str,
    box: str,
    log_in: str,
) -> None:
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, "locale": locale}
    with new_page(browser, assistant, **options) as page:
        page.goto("/")
        _fits(page, width)
        page.locator("input[autocomplete=username]").fill(person.email)
        page.locator("input[autocomplete=current-password]").fill(person.password)
        page.get_by_role("button", name=log_in).click()
        expect(page.get_by_placeholder(box)).to_be_visible()
        _fits(page, width)
        page.goto("/account")
        expect(page.get_by_text(person.email)).to_be_visible()
        _fits(page, width)


def _fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def _lengths_while_streaming(page: Page) -> list[int]:
    expect(answer(page)).not_to_be_empty()
    lengths = [len(answer(page).inner_text())]
    while stop_button(page).count():
        page.wait_for_function(CHANGED, arg=lengths[-1])
        lengths.append(len(answer(page).inner_text()))
    return lengths


def _sign_out(page: Page) -> None:
    page.get_by_role("link", name="Account and sign-out").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page).to_have_url(re.compile("/login"))
