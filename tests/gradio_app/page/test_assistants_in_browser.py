"""Assistants and instructions as a person meets them in a browser."""

import re
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from gradio_app.assistants.texts import TEXTS
from gradio_app.chat.instructions import OWN_CHARACTERS
from gradio_app.page import texts
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    OTHER_MODEL,
    Held,
    answers,
    ask,
    context,
    on_paper,
    opened,
    settled,
    site,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "site"]
WORDS, CHAT = TEXTS["en"], texts.PAGE["en"]
INSTRUCTIONS = "#instructions textarea"


def made(page: Page, name: str) -> None:
    """Make an assistant, by keyboard alone."""
    page.goto("/assistants")
    page.get_by_role("link", name=WORDS["new_assistant"]).click()
    page.get_by_label(WORDS["assistant_name"], exact=True).focus()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type("Speak of leases alone.")
    page.keyboard.press("Tab")
    page.keyboard.type("answer: What is a lease?")
    page.get_by_label(WORDS["assistant_model"], exact=True).select_option(OTHER_MODEL)
    page.get_by_label(WORDS["assistant_temperature"], exact=True).fill("0.5")
    page.get_by_role("button", name=WORDS["keep_assistant"]).press("Enter")
    expect(page.get_by_role("status")).to_have_text(WORDS["assistant_kept"])


def test_a_conversation_is_begun_with_an_assistant_and_keeps_it(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    page = context.new_page()
    made(page, "The <i>lawyer</i>")
    page.get_by_role("link", name=WORDS["begin_with"].format(name="The <i>lawyer</i>")).click()
    expect(page.locator("#assistant input")).to_have_value("The <i>lawyer</i>")
    page.get_by_role("button", name=CHAT["settings"]).click()
    expect(page.locator("#temperature input").first).to_have_value("0.5")
    starter = page.get_by_role("button", name="answer: What is a lease?")
    expect(starter).to_be_visible()

    # Another choice takes all of that back, and the first one brings it again.
    page.locator("#assistant input").click()
    page.get_by_role("option", name=texts.NO_ASSISTANT["en"]).click()
    expect(starter).to_have_count(0)
    expect(page.locator("#temperature input").first).to_have_value("0.3")
    page.locator("#assistant input").click()
    page.get_by_role("option", name="The <i>lawyer</i>").click()
    starter.click()
    expect(answers(page).last).to_contain_text("What is a lease?")
    settled(page)
    assert "Speak of leases alone." in fake.requests[-1]["system"][0]["text"]
    assert fake.requests[-1]["model_id"] == OTHER_MODEL
    assert fake.requests[-1]["inferenceConfig"]["temperature"] == 0.5
    expect(page.locator("#assistant input")).to_be_disabled()
    with on_paper(page):
        expect(page.locator("#assistant")).to_be_hidden()
        expect(answers(page).last).to_be_visible()
    page.reload()
    expect(page.locator("#assistant input")).to_have_value("The <i>lawyer</i>")
    expect(page.locator("#assistant input")).to_be_disabled()

    other = opened(context, "/")
    expect(other.locator("#assistant input")).to_have_value(texts.NO_ASSISTANT["en"])
    other.goto("/?assistant=own/" + "0" * 32)
    expect(other.locator("#notice")).to_contain_text(texts.REFUSALS["en"]["assistant_gone"])
    ask(other, "answer: alone", "alone")
    expect(other.locator("#assistant")).to_be_hidden()
    assert "leases" not in fake.requests[-1]["system"][0]["text"]


def test_instructions_hold_for_all_conversations_and_for_one(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto("/assistants")
    page.get_by_label(WORDS["own_instructions_field"]).fill("I am a nurse.")
    page.get_by_role("button", name=WORDS["keep_instructions"]).click()
    page.get_by_role("link", name=re.compile("chat")).click()
    # What is filled in before the page has opened, its opening would take away.
    expect(page.locator("#chat .placeholder")).to_be_visible()
    page.get_by_role("button", name=CHAT["settings"]).click()
    page.locator(INSTRUCTIONS).fill("In verse.")
    ask(page, "answer: one", "one")
    said = fake.requests[-1]["system"][0]["text"]
    assert said.index("I am a nurse.") < said.index("In verse.")
    # Kept when the field is left, without a question.
    page.locator(INSTRUCTIONS).fill("In prose.")
    with page.expect_response(lambda answer: "run/predict" in answer.url):
        page.locator(INSTRUCTIONS).blur()
    page.locator(INSTRUCTIONS).fill("x" * 2001)
    page.locator(INSTRUCTIONS).blur()
    expect(page.locator("#notice")).to_contain_text("2,001")
    assert faults == []
    page.reload()
    page.get_by_role("button", name=CHAT["settings"]).click()
    expect(page.locator(INSTRUCTIONS)).to_have_value("In prose.")
    page.goto("/")
    page.get_by_role("button", name=CHAT["settings"]).click()
    expect(page.locator(INSTRUCTIONS)).to_have_value("")


def kept(page: Page) -> Any:
    """While this is the page's, an event of Gradio's that only keeps something comes to its end."""
    return page.expect_response(lambda answer: "run/predict" in answer.url)


def instructions(page: Page) -> Locator:
    """The field, once the page has opened."""
    expect(page.locator("#chat .placeholder")).to_be_visible()
    page.get_by_role("button", name=CHAT["settings"]).click()
    return page.locator(INSTRUCTIONS)


def test_what_is_typed_while_instructions_are_kept_is_kept_last(context: BrowserContext) -> None:
    page = opened(context, "/")
    field = instructions(page)
    held = Held(page, "In verse.")
    with page.expect_request(lambda request: "In verse." in (request.post_data or "")):
        field.fill("In verse.")
    field.fill("In prose.")
    field.blur()
    with page.expect_response(lambda answer: "In prose." in (answer.request.post_data or "")):
        held.let_go()
    page.reload()
    expect(instructions(page)).to_have_value("In prose.")


def test_instructions_that_are_too_long_are_told_of_when_their_field_is_left(context: BrowserContext) -> None:
    page = opened(context, "/")
    field = instructions(page)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    field.fill("x" * (OWN_CHARACTERS + 1))
    # Of two timers of a page the shorter one that was set first ends first.
    page.evaluate("() => new Promise((go) => setTimeout(go, 1100))")
    assert not any("xxx" in each for each in sent)
    field.blur()
    expect(page.locator("#notice")).to_contain_text("2,001")
    with kept(page):
        field.fill("x" * OWN_CHARACTERS)


def test_instructions_before_the_first_question_are_there_after_a_reload(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    page = opened(context, "/")
    field = instructions(page)
    # Who types and pauses need not leave the field for it.
    with kept(page):
        field.fill("In verse.")
    page.reload()
    expect(instructions(page)).to_have_value("In verse.")
    expect(page.locator("#box textarea")).to_have_value("")

    # So it is beside what is typed into the box, whichever comes first, and in another tab.
    with page.expect_response(lambda answer: "/draft" in answer.url):
        page.locator("#box textarea").fill("answer: one")
    other = opened(context, page.url)
    expect(other.locator("#box textarea")).to_have_value("answer: one")
    expect(instructions(other)).to_have_value("In verse.")
    with kept(other):
        other.locator(INSTRUCTIONS).fill("In prose.")
    other.close()
    page.reload()
    expect(instructions(page)).to_have_value("In prose.")
    expect(page.locator("#box textarea")).to_have_value("answer: one")

    # Another conversation may get the text, as after a sign-in, and not what was meant for this one.
    another = opened(context, "/")
    expect(another.locator("#box textarea")).to_have_value("answer: one")
    expect(instructions(another)).to_have_value("")
    another.close()
    page.locator("#box textarea").press("Enter")
    expect(answers(page).last).to_contain_text("one")
    settled(page)
    assert "In prose." in fake.requests[-1]["system"][0]["text"]
