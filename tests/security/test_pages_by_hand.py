"""The pages around the chat as somebody uses them without JavaScript, by keyboard, or by a screen reader."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.security import screens
from tests.security.screens import SCREENS, new_user, submit
from tests.security.site import DEADLINE, PASSWORD, Site, sign_in

pytestmark = pytest.mark.slow

NEW_PASSWORD = "Better-Horse-22"
LONG_PASSWORD = "correct horse battery staple " * 4
FOCUSABLE = "main input:not([readonly]), main button, main a"


@contextmanager
def new_context(browser: Browser, site: Site, **options: Any) -> Iterator[BrowserContext]:
    """A fresh English browser that trusts the tests' certificate."""
    context = browser.new_context(base_url=site.url, ignore_https_errors=True, locale="en-US", **options)
    context.set_default_timeout(DEADLINE * 1000)
    yield context
    context.close()


def test_everything_but_the_chat_works_without_javascript(browser: Browser, site: Site) -> None:
    with new_context(browser, site, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, new_user(site, temporary=True))
        for label in ("New password", "New password, once more"):
            page.get_by_label(label, exact=True).fill(PASSWORD)
        submit(page)
        page.goto("/account")
        page.get_by_role("link", name="Change password").click()
        page.get_by_label("Current password").fill(PASSWORD)
        for label in ("New password", "New password, once more"):
            page.get_by_label(label, exact=True).fill(NEW_PASSWORD)
        submit(page)
        expect(page.get_by_role("status")).to_contain_text("password is changed")
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("signed out")
        page.goto("/account")
        expect(page.get_by_role("heading")).to_have_text("Sign in")


def test_an_authenticator_and_a_reset_work_without_javascript(browser: Browser, site: Site) -> None:
    with new_context(browser, site, java_script_enabled=False) as context:
        page, email = context.new_page(), new_user(site, authenticator=True)
        sign_in(page, email)
        page.get_by_label("Code").fill("000000")
        submit(page)
        expect(page.locator("[aria-invalid=true]")).to_have_count(1)
        page.get_by_label("Code").fill(site.directory.CODE)
        submit(page)
        page.goto("/account")
        expect(page.get_by_text(email)).to_be_visible()
        context.clear_cookies()

        page.goto("/login")
        page.get_by_role("link", name="Forgot your password?").click()
        page.get_by_label("E-mail").fill(email)
        submit(page)
        page.get_by_label("Code").fill(site.directory.CODE)
        for label in ("New password", "New password, once more"):
            page.get_by_label(label, exact=True).fill(NEW_PASSWORD)
        submit(page)
        expect(page.get_by_label("Code")).to_be_visible()


def test_an_authenticator_that_is_required_is_set_up_without_javascript(browser: Browser, site: Site) -> None:
    with new_context(browser, site, java_script_enabled=False) as context:
        page = context.new_page()
        screens.code_setup_refused(page, site)
        expect(page.get_by_role("heading")).to_have_text("Set up your authenticator")
        expect(page.get_by_role("img", name="QR code")).to_be_visible()
        expect(page.get_by_role("link", name="open it in the app")).to_have_attribute(
            "href", re.compile("^otpauth://totp/")
        )
        typed = page.locator(".key code").inner_text()
        assert "".join(typed.split()) == site.directory.KEY
        page.get_by_label("Code", exact=True).fill(site.directory.CODE)
        submit(page)
        page.goto("/account")
        expect(page.get_by_role("link", name="Authenticator app")).to_be_visible()


def test_the_keyboard_reaches_everything_in_the_order_in_which_it_stands(
    browser: Browser, site: Site
) -> None:
    for ways in SCREENS.values():
        for way in ways:
            with new_context(browser, site) as context:
                page = context.new_page()
                way(page, site)
                page.evaluate("document.activeElement.blur(); window.getSelection().removeAllRanges()")
                page.locator("h1").evaluate("h1 => { h1.tabIndex = -1; h1.focus() }")
                expected = page.locator(FOCUSABLE).evaluate_all("all => all.map(each => each.outerHTML)")
                reached = []
                for _ in range(len(expected) + page.locator("main input[readonly]").count()):
                    page.keyboard.press("Tab")
                    focused = page.evaluate("document.activeElement.outerHTML")
                    if "readonly" not in focused:
                        reached.append(focused)
                assert reached == expected, way.__name__


def test_the_first_field_to_fill_in_has_the_focus(browser: Browser, site: Site) -> None:
    for way, name in (
        (screens.login, "email"),
        (screens.login_refused, "password"),
        (screens.new_password, "new_password"),
        (screens.code, "code"),
        (screens.forgot, "email"),
        (screens.change_password, "password"),
    ):
        with new_context(browser, site) as context:
            page = context.new_page()
            way(page, site)
            expect(page.locator(f"input[name={name}]")).to_be_focused()


def test_the_keyboard_alone_signs_in_and_focus_is_seen(browser: Browser, site: Site) -> None:
    with new_context(browser, site) as context:
        page = context.new_page()
        page.goto("/login")
        # The browser gives the focus once it has drawn the page: keys pressed before that go nowhere.
        expect(page.get_by_label("E-mail")).to_be_focused()
        page.keyboard.type(new_user(site))
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.evaluate(outline) == "solid"
        page.keyboard.press("Enter")
        expect(page.locator("#box textarea")).to_be_focused()


def test_an_error_is_read_out_with_its_field(browser: Browser, site: Site) -> None:
    for way in (screens.login_incomplete, screens.new_password_refused):
        with new_context(browser, site) as context:
            page = context.new_page()
            way(page, site)
            for field in page.locator("[aria-invalid=true]").all():
                described = field.get_attribute("aria-describedby") or ""
                errors = [page.locator(f"#{each}") for each in described.split()]
                assert any(error.evaluate("e => e.classList.contains('error')") for error in errors)
                expect(field).to_have_accessible_description(errors[-1].inner_text())


@pytest.mark.asvs("6.2.6", "6.2.7")
def test_passwords_are_hidden_and_can_be_pasted_and_kept_by_a_manager(browser: Browser, site: Site) -> None:
    wanted = {
        screens.login: {"password": "current-password"},
        screens.new_password: {"new_password": "new-password", "repeat": "new-password"},
        screens.reset: {"new_password": "new-password", "repeat": "new-password"},
        screens.change_password: {
            "password": "current-password",
            "new_password": "new-password",
            "repeat": "new-password",
        },
    }
    for way, fields in wanted.items():
        with new_context(browser, site) as context:
            page = context.new_page()
            way(page, site)
            found = page.locator("input[type=password]").evaluate_all(
                "all => Object.fromEntries(all.map(each => [each.name, each.autocomplete]))"
            )
            assert found == fields
            assert page.locator("input[autocomplete=username]").count() == 1
            for name in fields:
                assert paste(page, name, LONG_PASSWORD) == LONG_PASSWORD


def paste(page: Page, name: str, text: str) -> str:
    """Put text into a field as a paste does; what the field then holds."""
    field = page.locator(f"input[name={name}]")
    field.focus()
    page.keyboard.insert_text(text)
    return field.input_value()


@pytest.mark.asvs("7.4.4")
def test_the_way_out_is_on_every_page(browser: Browser, site: Site) -> None:
    with new_context(browser, site) as context:
        page = context.new_page()
        screens.enter(page, site)
        expect(page.get_by_role("link", name="Account and sign-out")).to_be_visible()
        for path in ("/account", "/account/password"):
            page.goto(path)
            way_out = page.locator("form[action='/logout'], a[href='/account']")
            expect(way_out.first).to_be_visible()


@pytest.mark.asvs("10.1.1", "14.2.1", "14.3.1")
def test_the_browser_holds_no_token_and_forgets_everything_at_sign_out(browser: Browser, site: Site) -> None:
    with new_context(browser, site) as context:
        page, email, addresses = context.new_page(), new_user(site), []
        page.on("request", lambda request: addresses.append(request.url))
        sign_in(page, email)
        page.locator("#box textarea").fill("answer: hello there")
        page.locator("#box textarea").press("Enter")
        expect(page.locator("#usage")).to_contain_text("tokens")

        cookies = {str(each.get("name")): each for each in context.cookies()}
        assert set(cookies) == {"__Host-session", "__Host-known"}
        cookie = cookies["__Host-session"]
        assert [cookie.get(name) for name in ("httpOnly", "secure", "sameSite")] == [True, True, "Lax"]
        held = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])")
        everything = held + page.content() + "".join(addresses)
        for secret in (str(cookie.get("value")), PASSWORD, f"access-{email}", f"refresh-{email}"):
            assert secret not in everything
        assert "hello" not in held, "no conversation is kept in the browser"

        page.evaluate("localStorage.setItem('left', 'behind')")
        page.goto("/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("signed out")
        # It opens nothing: by it the next sign-in is not counted with those of strangers.
        assert [each.get("name") for each in context.cookies()] == ["__Host-known"]
        assert page.evaluate("localStorage.length") == 0
        page.go_back()
        expect(page.get_by_role("heading")).to_have_text("Sign in")
