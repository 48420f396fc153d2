"""Single sign-on as somebody does it: Chromium, the application over HTTPS, the pool, an OpenID provider."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gradio_app.aws import Clients
from gradio_app.server import create_app
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.chatting import bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.tables import create_table
from tests.security.certificates import Certificate
from tests.security.site import DEADLINE, serve_tls, site_settings
from tests.single_sign_on import ANA, PROVIDER, Organization, make_organization

pytestmark = pytest.mark.slow

ANAS = "ana@example.com"


@dataclass(frozen=True)
class Company:
    """The running application and the pool behind it."""

    url: str
    here: Organization


@pytest.fixture(scope="module")
def company(
    emulator: RunningEmulator, provider: str, fake: FakeBedrock, certificate: Certificate
) -> Iterator[Company]:
    here = make_organization(emulator, provider)
    dynamodb, table = emulator.client("dynamodb"), f"company-{uuid4().hex}"
    create_table(dynamodb, table)
    bedrock = bedrock_client("bedrock-runtime", fake.endpoint_url)
    app = create_app(
        here.settings(site_settings(table)), Clients(here.idp, dynamodb, bedrock, bedrock, FakeS3())
    ).gate
    with serve_tls(app, certificate) as url:
        here.register(CallbackURLs=[f"{url}/login/callback"], LogoutURLs=[f"{url}/login/signed-out"])
        yield Company(url, here)


@contextmanager
def new_browser(browser: Browser, company: Company, **options: Any) -> Iterator[BrowserContext]:
    """A fresh browser; what its content security policy refuses fails the test."""
    context = browser.new_context(base_url=company.url, ignore_https_errors=True, locale="en-US", **options)
    context.set_default_timeout(DEADLINE * 1000)
    refused: list[str] = []
    context.on("console", lambda said: refused.append(said.text) if "Security Policy" in said.text else None)
    yield context
    context.close()
    assert not refused


def come_in(page: Page, *, asked: bool = True) -> None:
    """Press the button, say at the provider who one is, and arrive at the chat."""
    page.goto("/login")
    page.get_by_role("link", name=f"Continue with {PROVIDER}").click()
    if asked:
        page.get_by_role("button", name=ANA, exact=True).first.click()
    expect(page.locator("#box textarea")).to_be_editable(timeout=DEADLINE * 1000)


@pytest.mark.asvs("7.6.1", "10.1.1", "14.2.1")
def test_in_by_the_provider_and_out_of_the_pools_session(browser: Browser, company: Company) -> None:
    with new_browser(browser, company) as context:
        page = context.new_page()
        come_in(page)
        page.locator("#box textarea").fill("answer: hello there")
        page.locator("#box textarea").press("Enter")
        expect(page.locator("#usage")).to_contain_text("tokens")
        assert "code=" not in page.url
        ours = {c.get("name"): c for c in context.cookies(company.url)}
        assert set(ours) == {"__Host-session"}
        assert [ours["__Host-session"].get(each) for each in ("httpOnly", "secure", "sameSite")] == [
            True,
            True,
            "Lax",
        ]

        page.goto("/account")
        expect(page.get_by_text(ANAS)).to_be_visible()
        expect(page.get_by_text("manages your password")).to_be_visible()
        expect(page.get_by_role("link", name=re.compile("assword|uthenticator"))).to_have_count(0)
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("heading")).to_have_text("Sign in")
        expect(page.get_by_role("status")).to_have_text("You have signed out.")
        assert context.cookies(company.url) == []
        page.goto("/account")
        expect(page.get_by_role("heading")).to_have_text("Sign in")

        # The pool's own cookie is gone too: whoever sits here next is asked who they are.
        page.get_by_role("link", name=f"Continue with {PROVIDER}").click()
        expect(page.get_by_role("heading", name="Authorize Client")).to_be_visible()


def test_who_only_lost_our_session_is_known_to_the_pool(browser: Browser, company: Company) -> None:
    """What makes the way out through the pool's domain worth the while."""
    with new_browser(browser, company) as context:
        page = context.new_page()
        come_in(page)
        context.clear_cookies(name="__Host-session")
        come_in(page, asked=False)


@pytest.mark.asvs("7.4.1")
def test_signing_out_everywhere_ends_the_other_browser(browser: Browser, company: Company) -> None:
    with new_browser(browser, company) as here, new_browser(browser, company) as elsewhere:
        page, other = here.new_page(), elsewhere.new_page()
        come_in(page)
        come_in(other)
        page.goto("/account")
        page.get_by_role("button", name="Sign out everywhere").click()
        expect(page.get_by_role("heading")).to_have_text("Sign in")
        other.goto("/account")
        expect(other.get_by_role("heading")).to_have_text("Sign in")


def test_it_works_without_javascript(browser: Browser, company: Company) -> None:
    with new_browser(browser, company, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/login")
        page.get_by_role("link", name=f"Continue with {PROVIDER}").click()
        page.get_by_role("button", name=ANA, exact=True).first.click()
        page.goto("/account")
        expect(page.get_by_text(ANAS)).to_be_visible()
        page.get_by_role("button", name="Sign out", exact=True).click()
        expect(page.get_by_role("status")).to_have_text("You have signed out.")
