"""What Gradio does with messages that it need not look into."""

import asyncio
from typing import Any

import gradio as gr
import orjson
import pytest
from gradio.routes import ORJSONResponse
from gradio_client import utils

from gradio_app.page.chatbot import Chatbot, growing, settled

pytestmark = pytest.mark.slow

FIRST = settled("user", ['<div class="typed">one</div>'])
THEN = settled("assistant", ["two"])


@pytest.fixture
def page() -> tuple[gr.Blocks, Chatbot]:
    with gr.Blocks() as page:
        return page, Chatbot(elem_id="chat")


def updates(page: gr.Blocks, component: Chatbot, *values: Any) -> list[Any]:
    """What goes to the browser for each value of a generator, as JSON."""

    async def stream() -> list[Any]:
        with page:
            button = gr.Button()
            event = button.click(lambda: None, None, component)
        function = page.fns[event["id"]] if isinstance(event, dict) else list(page.fns.values())[-1]
        sent = []
        for value in values:
            [data] = await page.postprocess_data(function, value, None)
            [data] = page.handle_streaming_diffs(function, [data], "session", "run", final=False)
            sent.append(orjson.loads(ORJSONResponse._render(data)))
        return sent

    return asyncio.run(stream())


def test_the_browser_knows_it_as_gradios_own(page: tuple[gr.Blocks, Chatbot]) -> None:
    assert page[1].get_block_name() == "chatbot"
    assert page[1].get_config()["name"] == "chatbot"
    assert set(page[1].get_config()) == set(gr.Chatbot(render=False).get_config())


def test_a_message_is_what_gradio_makes_of_its_own(page: tuple[gr.Blocks, Chatbot]) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "a"}]}]
    theirs = gr.Chatbot(render=False).postprocess(messages).model_dump()  # pyright: ignore[reportArgumentType]
    [ours, again] = updates(*page, [settled("user", ["a"])], [growing("user", ["a"])])
    assert ours == theirs
    assert again == [["replace", [0], theirs[0]]]


def test_only_what_is_new_of_an_answer_is_sent(page: tuple[gr.Blocks, Chatbot]) -> None:
    before = [FIRST, THEN]
    sent = updates(
        *page,
        before,
        [*before, growing("assistant", ["<p>a</p>", "```\nx"])],
        [*before, growing("assistant", ["<p>a</p>", "```\nx = 1"])],
        [*before, growing("assistant", ["<p>a</p>", "```\nx = 1", "<p>b</p>"])],
    )
    assert [message["role"] for message in sent[0]] == ["user", "assistant"]
    assert sent[1] == [["add", [2], growing("assistant", ["<p>a</p>", "```\nx"])]]
    assert sent[2] == [["append", [2, "content", 1, "text"], " = 1"]]
    assert sent[3] == [["add", [2, "content", 2], {"type": "text", "text": "<p>b</p>"}]]


def test_what_does_not_change_is_never_looked_into(
    page: tuple[gr.Blocks, Chatbot], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[Any] = []
    real = utils.is_file_obj_with_meta
    monkeypatch.setattr(utils, "is_file_obj_with_meta", lambda each: looked_at.append(each) or real(each))
    updates(*page, [FIRST, THEN] * 1_000)
    assert not [each for each in looked_at if isinstance(each, dict)]
