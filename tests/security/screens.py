"""How to get to each screen of the application, by its template; a template without a way fails a test."""

import secrets
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from gradio_app.login.room import ROOM
from gradio_app.pages import pages
from tests.security.site import DEADLINE, PASSWORD, VOUCHED_FOR, Site, sign_in

TEMPLATES = [*ROOM.templates.iterdir(), *Path(pages.__file__).with_name("templates").iterdir()]
"""Those of the documents have a test of their own: tests/gradio_app/library/test_page_in_browser.py."""
PARTS = {"base.html", "fields.html", "setup.html"}
"""Templates that are no page by themselves."""


def new_user(site: Site, **features: bool) -> str:
    """The address of somebody who has never been here."""
    email = f"{secrets.token_hex(4)}@example.com"
    site.add_user(email, **features)
    return email


def submit(page: Page) -> None:
    """Press the button of the page's form."""
    page.locator("main form button").first.click()


def give_wrong_code(page: Page) -> None:
    """Be asked for the code again."""
    page.locator("input[name=code]").fill("000000")
    submit(page)
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)


def enter(page: Page, site: Site) -> None:
    """Sign in, and wait for the chat."""
    sign_in(page, new_user(site))
    expect(page.locator("#box textarea")).to_be_editable(timeout=DEADLINE * 1000)


def login(page: Page, site: Site) -> None:  # noqa: ARG001 (all ways have one shape)
    page.goto("/login?out=1")


def login_refused(page: Page, site: Site) -> None:  # noqa: ARG001
    sign_in(page, "nobody@example.com")
    expect(page.get_by_role("alert")).to_be_visible()


def login_incomplete(page: Page, site: Site) -> None:
    login(page, site)
    page.locator("input[required]").evaluate_all("all => all.forEach(input => input.required = false)")
    submit(page)
    expect(page.locator("[aria-invalid=true]")).to_have_count(2)


def login_from_a_stale_way_back(page: Page, site: Site) -> None:  # noqa: ARG001
    page.goto("/login/callback?code=one&state=two")
    expect(page.get_by_role("alert")).to_be_visible()


def new_password(page: Page, site: Site) -> None:
    sign_in(page, new_user(site, temporary=True))
    expect(page.locator("input[name=new_password]")).to_be_visible()


def new_password_refused(page: Page, site: Site) -> None:
    new_password(page, site)
    for name, value in (("new_password", PASSWORD), ("repeat", PASSWORD + "x")):
        page.locator(f"input[name={name}]").fill(value)
    submit(page)
    expect(page.locator("[aria-invalid=true]")).to_have_count(1)


def code(page: Page, site: Site) -> None:
    sign_in(page, new_user(site, authenticator=True))
    expect(page.locator("input[name=code]")).to_be_visible()


def code_setup(page: Page, site: Site) -> None:
    sign_in(page, new_user(site, sets_up=True))
    expect(page.locator(".scan")).to_be_visible()


def code_setup_refused(page: Page, site: Site) -> None:
    code_setup(page, site)
    give_wrong_code(page)


def forgot(page: Page, site: Site) -> None:  # noqa: ARG001
    page.goto("/forgot-password")


def reset(page: Page, site: Site) -> None:
    forgot(page, site)
    page.locator("input[name=email]").fill("nobody@example.com")
    submit(page)
    expect(page.locator("input[name=code]")).to_be_visible()


def account(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/account?changed=1")


def account_of_a_provider(page: Page, site: Site) -> None:
    login(page, site)
    page.get_by_role("link", name="Example-Org").click()
    expect(page.locator("#box textarea")).to_be_editable(timeout=DEADLINE * 1000)
    page.goto("/account")
    expect(page.get_by_text(VOUCHED_FOR)).to_be_visible()


def change_password(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/account/password")


def authenticator(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/account/authenticator")


def authenticator_active(page: Page, site: Site) -> None:
    code(page, site)
    page.locator("input[name=code]").fill(site.directory.CODE)
    submit(page)
    expect(page.locator("#box textarea")).to_be_editable(timeout=DEADLINE * 1000)
    page.goto("/account/authenticator")
    expect(page.locator("input[name=code]")).to_be_visible()


def authenticator_setup(page: Page, site: Site) -> None:
    authenticator(page, site)
    page.locator("input[name=password]").fill(PASSWORD)
    submit(page)
    expect(page.locator(".scan")).to_be_visible()


def authenticator_setup_refused(page: Page, site: Site) -> None:
    authenticator_setup(page, site)
    give_wrong_code(page)


def sign_up(page: Page, site: Site) -> None:  # noqa: ARG001
    page.goto("/sign-up")


def sign_up_code(page: Page, site: Site) -> None:
    sign_up(page, site)
    page.locator("input[name=email]").fill("newcomer@example.com")
    submit(page)
    expect(page.locator("input[name=code]")).to_be_visible()


def error(page: Page, site: Site) -> None:
    enter(page, site)
    page.goto("/no/such/page")


SCREENS: dict[str, list[Callable[[Page, Site], None]]] = {
    "login.html": [login, login_refused, login_incomplete, login_from_a_stale_way_back],
    "new_password.html": [new_password, new_password_refused],
    "code.html": [code, code_setup, code_setup_refused],
    "forgot.html": [forgot],
    "reset.html": [reset],
    "account.html": [account, account_of_a_provider],
    "password.html": [change_password],
    "authenticator.html": [authenticator, authenticator_active],
    "authenticator_setup.html": [authenticator_setup, authenticator_setup_refused],
    "sign_up.html": [sign_up],
    "sign_up_code.html": [sign_up_code],
    "error.html": [error],
}
"""Ways to each template's page."""
