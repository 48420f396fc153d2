"""The page of documents in a real browser: with our script and without, narrow and wide, light and dark."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from gradio_app.aws import Clients
from gradio_app.language import LANGUAGES
from gradio_app.library.texts import TEXTS
from gradio_app.pages.texts import TEXTS as COMMON
from gradio_app.server import create_app
from tests.gradio_app.fake_s3 import FakeS3
from tests.gradio_app.fakes import SETTINGS, shared_page
from tests.gradio_app.in_process import InProcess
from tests.gradio_app.library.test_pages import Vectors
from tests.gradio_app.page.browsing import MS, serve

pytestmark = pytest.mark.slow

EN, ES = TEXTS["en"] | COMMON["en"], TEXTS["es"] | COMMON["es"]
AXE = {"rules": {"target-size": {"enabled": True}}}
"""Axe leaves WCAG 2.2's size of targets out unless it is asked."""
SHOTS = os.environ.get("SHOTS", "")
"""A folder for pictures of every screen, for whoever wants to look at them."""
BOOK = "\n\n".join(f"# Chapter {number}\n\n" + "Some words of this chapter. " * 40 for number in range(60))


class Held(Vectors):
    """Embeds one batch for each that the test lets through."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = threading.Semaphore(1000)

    def embed(self, passages: Any) -> Any:
        assert self.batches.acquire(timeout=60)
        return super().embed(passages)


@dataclass
class Site:
    """The application on the loopback, without login."""

    url: str
    model: Held
    client: InProcess


@pytest.fixture
def site(request: pytest.FixtureRequest) -> Iterator[Site]:
    name = f"browser-{request.node.name[:40]}-{os.getpid()}".replace("[", "-").replace("]", "-")
    client, model = InProcess(name), Held()
    settings = replace(
        SETTINGS,
        pool_id="",
        app_client_id="",
        app_client_secret="",
        table_name=name,
        public_scheme="http",
        bind_host="127.0.0.1",
        authentication=False,
        embedding_model_id="model-1",
        web_pages=True,
        library_files=30,
    )
    clients = Clients(None, client, None, None, FakeS3())
    application = create_app(settings, clients, page=shared_page(), embedder=model)
    assert application.worker
    application.worker.start()
    with serve(application.gate) as url:
        yield Site(url, model, client)
    model.batches.release(1000)
    application.worker.stop()


@contextmanager
def new_page(browser: Browser, site: Site, **options: Any) -> Iterator[Page]:
    """A page at the documents, which allows no error of a script or of the policy."""
    context = browser.new_context(base_url=site.url, **{"locale": "en-US", **options})
    context.set_default_timeout(MS)
    page, said, elsewhere = context.new_page(), list[str](), list[str]()
    page.on("request", lambda request: elsewhere.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto("/documents")
    yield page
    context.close()
    assert [each for each in said if "422" not in each] == []
    assert [url for url in elsewhere if not url.startswith((site.url, "data:", "blob:"))] == []


def upload(page: Page, *files: tuple[str, str]) -> None:
    chosen = [{"name": name, "mimeType": "text/plain", "buffer": text.encode()} for name, text in files]
    page.get_by_label(EN["add_files"]).set_input_files(chosen)  # type: ignore[arg-type]


def test_what_is_being_done_shows_itself(browser: Browser, site: Site) -> None:
    site.model.batches = threading.Semaphore(0)
    with new_page(browser, site) as page:
        upload(page, ("book.md", BOOK))
        state = page.locator(".documents .state")
        expect(state).to_have_text(EN["doc_part"].format(done=0, total=60))
        site.model.batches.release(1)
        expect(state).to_have_text(EN["doc_part"].format(done=16, total=60))
        site.model.batches.release(10)
        expect(state).to_have_text(EN["doc_ready"])
        expect(page.locator("#room")).to_contain_text("1 of 30")


def test_several_files_are_sent_and_what_is_refused_says_why(browser: Browser, site: Site) -> None:
    with new_page(browser, site) as page:
        upload(page, ("one.txt", "first words"), ("two.txt", "second words"), ("empty.txt", ""))
        expect(page.locator(".documents .ready")).to_have_count(2)
        expect(page.locator("#uploads li")).to_have_text(f"empty.txt: {EN['add_empty']}")


def test_files_are_dropped_onto_the_page(browser: Browser, site: Site) -> None:
    with new_page(browser, site) as page:
        dropped = page.evaluate_handle(
            """() => {
                const held = new DataTransfer();
                held.items.add(new File(["dropped words"], "dropped.txt"));
                return held;
            }"""
        )
        page.dispatch_event("main", "dragover", {"dataTransfer": dropped})
        expect(page.locator("#add.dropping")).to_have_count(1)
        page.dispatch_event("main", "drop", {"dataTransfer": dropped})
        expect(page.locator(".documents .ready")).to_have_count(1)
        expect(page.locator(".documents a")).to_have_text("dropped.txt")


def test_who_types_goes_on_typing_while_the_page_shows_news(browser: Browser, site: Site) -> None:
    site.model.batches = threading.Semaphore(0)
    with new_page(browser, site) as page:
        upload(page, ("book.md", BOOK))
        expect(page.locator(".documents .state")).to_contain_text("Part 0")
        page.get_by_label(EN["find"]).type("boo")
        site.model.batches.release(10)
        expect(page.locator(".documents .state")).to_have_text(EN["doc_ready"])
        expect(page.get_by_label(EN["find"])).to_have_value("boo")
        expect(page.get_by_label(EN["find"])).to_be_focused()


def test_all_of_it_works_without_a_script(browser: Browser, site: Site) -> None:
    with new_page(browser, site, java_script_enabled=False, locale="es-MX") as page:
        page.get_by_role("button", name=ES["try_sample"]).click()
        expect(page.get_by_role("status")).to_have_text(ES["added_one"])
        page.get_by_label(ES["add_files"]).set_input_files(
            [{"name": "nota.txt", "mimeType": "text/plain", "buffer": b"unas palabras"}]
        )
        page.get_by_role("button", name=ES["add"], exact=True).first.click()
        expect(page.locator(".documents li")).to_have_count(2)
        for _ in range(50):
            if page.locator(".documents .ready").count() == 2:
                break
            page.reload()
        page.get_by_role("link", name="nota.txt").click()
        page.get_by_label(ES["name"]).fill("Otra nota.txt")
        page.get_by_role("button", name=ES["save"]).click()
        page.get_by_role("link", name="Otra nota.txt").click()
        page.get_by_role("button", name=ES["delete"]).click()
        expect(page.get_by_role("heading", name=ES["delete_sure"])).to_be_visible()
        page.get_by_role("button", name=ES["yes_delete"]).click()
        expect(page.get_by_role("status")).to_have_text(ES["deleted"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("width", [390, 1280])
def test_every_screen_is_sound(browser: Browser, site: Site, language: str, width: int) -> None:
    texts, name = TEXTS[language], f"{language}-{width}"
    with new_page(browser, site, locale=language, viewport={"width": width, "height": 860}) as page:
        look(page, f"{name}-1-empty")
        page.get_by_role("button", name=texts["try_sample"]).click()
        expect(page.locator(".documents .ready")).to_have_count(1)
        page.get_by_label(texts["add_files"]).set_input_files(
            [
                {"name": "a very long name " * 8 + ".txt", "mimeType": "text/plain", "buffer": b"some words"},
                {"name": "عقد 📎.txt", "mimeType": "text/plain", "buffer": b"other words"},
                {"name": "broken.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7\nbroken"},
                {"name": "program.exe", "mimeType": "application/x", "buffer": b"MZ\x00\x01"},
            ]
        )
        expect(page.locator(".documents .refused")).to_have_count(1)
        expect(page.locator(".documents .ready")).to_have_count(3)
        page.get_by_text(texts["add_address"]).click()
        page.locator("summary", has_text=texts["collections"]).click()
        look(page, f"{name}-2-list")
        page.get_by_label(texts["new_collection"]).fill("Manuales")
        page.locator("form", has=page.get_by_label(texts["new_collection"])).get_by_role("button").click()
        look(page, f"{name}-3-collection")
        page.get_by_role("link", name=texts["all_collections"]).click()
        page.locator(".documents a").last.click()
        look(page, f"{name}-4-document")
        page.get_by_role("button", name=texts["delete"]).click()
        look(page, f"{name}-5-sure")


def look(page: Page, name: str) -> None:
    """Nothing that axe finds wrong in either color scheme, and nothing wider than the window."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        found = Axe().run(page, options=AXE).response["violations"]
        assert [(rule["id"], node["target"]) for rule in found for node in rule["nodes"]] == [], name
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide == 0, name
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}.png", full_page=True)
