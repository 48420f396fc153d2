"""What a browser fetches to show the sign-in and the chat, the first time and when it comes again."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from gradio_app.chat.conversation import new_id
from gradio_app.pages.files import address
from gradio_app.store import schema
from tests.gradio_app.chatting import DEADLINE
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fakes import FakeDirectory, User
from tests.gradio_app.page.browsing import box, links, serve, with_login

pytestmark = pytest.mark.slow
PASSWORD = "Correct-Horse-1"
ANA = "ana@example.com"
ICON = address("icon.svg")
FIRST_BYTES = 8_000
"""Of the sign-in, heads and icon included."""
AGAIN_BYTES = 10_000
"""Of the chat at a second visit, everything in it."""
CONVERSATIONS = 30
"""A page of the list."""


@dataclass
class Traffic:
    """What a page fetches, by path, in bytes on the wire: heads and bodies as the browser counts them."""

    fetched: dict[str, float] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    _paths: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """All bytes that arrived."""
        return sum(self.fetched.values())

    def listen(self, session: CDPSession) -> None:
        """Count from now on."""
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.requestServedFromCache", self._kept)
        session.on("Network.loadingFinished", lambda told: self._count(told["requestId"], told))
        session.send("Network.enable")

    def _sent(self, told: Any) -> None:
        if redirect := told.get("redirectResponse"):
            self._count(told["requestId"], redirect)
        url = told["request"]["url"]
        self._paths[told["requestId"]] = re.sub(r"^https?://[^/]+|\?(after|new)=.*", "", url)

    def _answered(self, told: Any) -> None:
        if told["response"].get("fromDiskCache") or told["response"]["url"].startswith("data:"):
            self._kept(told)

    def _kept(self, told: Any) -> None:
        self._paths.pop(told["requestId"], None)

    def _count(self, request_id: str, told: Any) -> None:
        if path := self._paths.get(request_id):
            self.fetched[path] = self.fetched.get(path, 0) + told["encodedDataLength"]
            self.times[path] += 1


def keep(dynamodb: Any, table: str, number: int) -> None:
    """Store a conversation of Ana's, past the application."""
    conversation_id, at = new_id(), 1_790_000_000 + number
    item = {"pk": schema.person(f"id-of-{ANA}"), "sk": schema.conversation(conversation_id)}
    item |= {"title": f"What was asked in conversation {number}", "version": at, "updated_at": at}
    wire = {name: TypeSerializer().serialize(value) for name, value in item.items()}
    dynamodb.put_item(TableName=table, Item=wire)


def looked_at(page: Page) -> None:
    """The chat is there, with the list beside it, and fetches no more."""
    expect(box(page)).to_be_editable()
    expect(page.locator("#chat .placeholder")).to_be_visible()
    expect(links(page)).to_have_count(CONVERSATIONS)
    page.wait_for_load_state("networkidle")


@pytest.fixture
def context(whole_browser: Browser, dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[BrowserContext]:
    """A browser that was never here."""
    directory = FakeDirectory(users={ANA: User(PASSWORD)})
    with serve(with_login(dynamodb, table, fake, directory).gate) as address:
        context = whole_browser.new_context(base_url=address, locale="en-US")
        context.set_default_timeout(DEADLINE * 1000)
        yield context
        context.close()


def counted(context: BrowserContext) -> tuple[Page, Traffic]:
    """A new tab, and what it fetches."""
    page, traffic = context.new_page(), Traffic()
    traffic.listen(context.new_cdp_session(page))
    return page, traffic


def test_the_sign_in_is_one_request_and_an_icon_that_is_kept(context: BrowserContext) -> None:
    for wanted in (["/login", ICON], ["/login"]):
        page, traffic = counted(context)
        refused: list[str] = []
        page.on("console", lambda said, refused=refused: refused.append(said.text))
        with page.expect_event("request", lambda request: ICON in request.url):
            page.goto("/login")
        button = page.get_by_role("button", name="Sign in", exact=True)
        expect(button).to_have_css("background-color", "rgb(15, 107, 102)")
        page.wait_for_load_state("networkidle")
        assert sorted(traffic.fetched) == wanted
        assert refused == [], "its policy lets its own style be"
        assert 0 < traffic.size < FIRST_BYTES


def test_a_second_visit_fetches_little_and_nothing_twice(
    context: BrowserContext, dynamodb: Any, table: str
) -> None:
    for number in range(CONVERSATIONS):
        keep(dynamodb, table, number)
    page, _ = counted(context)
    page.goto("/login")
    page.get_by_label("E-mail").fill(ANA)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    looked_at(page)
    page.close()

    page, second = counted(context)
    page.goto("/")
    looked_at(page)
    # The address without a conversation leads to one with a new one.
    assert second.times == {"/": 2, "/conversations/list": 1, "/gradio_api/run/predict": 1}
    assert second.size < AGAIN_BYTES
