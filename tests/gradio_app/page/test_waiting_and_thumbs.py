"""What a person does while an answer is written and after it: a message that waits, and a thumb."""

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from gradio_app.page import texts
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    MS,
    Held,
    answers,
    ask,
    box,
    context,
    notice,
    on_paper,
    opened,
    page,
    questions,
    send,
    settled,
    site,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]
WORDS, THUMBS, ACTIONS = texts.SCRIPT["en"], texts.THUMBS["en"], texts.ACTIONS["en"]


def waiting(page: Page) -> Locator:
    return page.locator("#queued")


def held(page: Page) -> None:
    """Have an answer begin that does not end by itself."""
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words", timeout=MS)


def test_a_message_waits_for_the_answer_and_is_sent_once(
    context: BrowserContext, page: Page, fake: FakeBedrock
) -> None:
    held(page)
    expect(page.locator("#send")).to_be_hidden()
    box(page).fill("answer: the next one")
    page.locator("#send").click()
    expect(waiting(page)).to_contain_text("answer: the next one")
    expect(box(page)).to_have_value("")
    expect(page.locator("#spoken")).to_contain_text("answer: the next one")
    with on_paper(page):
        expect(waiting(page)).to_be_hidden()

    # Back in the box, changed, and sent off to wait again, all by keyboard; more of it goes behind it.
    waiting(page).get_by_role("button", name=WORDS["queue_back"]).press("Enter")
    expect(waiting(page)).to_have_count(0)
    expect(box(page)).to_be_focused()
    expect(box(page)).to_have_value("answer: the next one")
    box(page).press("Enter")
    send(page, "and its end")
    expect(waiting(page)).to_contain_text("and its end")

    # It is part of the draft: another tab that opens meanwhile has it in its box, and does not send it.
    with page.expect_response(lambda answer: "not sent yet" in (answer.request.post_data or "")):
        box(page).fill("not sent yet")
    other = opened(context, page.url)
    expect(box(other)).to_have_value("answer: the next one\n\nand its end\n\nnot sent yet")
    fake.go_on.set()
    expect(answers(page).last).to_contain_text("and its end", timeout=MS)
    settled(page)
    expect(waiting(page)).to_have_count(0)
    expect(box(page)).to_have_value("not sent yet")
    expect(questions(page)).to_have_count(2)
    assert [fake.question(number) for number in range(len(fake.requests))] == [
        "hold",
        "answer: the next one\n\nand its end",
    ]
    other.close()


def test_what_waits_comes_back_when_the_answer_is_stopped_or_the_page_goes(
    page: Page, fake: FakeBedrock
) -> None:
    held(page)
    send(page, "answer: something else")
    page.locator("#stop").click()
    expect(notice(page)).to_contain_text(WORDS["queue_ended"])
    expect(box(page)).to_have_value("answer: something else")
    expect(waiting(page)).to_have_count(0)
    assert len(fake.requests) == 1
    box(page).fill("")
    held(page)
    # A file waits without a word beside it, and without a key.
    with page.expect_file_chooser() as chooser:
        page.locator("#attach").click()
    chooser.value.set_files([{"name": "notes.txt", "mimeType": "text/plain", "buffer": b"The answer is 42."}])
    expect(page.locator("#attached li:has(progress[hidden])")).to_have_count(1)
    page.locator("#send").click()
    expect(waiting(page)).to_contain_text("notes.txt")
    expect(page.locator("#send")).to_be_hidden()
    with page.expect_response(lambda answer: "after a reload" in (answer.request.post_data or "")):
        send(page, "answer: after a reload")
    expect(waiting(page)).to_be_visible()
    page.reload()
    expect(box(page)).to_have_value("answer: after a reload", timeout=MS)
    expect(waiting(page)).to_have_count(0)
    expect(page.locator("#attached li")).to_contain_text("notes.txt")
    fake.go_on.set()


def test_what_waits_comes_back_behind_a_question_that_is_refused_or_fails(
    page: Page, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("gradio_app.chat.preparing.Preparing.prepare", broken)
    for end, said in (("refused", "on our side"), ("failed", WORDS["failed"])):
        asked = Held(page, f"answer: {end}")
        send(page, f"answer: {end}")
        send(page, "answer: behind it")
        expect(waiting(page)).to_contain_text("answer: behind it")
        box(page).fill("not sent yet")
        if end == "refused":
            asked.let_go()
        else:
            asked.waiting[0].fulfill(status=502, body="<h1>Bad Gateway</h1>")
        expect(notice(page)).to_contain_text(said)
        expect(waiting(page)).to_have_count(0)
        expect(box(page)).to_have_value(f"answer: {end}\n\nanswer: behind it\n\nnot sent yet")
        box(page).fill("")
    assert fake.requests == []


def test_a_thumb_is_given_by_keyboard_and_stays(page: Page) -> None:
    ask(page, "answer: one", "one")
    up, down = (
        answers(page).last.get_by_role("button", name=ACTIONS[f"thumb_{way}"]) for way in ("up", "down")
    )
    expect(up).to_have_attribute("aria-pressed", "false")
    up.focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name=THUMBS["heading"])
    expect(dialog.get_by_label(THUMBS["reason"])).to_be_focused()
    expect(page.locator("#spoken")).to_contain_text(THUMBS["given"])
    page.keyboard.type("It is <b>short</b>.")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    dialog.get_by_role("button", name=THUMBS["keep"]).press("Enter")
    expect(dialog).to_have_count(0)
    expect(up).to_be_focused()
    expect(up).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(up).to_have_attribute("aria-pressed", "true")
    expect(down).to_have_attribute("aria-pressed", "false")

    # The other one takes its place, with the reason as it was; Escape leaves it at that.
    down.click()
    expect(dialog.get_by_label(THUMBS["reason"])).to_have_value("It is <b>short</b>.")
    expect(dialog.get_by_label(THUMBS["agreed"])).to_be_checked()
    page.keyboard.press("Escape")
    expect(down).to_have_attribute("aria-pressed", "true")
    expect(up).to_have_attribute("aria-pressed", "false")

    # What was given cannot be read just now: it is not taken for nothing, and not written over.
    page.route("**/thumb?*", lambda route: route.fulfill(status=503), times=1)
    up.click()
    expect(notice(page)).to_contain_text(THUMBS["failed"])
    expect(dialog).to_have_count(0)
    expect(down).to_have_attribute("aria-pressed", "true")
    down.click()
    expect(dialog.get_by_label(THUMBS["reason"])).to_have_value("It is <b>short</b>.")
    dialog.get_by_role("button", name=THUMBS["take_back"]).click()
    expect(down).to_have_attribute("aria-pressed", "false")
    page.reload()
    expect(down).to_have_attribute("aria-pressed", "false")
