"""The chat in a real browser, behind the real gate and its content security policy, without login."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gradio_app.page.texts import ANOTHER_VERSION
from tests.gradio_app.chatting import DEADLINE, MODEL_ID
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.page.browsing import (
    OTHER_MODEL,
    answers,
    ask,
    context,
    links,
    notice,
    opened,
    page,
    questions,
    send,
    settled,
    site,
)

pytestmark = pytest.mark.slow
__all__ = ["context", "page", "site"]


def test_a_conversation_survives_a_reload_and_is_found_in_the_list(page: Page) -> None:
    ask(page, "answer: the first of **two**", "the first of two")
    expect(answers(page).locator("strong")).to_have_text("two")
    ask(page, "answer: the second", "the second")
    expect(page.locator("#usage")).to_have_text(re.compile(r"11 with context.* answer 2 .* 22 in, 6 out"))

    page.reload()
    expect(answers(page)).to_have_count(2)
    expect(page.locator("#box textarea")).to_have_value("")
    page.locator("#new").click()
    expect(page.locator("#chat .placeholder")).to_be_visible()
    expect(answers(page)).to_have_count(0)
    links(page).first.click()
    expect(answers(page).last).to_have_text("the second")
    assert "?c=" in page.url


def test_stop_keeps_what_had_arrived_and_retry_asks_again(page: Page, fake: FakeBedrock) -> None:
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    page.locator("#stop").click()
    expect(answers(page).last).to_contain_text("Stopped.")
    expect(answers(page).last).to_contain_text("first words")
    settled(page)

    fake.go_on.set()
    page.get_by_role("button", name="Retry").click()
    expect(answers(page).last).to_contain_text("and the rest")
    settled(page)
    expect(questions(page)).to_have_count(1)


def test_a_closed_tab_does_not_stop_its_answer_and_another_one_follows_it(
    context: BrowserContext, fake: FakeBedrock
) -> None:
    page = opened(context, "/")
    send(page, "hold")
    expect(answers(page).last).to_contain_text("first words")
    address = page.url
    page.close()
    other = opened(context, address)
    expect(answers(other).last).to_contain_text("first words")
    expect(other.locator("#stop")).to_be_visible()
    fake.go_on.set()
    expect(answers(other).last).to_contain_text("first words and the rest")
    settled(other)


def test_errors_are_told_in_the_chat_with_what_had_arrived(page: Page) -> None:
    send(page, "cut")
    expect(answers(page).last).to_contain_text("The connection broke")
    expect(answers(page).last).to_contain_text("half an answer")
    settled(page)
    ask(page, "throttle", "too many requests")
    expect(page.get_by_role("button", name="Retry")).to_be_visible()
    ask(page, "answer: fine again", "fine again")


def version(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_edit_keeps_the_version_before_with_all_that_followed(page: Page, context: BrowserContext) -> None:
    ask(page, "answer: one", "one")
    ask(page, "answer: two", "two")
    page.get_by_role("button", name="Edit the question").first.click()
    editor = page.get_by_role("textbox", name="Edit the question")
    expect(editor).to_have_value("answer: one")
    editor.fill("answer: changed")
    page.get_by_role("button", name="Ask the changed question").click()
    expect(answers(page).last).to_have_text("changed")
    settled(page)
    expect(answers(page)).to_have_count(1)
    ask(page, "answer: and more", "and more")
    version(page, "Previous version")
    expect(answers(page)).to_have_text(["one", "two"])
    expect(questions(page).first).to_contain_text("Version 1/2")
    page.reload()
    expect(answers(page)).to_have_text(["one", "two"])
    other = opened(context, page.url)
    expect(answers(other)).to_have_text(["one", "two"])
    other.get_by_role("button", name="Next version").press("Enter")
    expect(answers(other)).to_have_text(["changed", "and more"])
    version(page, "Next version")
    expect(notice(page)).to_contain_text("changed elsewhere")
    expect(answers(page)).to_have_text(["changed", "and more"])


def test_another_model_is_tried_for_one_answer(page: Page, fake: FakeBedrock) -> None:
    ask(page, "answer: one", "one")
    page.get_by_role("button", name=re.compile("Try again with another model")).click()
    page.get_by_role("menu").press("ArrowDown")
    page.get_by_role("menuitem", name="nova-lite").press("Enter")
    expect(questions(page)).to_contain_text("2/2")
    settled(page)
    assert fake.requests[-1]["model_id"] == OTHER_MODEL
    expect(page.get_by_role("button", name=re.compile("Written by nova-lite"))).to_be_visible()
    expect(page.get_by_role("menu")).to_have_count(0)
    ask(page, "answer: two", "two")
    assert fake.requests[-1]["model_id"] == MODEL_ID


def test_an_answer_that_was_too_long_goes_on(page: Page, fake: FakeBedrock) -> None:
    ask(page, "long", "as much as I may")
    page.get_by_role("button", name="Continue").click()
    expect(answers(page)).to_contain_text("as much as I mayecho as much as I may")
    settled(page)
    expect(answers(page)).to_have_count(1)
    assert [message["role"] for message in fake.requests[-1]["messages"]] == ["user", "assistant"]
    page.reload()
    expect(answers(page)).to_have_text("as much as I mayecho as much as I may")
    expect(page.get_by_role("button", name="Continue")).to_have_count(0)


def test_undo_takes_the_last_question_back(page: Page) -> None:
    ask(page, "answer: one", "one")
    ask(page, "answer: two", "two")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#box textarea")).to_have_value("answer: two")
    expect(answers(page)).to_have_count(1)
    page.reload()
    expect(answers(page)).to_have_count(1)


def test_two_tabs_do_not_overwrite_each_other(context: BrowserContext) -> None:
    one = opened(context, "/")
    ask(one, "answer: from one", "from one")
    other = opened(context, one.url)
    ask(other, "answer: from the other", "from the other")

    send(one, "answer: one again")
    expect(one.locator("#notice")).to_contain_text("changed in another tab")
    expect(answers(one)).to_have_text(["from one", "from the other"])
    expect(one.locator("#box textarea")).to_have_value("answer: one again")
    one.locator("#box textarea").press("Enter")
    expect(answers(one)).to_have_text(["from one", "from the other", "one again"])


def test_an_address_of_nobodys_conversation_says_so(context: BrowserContext) -> None:
    page = opened(context, f"/?c={'0' * 32}")
    expect(page.locator("#chat .placeholder")).to_contain_text("does not exist")


def test_an_example_is_asked_with_one_click(page: Page, fake: FakeBedrock) -> None:
    page.locator("#chat .example").first.click()
    expect(answers(page).last).to_contain_text("load balancer")
    settled(page)
    assert "load balancer" in fake.question()


def test_the_settings_reach_the_model(page: Page, fake: FakeBedrock) -> None:
    page.locator("#settings button.label-wrap").click()
    page.locator("#model input").click()
    page.get_by_role("option", name="nova-lite").click()
    page.locator("#max-tokens input[type=number]").fill("50")
    page.locator("#max-tokens input[type=number]").press("Tab")
    ask(page, "answer: hello", "hello")
    assert fake.requests[-1]["model_id"] == OTHER_MODEL
    assert fake.requests[-1]["inferenceConfig"]["maxTokens"] == 50


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("model", "us.somebody-elses-model-v1:0"),
        ("temperature", 7),
        ("temperature", 5e-324),
        ("max-tokens", 101),
        ("max-tokens", 0),
    ],
)
def test_values_that_the_page_never_offers_are_refused(
    page: Page, fake: FakeBedrock, element: str, value: object
) -> None:
    config = page.evaluate("window.gradio_config")
    ask = next(each for each in config["dependencies"] if each["api_name"] == "ask")
    names = {each["id"]: each["props"].get("elem_id") for each in config["components"]}
    place = [names[each] for each in ask["inputs"]].index(element)

    def tamper(route: Any) -> None:
        body = route.request.post_data_json
        if body["fn_index"] == ask["id"]:
            body["data"][place] = value
        route.continue_(post_data=body)

    page.route("**/run/predict*", tamper)
    send(page, "answer: hello")
    expect(page.locator("#notice")).to_contain_text("settings are not available", timeout=DEADLINE * 1000)
    assert fake.requests == []
    expect(page.locator("#box textarea")).to_have_value("answer: hello", timeout=DEADLINE * 1000)
    expect(page.locator("#send")).to_be_visible(timeout=DEADLINE * 1000)


def test_a_fault_of_ours_gives_the_message_back(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("gradio_app.chat.preparing.Preparing.prepare", broken)
    send(page, "answer: hello")
    told = re.compile(r"went wrong on our side.*\(reference 1-[0-9a-f-]+\)")
    expect(page.locator("#notice")).to_contain_text(told, timeout=DEADLINE * 1000)
    expect(page.locator("#box textarea")).to_have_value("answer: hello", timeout=DEADLINE * 1000)
    expect(page.locator("#send")).to_be_visible(timeout=DEADLINE * 1000)


def test_spanish(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="es-MX")
    page = opened(context, "/")
    expect(page.locator("#chat .placeholder")).to_contain_text("¿En qué puedo ayudarte?")
    expect(page.locator("#new")).to_have_text(re.compile("Nueva conversación"))
    expect(page.locator("#box textarea")).to_have_attribute("placeholder", "Escribe un mensaje…")
    send(page, "throttle")
    expect(answers(page).last).to_contain_text("demasiadas peticiones")
    context.close()


def test_on_a_phone_the_sidebar_starts_closed_and_opens(browser: Browser, site: str) -> None:
    context = browser.new_context(base_url=site, locale="en-US", viewport={"width": 390, "height": 780})
    page = opened(context, "/")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(page.locator("#new")).to_be_hidden()
    ask(page, "answer: readable", "readable")
    page.get_by_label("Toggle Sidebar").click()
    expect(page.locator("#new")).to_be_in_viewport()
    page.get_by_label("Toggle Sidebar").click()
    expect(page.locator("#box textarea")).to_be_in_viewport()
    context.close()


def test_a_page_of_a_task_that_is_gone_is_loaded_anew(context: BrowserContext) -> None:
    """As in the moment in which a deployment takes the page's task away."""

    def of_another_version(route: Route) -> None:
        route.continue_(url=re.sub("v=[0-9a-f]+", "v=0123456789abcdef", route.request.url))

    context.route("**/page/description*", of_another_version, times=1)
    ask(opened(context, "/"), "answer: here again", "here again")


def test_while_there_are_tasks_of_two_versions_a_page_says_so(context: BrowserContext) -> None:
    """It is loaded anew once: nothing tells that the next task is of the right one."""
    asked = list[str]()

    def of_another_version(route: Route) -> None:
        asked.append(route.request.url)
        route.continue_(url=re.sub("v=[0-9a-f]+", "v=0123456789abcdef", route.request.url))

    context.route("**/page/description*", of_another_version)
    page = context.new_page()
    page.goto("/", wait_until="commit")
    expect(page.locator("body")).to_have_text(ANOTHER_VERSION["en"])
    assert len(asked) == 2


@pytest.mark.asvs("3.4.3")
def test_the_page_obeys_its_own_policy(context: BrowserContext) -> None:
    complaints: list[str] = []
    context.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = opened(context, "/")
    ask(page, "answer: a `<b>word</b>`, $$x<y$$ and\n\n```python\nprint(1)\n```", "print(1)")
    page.reload()
    expect(answers(page)).to_have_count(1)
    assert complaints == []
