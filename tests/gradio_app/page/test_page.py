"""What of the page needs no browser: texts, colors, addresses, Gradio's switches, and what events accept."""

import os
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import gradio
import orjson
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gradio_app.chat import context, errors, writing
from gradio_app.chat.conversation import FAILED, STOPPED, WRITING, Answer, Conversation, Turn, new_id, plain
from gradio_app.chat.running import Running
from gradio_app.page import render, runtime, texts, theme
from gradio_app.page.address import ConversationAddress, conversation_in
from gradio_app.page.layout import layout
from gradio_app.page.reader import Reader
from gradio_app.page.values import plain_text
from gradio_app.page.views import Views
from gradio_app.server import create_page
from gradio_app.settings import Settings
from gradio_app.store.table import Table
from tests.gradio_app.fakes import NO_CLIENTS
from tests.gradio_app.page.shown import text_of

SETTINGS = Settings(
    pool_id="p",
    app_client_id="c",
    app_client_secret="s",
    table_name="t",
    bucket_name="files",
    region="us-east-1",
    model_ids=("us.amazon.nova-lite-v1:0",),
    ui_app_id="0123456789abcdef",
)


def test_every_reason_has_words() -> None:
    reasons = {
        *errors.CODES.values(),
        errors.TOO_LONG,
        errors.UNREACHABLE,
        errors.UNKNOWN,
        errors.NOT_ENABLED,
        errors.SERVICE_TIER,
    }
    assert reasons | set(writing.EARLY_ENDS.values()) <= set(texts.REASONS["en"])
    assert set(texts.WAITS["en"]) == {*errors.PASSING, "in_line"}


def luminance(color: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.DARK])
@pytest.mark.parametrize(
    ("text", "background"),
    [
        ("ink", "paper"),
        ("ink", "surface"),
        ("ink", "accent_soft"),
        ("muted", "paper"),
        ("muted", "surface"),
        ("accent", "paper"),
        ("accent", "surface"),
        ("accent", "accent_soft"),
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("danger", "danger_soft"),
        ("danger", "surface"),
    ],
)
def test_text_can_be_read_on_its_background(palette: dict[str, str], text: str, background: str) -> None:
    light, dark = sorted((luminance(palette[text]), luminance(palette[background])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def visit(address: str) -> Any:
    app = Starlette(routes=[Route("/{path:path}", lambda request: PlainTextResponse(str(request.url)))])
    return TestClient(ConversationAddress(app)).get(address, follow_redirects=False)


@pytest.mark.parametrize("address", ["/", "/?c=../../x", "/?new=", f"/?c={'0' * 31}", "/?c=a&new=b"])
def test_a_page_without_a_conversation_is_sent_to_a_new_ones_address(address: str) -> None:
    answer = visit(f"{address}{'&' if '?' in address else '?'}__theme=dark")
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith("/?new=")
    assert location.endswith("&__theme=dark")
    assert visit(location).status_code == 200


@pytest.mark.parametrize("name", ["c", "new"])
def test_a_page_that_is_gradios_and_not_ours_leads_to_the_conversation(name: str) -> None:
    answer = visit(f"/?page=x&{name}={'0' * 32}&deep_link=y&__theme=dark")
    assert answer.headers["location"] == f"/?{name}={'0' * 32}&__theme=dark"


@pytest.mark.parametrize("address", [f"/?c={'0' * 32}", f"/?new={'0' * 32}", "/config", "/theme.css?x=1"])
def test_other_addresses_are_left_alone(address: str) -> None:
    assert visit(address).text.endswith(address)


def test_an_address_tells_whether_its_conversation_ought_to_exist() -> None:
    conversation_id = new_id()
    assert conversation_in({"c": conversation_id}) == (conversation_id, True)
    assert conversation_in({"new": conversation_id}) == (conversation_id, False)
    assert conversation_in({"c": "x", "new": conversation_id}) == (conversation_id, False)
    assert conversation_in({}) == ("", False)


@pytest.mark.parametrize(
    ("answer", "parts"),
    [
        (Answer(plain("whole")), ["whole"]),
        (None, [texts.REASONS["en"]["missing"]]),
        (Answer(plain(""), "complete"), [texts.REASONS["en"]["empty"]]),
        (Answer(plain("part"), STOPPED), ["part", texts.REASONS["en"]["stopped"]]),
        (Answer(plain(""), FAILED, "throttled"), [texts.REASONS["en"]["throttled"]]),
        (Answer(plain("part"), WRITING), ["part", texts.REASONS["en"]["interrupted"]]),
        (Answer(plain("part"), reason="length"), ["part", texts.REASONS["en"]["length"]]),
    ],
)
def test_each_turn_shows_two_messages_and_why_an_answer_is_not_whole(
    answer: Answer | None, parts: list[str]
) -> None:
    turn = Turn(1, plain("a *question*"), answer)
    shown = orjson.loads(
        orjson.dumps(render.messages(Conversation("c" * 32, turns=(turn, replace(turn, number=2))), "en"))
    )
    assert [message["role"] for message in shown] == ["user", "assistant"] * 2
    said = [[text_of(part["text"]) for part in message["content"]] for message in shown]
    assert [part for part in said[0] if part] == ["a *question*"]
    assert [part for part in said[1] if part] == parts
    assert ("Continue" in said[3]) == (len(parts) == 2), "the last one goes on, if something was cut off"


def test_token_counts_are_written_as_the_language_does() -> None:
    turn = Turn(1, plain("x" * 3000), Answer(plain("y"), input_tokens=1234, output_tokens=5))
    conversation = Conversation(new_id(), turns=(turn,), input_tokens=1_234_567, output_tokens=5)
    message = context.estimate_tokens(turn.question_text)
    assert f"{message:,} tokens (1,234 with context)" in render.usage_line(conversation, "en")
    assert "1.234.567 de entrada" in render.usage_line(conversation, "es")
    assert render.usage_line(Conversation(new_id()), "en") == ""


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ("a", "a"),
        ([{"type": "text", "text": "a"}, {"text": "b"}], "a\nb"),
        (["a"], "a"),
        (None, ""),
        ([{}], ""),
    ],
)
def test_the_text_in_an_event(given: Any, text: str) -> None:
    assert plain_text(given) == text


@pytest.fixture(scope="module")
def built() -> Any:
    return create_page(SETTINGS, NO_CLIENTS, Running(), Table(None, "table"))


def test_gradio_still_has_the_private_switches_that_are_set(built: Any) -> None:
    from gradio.queueing import Queue

    fresh = vars(Queue(False, 1, 0.1, None, None))  # pyright: ignore[reportArgumentType]
    assert {"sleep_when_free", "progress_update_sleep_when_free"} <= set(fresh)
    assert built._queue.sleep_when_free > fresh["sleep_when_free"]


def test_the_page_is_the_same_application_on_every_task(built: Any) -> None:
    assert built.app_id == SETTINGS.ui_app_id
    assert built.config["app_id"] == SETTINGS.ui_app_id


def test_the_page_keeps_no_state_in_the_process_and_brings_no_script(built: Any) -> None:
    kinds = {component["type"] for component in built.config["components"]}
    assert not kinds & {"state", "html", "browserstate"}
    assert not any(dependency["js"] for dependency in built.config["dependencies"])
    assert not built.config["connect_heartbeat"]


def test_only_the_chat_streams_and_only_it(built: Any) -> None:
    streams = [d for d in built.config["dependencies"] if d["types"]["generator"]]
    chat = next(c["id"] for c in built.config["components"] if c["type"] == "chatbot")
    assert streams
    assert all(stream["outputs"] == [chat] for stream in streams)


def test_no_event_is_a_public_interface_and_none_takes_the_chat(built: Any) -> None:
    chat = next(c["id"] for c in built.config["components"] if c["type"] == "chatbot")
    for dependency in built.config["dependencies"]:
        assert dependency["api_visibility"] == "private"
        assert chat not in dependency["inputs"]


@pytest.mark.slow
def test_importing_the_chat_sets_gradios_switches_before_gradio_reads_them() -> None:
    code = (
        "import sys, os; import gradio_app.page.build; import gradio\n"
        "from gradio import analytics\n"
        "assert sys.modules['matplotlib'] is None\n"
        "assert not analytics.analytics_enabled()\n"
        "print(os.environ['GRADIO_ANALYTICS_ENABLED'])"
    )
    clean = {name: value for name, value in os.environ.items() if name not in runtime.SWITCHES}
    done = subprocess.run(
        [sys.executable, "-c", code], env=clean, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "False", done.stderr


def test_a_view_updates_all_that_it_says_and_nothing_else() -> None:
    """A component that is left out would keep what the conversation before had shown."""
    with gradio.Blocks():
        components = layout(SETTINGS)
    views = Views(cast(Any, SimpleNamespace(documents=None, settings=SETTINGS)), components)
    reader = Reader("ana", "en")
    shown = views.view(reader, Conversation("c"))
    assert set(shown) == set(views.of_conversation)
    held, chat = components.held, components.chat
    of_a_conversation = {held.version, held.last, held.turns_place, chat.turns, chat.usage, chat.meter}
    assert set(shown) == {*of_a_conversation, chat.earlier, chat.later, chat.assistant}
