"""What the model reads of a conversation, as a person sees it: the meter, summaries, what it thought."""

import os
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from gradio_app.chat import turns
from gradio_app.page import texts
from gradio_app.page.meter_texts import METER
from gradio_app.page.summed_texts import SUMMED
from gradio_app.page.thought_texts import THOUGHT
from local.bedrock.caching import PromptCache
from tests.gradio_app.chatting import give_room
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import MS, ask, context, on_paper, opened, page, send, settled, site

__all__ = ["context", "page", "site"]
pytestmark = pytest.mark.slow
LONG = "answer: " + "as much as one says in a turn " * 60


def look(page: Page, name: str) -> None:
    """Keep a picture for who asks for them."""
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def test_the_meter_says_how_full_the_context_is_and_of_what(page: Page, fake: FakeBedrock) -> None:
    fake.cache = PromptCache(300)
    fake.word_seconds = 0.0
    expect(page.locator("#meter details")).to_have_count(0)
    ask(page, LONG, "as much as")
    ask(page, LONG, "as much as")
    opener = page.locator("#meter summary")
    expect(opener).to_contain_text("Context", timeout=MS)
    opener.focus()
    page.keyboard.press("Enter")
    inside = page.locator("#meter .inside")
    for words in (
        "as Bedrock counted",
        "came from the cache",
        "Since it is counted, the cache has saved",
        "This model takes 200,000 tokens at once",
        "Earlier messages",
    ):
        expect(inside).to_contain_text(words)
    look(page, "meter-en")
    page.locator("#settings button").first.click()
    page.locator("#model input").click()
    page.get_by_role("option", name="nova-lite").click()
    expect(page.locator("#meter")).to_contain_text("This model takes 300,000", timeout=MS)


@pytest.mark.parametrize(("language", "scheme", "width"), [("es", "dark", 390), ("pt", "light", 1280)])
def test_the_meter_fits_and_speaks_the_page_s_language(
    browser: Browser,
    site: str,
    fake: FakeBedrock,
    language: str,
    scheme: Literal["dark", "light"],
    width: int,
) -> None:
    fake.word_seconds = 0.0
    narrow = browser.new_context(
        base_url=site, locale=language, color_scheme=scheme, viewport={"width": width, "height": 780}
    )
    page = opened(narrow, "/")
    ask(page, LONG, "as much as")
    settled(page)
    page.locator("#meter summary").click()
    expect(page.locator("#meter caption")).to_have_text(METER[language]["parts"])
    box = page.locator("#meter .inside").bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    look(page, f"meter-{language}-{scheme}")
    narrow.close()


def test_a_summary_stands_at_its_place_and_is_taken_back(
    page: Page, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_room(monkeypatch, 300)
    fake.word_seconds = 0.0
    fake.summaries = "answer: They talked about <b>facts</b>."
    for number in range(5):
        ask(page, f"answer: fact {number} " + "and so on " * 5, f"fact {number}")
    page.reload()
    summed = page.locator("#chat .summed")
    expect(summed).to_have_count(1, timeout=MS)
    expect(page.locator("#chat .user-row")).to_have_count(5)
    expect(page.locator("#meter")).to_contain_text("have just been summed up")
    summed.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(summed.locator(".typed")).to_have_text("They talked about <b>facts</b>.")
    look(page, "summary-en")
    violations = Axe().run(page, context="#chat .summed, #meter").response["violations"]
    assert [each["id"] for each in violations] == []
    take_back = summed.get_by_role("button", name=SUMMED["en"]["take_back"])
    expect(page.locator("#meter")).to_be_visible()
    with on_paper(page):
        expect(summed.locator(".typed")).to_be_visible()
        expect(take_back).to_be_hidden()
        expect(page.locator("#meter")).to_be_hidden()
    with monkeypatch.context() as no_room:
        no_room.setattr(turns, "whole_tokens", lambda _: 300)
        take_back.click()
        expect(page.locator("#notice")).to_contain_text(texts.REFUSALS["en"]["summary_stays"], timeout=MS)
    expect(summed).to_have_count(1)
    take_back.click()
    expect(page.locator("#notice")).to_contain_text("word for word again", timeout=MS)
    expect(summed).to_have_count(0)
    ask(page, "answer: on it goes", "on it goes")
    assert "fact 0" in str(fake.requests[-1]["messages"][0])


def test_reasoning_folds_away_behind_its_duration(page: Page, fake: FakeBedrock) -> None:
    send(page, "think and hold")
    growing = page.locator("#chat .reasoned")
    expect(growing.locator("summary")).to_have_text(THOUGHT["en"]["now"], timeout=MS)
    expect(growing.locator(".typed")).to_be_visible()
    fake.go_on.set()
    expect(page.locator("#chat .bot-row").last).to_contain_text("That is it.", timeout=MS)
    settled(page)
    ask(page, "think", "It is so.")
    for _ in ("as it ended", "as it is stored"):
        folded = page.locator("#chat .reasoned").last
        expect(folded.locator("summary")).to_have_text("Thought for 1 s", timeout=MS)
        expect(folded.locator(".typed")).to_be_hidden()
        folded.locator("summary").click()
        expect(folded.locator(".typed")).to_have_text("Is it <b>so</b>? It is.")
        look(page, "reasoning-en")
        page.reload()
