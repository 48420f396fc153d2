"""Conversations as a person meets them: long ones, many of them, deleted ones, and one on two tasks."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from gradio_app.chat.conversation import Answer, Conversation, new_id, plain
from gradio_app.identity import LOCAL_USER
from gradio_app.page import texts
from gradio_app.page.address import address_of
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    answers,
    ask,
    choose,
    context,
    links,
    opened,
    page,
    questions,
    send,
    serve,
    settled,
    site,
    without_login,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]
ME = LOCAL_USER.user_id


def stored(store: Conversations, turns: int, title: str = "question") -> str:
    """The id of a conversation of that many turns."""
    conversation_id = new_id()
    seen = Conversation(conversation_id)
    for turn in range(1, turns + 1):
        number = store.ask(ME, seen, f"{title} {turn}", holder="test", lease_until=2**31)
        store.answer(ME, conversation_id, number, "test", Answer(plain(f"answer {turn}")))
        seen = store.page(ME, conversation_id, turns=1) or seen
    return conversation_id


def test_a_long_conversation_is_turned_page_by_page(context: BrowserContext, store: Conversations) -> None:
    page = opened(context, address_of(stored(store, 45)))
    expect(questions(page)).to_have_count(20)
    expect(answers(page).last).to_have_text("answer 45")
    expect(page.locator("#later")).to_be_hidden()
    page.locator("#earlier").click()
    expect(answers(page).last).to_have_text("answer 25")
    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    page.locator("#earlier").click()
    expect(answers(page)).to_have_count(5)
    expect(answers(page).first).to_have_text("answer 1")
    expect(page.locator("#earlier")).to_be_hidden()
    page.locator("#later").click()
    expect(answers(page).last).to_have_text("answer 25")
    # Whoever asks stands at the end again.
    ask(page, "answer: the newest", "the newest")
    expect(answers(page)).to_have_count(20)
    expect(page.locator("#later")).to_be_hidden()


def test_the_conversation_that_changed_last_comes_first(
    context: BrowserContext, store: Conversations
) -> None:
    old = stored(store, 1, "the old one")
    stored(store, 1, "the new one")
    page = opened(context, address_of(old))
    ask(page, "answer: again", "again")
    expect(links(page).first).to_have_text("the old one 1")


def test_a_conversation_is_deleted_under_its_running_answer(
    page: Page, fake: FakeBedrock, store: Conversations
) -> None:
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    address, conversation_id = page.url, re.findall(r"[0-9a-f]{32}", page.url)[0]
    choose(page, "hold", "delete")
    page.get_by_role("dialog").get_by_role("button", name=texts.LIST["en"]["delete_really"]).click()
    expect(page).not_to_have_url(address)
    expect(page.locator("#chat .placeholder")).to_be_visible()
    expect(page.locator("#send")).to_be_visible()
    fake.go_on.set()
    ask(page, "answer: a new one", "a new one")
    assert store.head(ME, conversation_id) is None
    expect(links(page)).to_have_text(["answer: a new one"])


def test_the_settings_stay_with_the_conversation_and_begin_the_next(
    page: Page, context: BrowserContext
) -> None:
    def settings(of: Page) -> tuple[str, str]:
        of.locator("#settings button.label-wrap").click()
        most = of.locator("#max-tokens input[type=number]")
        return of.locator("#model input").input_value(), most.input_value()

    page.locator("#settings button.label-wrap").click()
    page.locator("#model input").click()
    page.get_by_role("option", name="nova-lite").click()
    page.locator("#max-tokens input[type=number]").fill("50")
    page.locator("#max-tokens input[type=number]").press("Tab")
    ask(page, "answer: hello", "hello")
    page.reload()
    expect(answers(page)).to_have_count(1)
    assert settings(page) == ("nova-lite", "50")
    assert settings(opened(context, "/")) == ("nova-lite", "50")


@pytest.fixture
def another_task(dynamodb: Any, table: str, fake: FakeBedrock) -> Iterator[str]:
    with serve(without_login(dynamodb, table, fake).gate) as address:
        yield address


def test_an_answer_is_followed_and_stopped_from_another_task(
    page: Page, context: BrowserContext, another_task: str, fake: FakeBedrock
) -> None:
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    path = page.url.partition("/?")[2]
    phone = opened(context, f"{another_task}/?{path}")
    expect(phone.locator("#stop")).to_be_visible()
    expect(answers(phone).last).to_contain_text("first words")
    expect(phone.locator("#chat")).not_to_contain_text("interrupted")
    fake.go_on.set()
    expect(answers(phone).last).to_contain_text("first words and the rest")
    settled(phone)

    fake.go_on.clear()
    ask_again = phone.get_by_role("button", name="Retry")
    ask_again.click()
    expect(answers(phone).last).to_have_text("first words")
    page.reload()
    expect(answers(page).last).to_contain_text("first words")
    page.locator("#stop").click()
    expect(answers(phone).last).to_contain_text("Stopped.")
    expect(answers(page).last).to_contain_text("Stopped.")
    settled(page)


def test_an_answer_whose_writer_died_reads_as_interrupted(
    context: BrowserContext, store: Conversations
) -> None:
    conversation_id = new_id()
    number = store.ask(ME, Conversation(conversation_id), "hello", holder="dead", lease_until=2**31)
    store.write(ME, conversation_id, number, "dead", "half of it", 1)
    page = opened(context, address_of(conversation_id))
    expect(answers(page).last).to_contain_text("interrupted")
    expect(answers(page).last).to_contain_text("half of it")
    page.get_by_role("button", name="Retry").click()
    expect(answers(page).last).to_have_text("echo hello")


def test_an_answer_that_could_not_be_saved_stays_on_the_page(
    page: Page, fake: FakeBedrock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise TableUnreachable

    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    monkeypatch.setattr(Conversations, "answer", unreachable)
    fake.go_on.set()
    expect(page.locator(".toast-wrap")).to_contain_text("could not be saved")
    expect(answers(page).last).to_contain_text("first words and the rest")
    expect(page.locator("#send")).to_be_visible()
