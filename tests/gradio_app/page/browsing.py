"""A real browser at the whole application: what tests start with, and what a person does there."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from gradio_app.aws import Clients
from gradio_app.page import texts
from gradio_app.server import Application, create_app
from gradio_app.settings import Settings
from tests.gradio_app.chatting import DEADLINE, MODEL_ID, bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import SETTINGS, FakeDirectory

OTHER_MODEL = "us.amazon.nova-lite-v1:0"
MS = DEADLINE * 1000


def with_login(dynamodb: Any, table: str, fake: FakeBedrock, directory: FakeDirectory) -> Application:
    """The whole application over a pool of users."""
    settings = replace(SETTINGS, table_name=table, public_scheme="http", max_output_tokens=100)
    client = bedrock_client("bedrock-runtime", fake.endpoint_url)
    clients = Clients(None, dynamodb, client, client, FakeS3())
    return create_app(settings, clients, directory=directory)


def without_login(dynamodb: Any, table: str, fake: FakeBedrock, s3: Any = None, **others: Any) -> Application:
    """The whole application, where everybody is the one user of this machine."""
    settings = Settings(
        pool_id="",
        app_client_id="",
        app_client_secret="",
        table_name=table,
        bucket_name="files",
        region="us-east-1",
        model_ids=(MODEL_ID, OTHER_MODEL),
        public_scheme="http",
        bind_host="127.0.0.1",
        authentication=False,
        max_output_tokens=100,
        **others,
    )
    client = bedrock_client("bedrock-runtime", fake.endpoint_url)
    clients = Clients(None, dynamodb, client, client, s3 or FakeS3())
    return create_app(settings, clients)


@pytest.fixture
def site(dynamodb: Any, table: str, fake: FakeBedrock, s3: FakeS3) -> Iterator[str]:
    """The address of the whole application without login."""
    with serve(without_login(dynamodb, table, fake, s3).gate) as address:
        yield address


class serve:  # noqa: N801 (used like a function)
    """Runs an ASGI application on the loopback, on a free port unless there is one to take again."""

    def __init__(self, app: Any, port: int = 0) -> None:
        self._server = uvicorn.Server(
            uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", timeout_graceful_shutdown=1)
        )
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            self._thread.join(0.02)
        return f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(DEADLINE)


class Held:
    """Requests of a page that wait until they are let go."""

    def __init__(self, page: Page, marked: str) -> None:
        self.marked = marked
        self.waiting: list[Route] = []
        self._page = page
        page.route("**/gradio_api/run/predict*", self._hold)

    def _hold(self, route: Route) -> None:
        if self.marked in (route.request.post_data or "") and not self.waiting:
            self.waiting.append(route)
        else:
            route.continue_()

    def let_go(self) -> None:
        """Once there is one: a page may take a while to ask."""
        until = time.monotonic() + DEADLINE
        while not self.waiting:
            assert time.monotonic() < until, "the page has not asked"
            self._page.wait_for_timeout(20)  # in which Playwright tells of requests
        self.waiting[0].continue_()


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=site, locale="en-US", viewport={"width": 1280, "height": 860})
    context.set_default_timeout(DEADLINE * 1000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return opened(context, "/")


def opened(context: BrowserContext, address: str) -> Page:
    """A new tab at an address, ready to write in."""
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#box textarea")).to_be_editable(timeout=DEADLINE * 1000)
    expect(page.locator("#chat .placeholder, #chat .message").first).to_be_visible(timeout=DEADLINE * 1000)
    return page


def box(page: Page) -> Locator:
    return page.locator("#box textarea")


def notice(page: Page) -> Locator:
    return page.locator("#notice")


def send(page: Page, text: str) -> None:
    box(page).fill(text)
    box(page).press("Enter")


def ask(page: Page, text: str, answer: str) -> None:
    """Send a message and wait until its answer stands there and another may be sent."""
    send(page, text)
    expect(answers(page).last).to_contain_text(answer, timeout=DEADLINE * 1000)
    settled(page)


def settled(page: Page) -> None:
    expect(page.locator("#send")).to_be_visible(timeout=DEADLINE * 1000)
    expect(page.locator("#usage")).to_contain_text("tokens", timeout=DEADLINE * 1000)


def answers(page: Page) -> Locator:
    return page.locator("#chat .bot-row")


def questions(page: Page) -> Locator:
    return page.locator("#chat .user-row")


def links(page: Page) -> Locator:
    return page.locator("#conversations li a:visible")


def choose(page: Page, title: str, name: str) -> None:
    """Choose something from the menu of the conversation whose title has these words."""
    page.locator("#conversations li").filter(has_text=title).get_by_role("button").click()
    page.get_by_role("menuitem", name=texts.LIST["en"][name], exact=True).click()


@contextmanager
def on_paper(page: Page) -> Iterator[None]:
    """The page as it would be printed."""
    page.emulate_media(media="print")
    yield
    page.emulate_media(media="screen")
