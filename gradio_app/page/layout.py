"""The components of the page, where they stand, and by what name the events know them."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gradio_app.chat import model
from gradio_app.page import texts
from gradio_app.page.address import TEMPORARY
from gradio_app.page.chatbot import Chatbot
from gradio_app.page.paging import Place
from gradio_app.settings import Settings

TEMPERATURES = (0.0, 1.0)
"""Bedrock's bounds: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html"""
TEMPERATURE = 0.3
"""What people start with."""
T = texts.I18N


@dataclass(frozen=True, kw_only=True)
class Held:
    """What the browser holds between two events; the server checks all of it each time.

    `question`, `files`, `wish`, `kept`, `ask_id` and `news` are how our script and the events talk
    (`static/box.js`).
    """

    conversation_id: gr.Textbox
    version: gr.Number
    last: gr.Number
    """The number of the last turn, to take it back or ask it once more; 0 when the page shows others."""
    turns_place: gr.Textbox
    """Which turns are shown (`paging.Place`)."""
    question: gr.Textbox
    """The message that is being sent."""
    files: gr.Textbox
    """The ids of what is attached to it."""
    ask_id: gr.Textbox
    """The name that the script gave this attempt, by which it can be stopped."""
    wish: gr.Textbox
    """What is to be done with a turn (`values.Wish`)."""
    kept: gr.Textbox
    """The ids of those files of that question that stay."""
    change: gr.Button
    """Pressed by the script to have a turn asked otherwise, or gone on with."""
    choose: gr.Button
    """Pressed by the script to have another version shown."""
    news: gr.Button
    """What an event has to tell the script (`news.py`)."""
    follow: gr.Button
    """Pressed by the script when an answer is being written."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Whom to ask, and how."""

    model_id: gr.Dropdown
    temperature: gr.Slider
    max_tokens: gr.Slider
    effort: gr.Dropdown
    """How much to reason, where the model can be told."""
    service_tier: gr.Dropdown
    """How soon to be served and at which price, where the model has tiers."""
    instructions: gr.Textbox
    """The person's for this conversation."""


@dataclass(frozen=True, kw_only=True)
class Chat:
    """The turns of the conversation, where to write, and the line of token counts."""

    earlier: gr.Button
    turns: gr.Chatbot
    later: gr.Button
    assistant: gr.Dropdown
    """Who answers in a new conversation."""
    asks: gr.Dropdown
    """Which documents to ask."""
    attach: gr.Button
    """Opens the browser's choice of files; `static/files.js` does it."""
    box: gr.Textbox
    send: gr.Button
    stop: gr.Button
    temporary: gr.Markdown
    """What is said above the box of a temporary conversation."""
    usage: gr.Markdown
    meter: gr.Markdown
    """How full the room for what was said is (`meter.py`)."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """All of the page."""

    held: Held
    choices: Choices
    chat: Chat


def layout(settings: Settings) -> Layout:
    """The whole page; to be called inside of a `gr.Blocks`."""
    held = _held()
    with gr.Sidebar(width=300):
        gr.Markdown("**Asistente**", elem_id="brand")
        gr.Button(T("new"), link="/", link_target="_self", variant="primary", elem_id="new")
        gr.Button(T("temporary"), link=f"/?{TEMPORARY}", link_target="_self", size="sm", elem_id="temporary")
        # What is in it is our script's: static/conversations.js.
        with gr.Column(elem_id="conversations"):
            gr.Markdown(T("conversations"), elem_classes="heading")
        with gr.Column(elem_id="places"):
            _link("all_conversations", "/conversations")
            _link("assistants", "/assistants")
            if settings.embedding_model_id:
                _link("documents", "/documents")
            choices = _choices(settings)
            gr.Button(T("shortcuts"), elem_id="shortcuts")
            if settings.authentication:
                _link("account", "/account")
    return Layout(held=held, choices=choices, chat=_chat())


def _link(name: str, path: str) -> gr.Button:
    return gr.Button(T(name), link=path, link_target="_self", elem_id=name.replace("_", "-"))


def _held() -> Held:
    # Not `visible=False`, which keeps a component out of the page and so out of the script's reach.
    for_script: dict[str, Any] = {"visible": "hidden"}
    return Held(
        conversation_id=gr.Textbox(visible=False, elem_id="conversation-id"),
        version=gr.Number(0, precision=0, visible=False, elem_id="version"),
        last=gr.Number(0, precision=0, visible=False, elem_id="last"),
        turns_place=gr.Textbox(Place().text, visible=False, elem_id="turns-place"),
        question=gr.Textbox(lines=2, elem_id="question", **for_script),
        files=gr.Textbox(elem_id="ask-files", **for_script),
        ask_id=gr.Textbox(elem_id="ask-id", **for_script),
        wish=gr.Textbox(elem_id="wish", **for_script),
        kept=gr.Textbox(elem_id="kept-files", **for_script),
        change=gr.Button("", elem_id="change", **for_script),
        choose=gr.Button("", elem_id="choose", **for_script),
        news=gr.Button("", elem_id="news", **for_script),
        follow=gr.Button("", elem_id="follow", **for_script),
    )


def _choices(settings: Settings) -> Choices:
    names = [(name, model_id) for model_id, name in model.names_of(settings.model_ids).items()]
    low, high = TEMPERATURES
    most = settings.max_output_tokens
    with gr.Accordion(T("settings"), open=False, elem_id="settings"):
        choices = Choices(
            model_id=gr.Dropdown(
                names, value=settings.model_ids[0], label=T("model"), visible=len(names) > 1, elem_id="model"
            ),
            temperature=gr.Slider(
                low,
                high,
                TEMPERATURE,
                step=0.1,
                label=T("temperature"),
                info=T("temperature_info"),
                elem_id="temperature",
            ),
            max_tokens=gr.Slider(1, most, most, step=1, label=T("max_tokens"), elem_id="max-tokens"),
            effort=_of_model("effort"),
            service_tier=_of_model("service_tier"),
            # No `max_length`, which would cut what is pasted without a word.
            instructions=gr.Textbox(
                label=T("instructions"),
                info=T("instructions_info"),
                lines=2,
                max_lines=8,
                elem_id="instructions",
            ),
        )
    for component in vars(choices).values():
        # A page from before a deployment may offer what the server does not. Gradio would break the event
        # off and leave the page waiting; our own check refuses in words and gives the message back.
        component.preprocess = _as_sent
    return choices


def _of_model(name: str) -> gr.Dropdown:
    """What there is to choose is each model's own, and comes when the page opens."""
    return gr.Dropdown(
        [("", "")],
        value="",
        label=T(name),
        info=T(f"{name}_info"),
        filterable=False,
        visible=False,
        elem_id=name.replace("_", "-"),
    )


def _chat() -> Chat:
    # For screen readers: the name in the sidebar is out of sight on a narrow screen.
    gr.Markdown("# Asistente", elem_id="heading")
    earlier = gr.Button(T("earlier"), size="sm", visible=False, elem_id="earlier")
    turns = Chatbot(
        show_label=False,
        container=False,
        scale=1,
        buttons=[],
        # All of it is HTML that `markup` made: nothing in it is a formula or a line end to Gradio.
        latex_delimiters=[],
        line_breaks=False,
        allow_tags=False,
        sanitize_html=True,
        layout="bubble",
        elem_id="chat",
        autoscroll=True,
    )
    later = gr.Button(T("later"), size="sm", visible=False, elem_id="later")
    temporary = gr.Markdown(visible=False, elem_id="temporary-notice")
    assistant, asks = _choice("assistant"), _choice("asks")
    with gr.Row(elem_id="composer", equal_height=False):
        attach = gr.Button(T("attach"), elem_id="attach", min_width=0, scale=0)
        # Its text is the script's: no event takes it or gives it another value. No `max_length`, which
        # would cut what is pasted without a word.
        box = gr.Textbox(
            placeholder=T("write"),
            show_label=False,
            container=False,
            label=T("write"),
            lines=1,
            max_lines=8,
            autofocus=True,
            scale=1,
            elem_id="box",
        )
        send = gr.Button(T("send"), elem_id="send", min_width=0, scale=0)
        stop = gr.Button(T("stop"), elem_id="stop", min_width=0, scale=0)
    return Chat(
        earlier=earlier,
        turns=turns,
        later=later,
        assistant=assistant,
        asks=asks,
        attach=attach,
        box=box,
        send=send,
        stop=stop,
        temporary=temporary,
        # All of it is HTML of ours, whose one text from outside is a number.
        meter=gr.Markdown(elem_id="meter", sanitize_html=False),
        usage=gr.Markdown(elem_id="usage"),
    )


def _choice(name: str) -> gr.Dropdown:
    """What there is to choose is each person's own, and comes when the page opens."""
    choice = gr.Dropdown(
        [("", "")], value="", label=T(name), filterable=False, visible=False, scale=0, elem_id=name
    )
    choice.preprocess = _as_sent
    return choice


def _as_sent(payload: Any) -> Any:
    return payload
