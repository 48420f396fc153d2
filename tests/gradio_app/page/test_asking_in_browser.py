"""Asking documents in a real browser: the choice, marks, passages, a reload, a document that is gone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gradio_app.aws import Clients
from gradio_app.identity import LOCAL_USER
from gradio_app.library.document import Document
from gradio_app.server import create_app
from gradio_app.settings import Settings
from tests.gradio_app.asked import Asked, own
from tests.gradio_app.chatting import DEADLINE, bedrock_client
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.page.browsing import MS, answers, box, notice, opened, questions, send, serve, settled

pytestmark = pytest.mark.slow
AXE = {"rules": {"target-size": {"enabled": True}}}
"""Axe leaves WCAG 2.2's size of targets out unless it is asked."""
MINE = own(LOCAL_USER.user_id)
HOSTILE = (
    "The battery lasts for ten hours. <img src=x onerror=alert(1)> ![x](https://evil.example/a.png) "
    "[link](https://evil.example/) <script>alert(1)</script> $x$ [1](https://evil.example/1)"
)
CITES = 'answer: It lasts **ten** hours [1: "lasts for ten hours"]. It is blue [1: "is blue"].'


@dataclass
class Library:
    """The application's address, what can be asked there, and one document in it."""

    address: str
    asked: Asked
    document: Document


@pytest.fixture
def library(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[Library]:
    s3 = FakeS3()
    asked = Asked(dynamodb, table, s3)
    settings = Settings(
        pool_id="",
        app_client_id="",
        app_client_secret="",
        table_name=table,
        bucket_name="files",
        region="us-east-1",
        model_ids=("us.amazon.nova-lite-v1:0",),
        embedding_model_id="amazon.titan-embed-text-v2:0",
        public_scheme="http",
        bind_host="127.0.0.1",
        authentication=False,
        max_output_tokens=100,
        reword_questions=True,
    )
    client = bedrock_client("bedrock-runtime", fake.endpoint_url)
    application = create_app(settings, Clients(None, dynamodb, client, client, s3), embedder=asked.embedder)
    document = asked.add(MINE, "Handbook <b>&.pdf", HOSTILE)
    asked.library.add_collection(MINE, "Travel <i>")
    with serve(application.gate) as address:
        yield Library(address, asked, document)


@pytest.fixture(params=[("en-US", 1280, "light"), ("es-ES", 390, "dark")], ids=["wide", "narrow"])
def context(browser: Browser, library: Library, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    locale, width, colors = request.param
    context = browser.new_context(
        base_url=library.address,
        locale=locale,
        viewport={"width": width, "height": 860},
        color_scheme=colors,
        reduced_motion="reduce",
    )
    context.set_default_timeout(MS)
    yield context
    context.close()


def choose(page: Page, name: str | re.Pattern[str]) -> None:
    page.locator("#asks input").click()
    page.get_by_role("option", name=name).click()


def sound(page: Page) -> None:
    """Nothing that axe finds wrong, in either color scheme."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(rule["id"], node["html"][:200]) for rule in found for node in rule["nodes"]] == []


def test_marks_open_their_passages_by_keyboard_and_after_a_reload(
    context: BrowserContext, library: Library, fake: FakeBedrock
) -> None:
    page = opened(context, "/")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    page.locator("#asks input").click()
    expect(page.get_by_role("option")).to_have_count(3)
    sound(page)
    page.get_by_role("option", name=re.compile("all my documents|todos mis documentos")).click()
    send(page, CITES)
    for _ in range(2):
        mark = answers(page).last.locator("button.cite")
        expect(mark).to_have_count(1, timeout=MS)
        settled(page)
        expect(answers(page).last.locator(".written")).to_have_text(
            re.compile(r"^It lasts ten hours1. It is blue.$")
        )
        expect(page.locator("#asks input")).to_have_value(re.compile("all my documents|todos mis documentos"))
        source = answers(page).last.locator(".source")
        expect(source).not_to_have_attribute("open", re.compile(".*"))
        mark.focus()
        mark.press("Enter")
        expect(source.locator(".passage")).to_be_visible()
        expect(source.locator("summary")).to_be_focused()
        expect(source.locator("summary")).to_contain_text("Handbook <b>&.pdf")
        expect(source.locator(".passage")).to_have_text(HOSTILE)
        expect(source.locator("mark")).to_have_text("lasts for ten hours")
        expect(source.locator(".passage").locator("a, img, script")).to_have_count(0)
        link = source.locator("a").get_attribute("href")
        assert link is not None
        assert context.request.get(library.address + link).status == 200
        sound(page)
        page.reload()
    settled(page)
    fake.rewordings = "answer: What is the <b>colour</b> of the battery"
    send(page, "y cuánto dura")
    for _ in range(2):
        expect(answers(page).last.locator(".searched")).to_have_text(
            re.compile("(Searched for, too|También se buscó): What is the <b>colour</b> of the battery"),
            timeout=MS,
        )
        sound(page)
        page.reload()
    assert dialogs == []
    assert not [url for url in asked_for if "evil.example" in url]
    taken, there = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert taken <= there


def test_a_source_says_that_its_document_was_deleted(context: BrowserContext, library: Library) -> None:
    page = opened(context, "/")
    choose(page, re.compile("all my|todos mis"))
    send(page, CITES)
    expect(answers(page).last.locator("button.cite")).to_have_count(1, timeout=MS)
    library.asked.delete(MINE, library.document)
    page.reload()
    source = answers(page).last.locator(".source")
    source.locator("summary").click()
    expect(source).to_contain_text(re.compile("The document was deleted|El documento se eliminó"))
    expect(source.locator("a")).to_have_count(0)
    expect(source.locator("mark")).to_have_text("lasts for ten hours")


def test_an_answer_that_nothing_backs_says_so(context: BrowserContext) -> None:
    page = opened(context, "/")
    choose(page, re.compile("all my|todos mis"))
    send(page, 'answer: It is blue [1: "is blue"] [1].')
    expect(answers(page).last).to_contain_text(re.compile("Nothing in this answer|Nada de esta"), timeout=MS)
    expect(answers(page).last.locator(".written")).to_have_text("It is blue.")


def test_a_page_that_is_out_of_date_is_told_and_keeps_the_message(
    context: BrowserContext, library: Library
) -> None:
    page = opened(context, "/")
    choose(page, re.compile("Travel <i>"))
    [collection] = library.asked.library.collections(MINE)
    library.asked.library.delete_collection(MINE, collection.id)
    send(page, CITES)
    expect(notice(page)).to_contain_text(re.compile("not there any more|ya no están"))
    expect(box(page)).to_have_value(CITES)
    expect(questions(page)).to_have_count(0)
    expect(page.locator("#asks input")).to_have_value(re.compile("the model alone|solo al modelo"))


def test_a_new_conversation_asks_the_model_alone(context: BrowserContext, fake: FakeBedrock) -> None:
    page = opened(context, "/")
    choose(page, re.compile("all my|todos mis"))
    send(page, CITES)
    expect(answers(page).last.locator("button.cite")).to_have_count(1, timeout=MS)
    page.goto("/")
    expect(page.locator("#asks input")).to_have_value(
        re.compile("the model alone|solo al modelo"), timeout=DEADLINE * 1000
    )
    send(page, "answer: hello")
    expect(answers(page).last).to_contain_text("hello", timeout=MS)
    assert "passage" not in str(fake.requests[-1])
