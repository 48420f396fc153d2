"""The whole application over HTTPS on loopback: real gate, login, chat and table; fake pool and model."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import uvicorn
from playwright.sync_api import Page

from gradio_app.aws import Clients
from gradio_app.server import create_app
from gradio_app.settings import Settings
from tests.browser.chromium import PAGE_SECONDS
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import HOSTED, SETTINGS, FakeDirectory, FakeSingleSignOn, User
from tests.security.certificates import Certificate
from tests.serving import on_loopback, running

PASSWORD = "Correct-Horse-1"
VOUCHED_FOR = "vouched-for@example.com"
"""Whom the tests have come in by single sign-on."""
DEADLINE = float(PAGE_SECONDS)
"""Seconds after which something that ought to happen soon counts as not happening."""


@dataclass(frozen=True)
class Site:
    """A running application; `gate` is its ASGI application."""

    url: str
    directory: FakeDirectory
    gate: Any
    certificate: Certificate = field(repr=False)

    def add_user(self, email: str, **features: Any) -> None:
        """Somebody who may sign in with PASSWORD."""
        self.directory.users[email] = User(PASSWORD, **features)

    def client(self, email: str = "") -> httpx.Client:
        """A client with the headers of our own pages, signed in if an e-mail address is given."""
        client = httpx.Client(
            base_url=self.url,
            headers={"origin": self.url, "sec-fetch-site": "same-origin"},
            verify=_trusting(self.certificate),
            timeout=DEADLINE,
        )
        if email:
            answer = client.post("/login", data={"email": email, "password": PASSWORD})
            assert answer.headers.get("location") == "/", answer.text
        return client


def sign_in(page: Page, email: str) -> None:
    """Fill in the form in any language and send it."""
    page.goto("/login")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("main form button").click()


def site_settings(table: str) -> Settings:
    """Settings as in production, with two models to choose from and all that can be switched on."""
    return Settings(
        **{
            **vars(SETTINGS),
            "table_name": table,
            "model_ids": ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "us.amazon.nova-lite-v1:0"),
            "max_output_tokens": 100,
            "mfa": "optional",
            "sign_up_domains": ("example.com",),
            "single_sign_on": HOSTED,
        }
    )


@contextmanager
def running_site(
    table: str, dynamodb: Any, bedrock: Any, certificate: Certificate, vouched_for: str = ""
) -> Iterator[Site]:
    """Serve the application until the block ends.

    With `vouched_for`, single sign-on lets that user in at once; else it leads to a pool that does not exist.
    """
    directory = FakeDirectory(users={vouched_for: User(PASSWORD)})
    clients = Clients(None, dynamodb, bedrock, bedrock, FakeS3())
    provider = FakeSingleSignOn(directory, at_once=vouched_for)
    gate = create_app(site_settings(table), clients, directory=directory, single_sign_on=provider).gate
    with serve_tls(gate, certificate) as url:
        yield Site(url, directory, gate, certificate)


@contextmanager
def serve_tls(app: Any, certificate: Certificate) -> Iterator[str]:
    """Run an ASGI application on a free port of the loopback; yields its address."""
    config = on_loopback(
        app, log_level="critical", ssl_certfile=certificate.chain, ssl_keyfile=str(certificate.key)
    )
    with running(uvicorn.Server(config)) as port:
        yield f"https://localhost:{port}"


def _trusting(certificate: Certificate) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate.authority))
