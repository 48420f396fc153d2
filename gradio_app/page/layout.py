"""The components of the page and where they stand."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from gradio_app.chat import model
from gradio_app.chat.turns import QUESTION_CHARACTERS
from gradio_app.page import texts
from gradio_app.page.chatbot import Chatbot
from gradio_app.page.events import NOTHING, TEMPERATURES
from gradio_app.page.views import HEADINGS
from gradio_app.settings import Settings

TEMPERATURE = 0.3
"""What people start with; of 0 to 1."""
T = texts.I18N


@dataclass(frozen=True)
class Hidden:
    """What the browser holds between two events; the server checks all of it each time."""

    conversation_id: gr.Textbox
    version: gr.Number
    question: gr.Textbox
    """The message that is being sent."""
    index: gr.Number
    """The message of the chat to ask again, or NOTHING."""
    skipped: gr.Number
    """How many of the newest conversations the list leaves out."""


@dataclass(frozen=True)
class Sidebar:
    """Conversations, what can be done with the open one, and the settings."""

    links: list[gr.Button]
    """One for each conversation on a page of the list."""
    newer: gr.Button
    older: gr.Button
    title: gr.Textbox
    rename: gr.Button
    delete: gr.Button
    really: gr.Row
    delete_really: gr.Button
    delete_not: gr.Button
    model_id: gr.Dropdown
    temperature: gr.Slider
    max_tokens: gr.Slider


@dataclass(frozen=True)
class Chat:
    """The conversation, where to write, and the line of token counts."""

    chat: gr.Chatbot
    box: gr.Textbox
    usage: gr.Markdown


def hidden() -> Hidden:
    """The hidden components, with nothing in them."""
    return Hidden(
        conversation_id=gr.Textbox(visible=False),
        version=gr.Number(0, precision=0, visible=False),
        question=gr.Textbox(visible=False),
        index=gr.Number(NOTHING, precision=0, visible=False),
        skipped=gr.Number(0, precision=0, visible=False),
    )


def sidebar(settings: Settings) -> Sidebar:
    """The sidebar, from the most used down to the account."""
    with gr.Sidebar(width=300):
        gr.Markdown("**Asistente**", elem_id="brand")
        gr.Button(T("new"), link="/", link_target="_self", variant="primary", elem_id="new")
        with gr.Column(elem_id="conversations"):
            gr.Markdown(T("conversations"), elem_classes="heading")
            # A fixed set of links with changing labels: `gr.render` keeps state per session in the process,
            # and Markdown opens each of its links in a new tab.
            links = [
                gr.Button("", link="/", link_target="_self", size="sm", visible=False)
                for _ in range(HEADINGS)
            ]
            with gr.Row(elem_id="pages"):
                newer = gr.Button(T("newer"), size="sm", visible=False, elem_id="newer")
                older = gr.Button(T("older"), size="sm", visible=False, elem_id="older")
        with gr.Accordion(T("this_conversation"), open=False, elem_id="this-conversation"):
            title = gr.Textbox(label=T("title"), max_length=200, max_lines=1, elem_id="title")
            rename = gr.Button(T("rename"), size="sm", elem_id="rename")
            delete = gr.Button(T("delete"), size="sm", elem_id="delete")
            with gr.Row(visible=False) as really:
                delete_really = gr.Button(
                    T("delete_really"), size="sm", variant="stop", elem_id="delete-really"
                )
                delete_not = gr.Button(T("cancel"), size="sm", elem_id="delete-not")
        with gr.Accordion(T("settings"), open=False, elem_id="settings"):
            model_id, temperature, max_tokens = _settings(settings)
        if settings.authentication:
            gr.Button(
                T("account"), link="/account", link_target="_self", variant="secondary", elem_id="account"
            )
    return Sidebar(
        links,
        newer,
        older,
        title,
        rename,
        delete,
        really,
        delete_really,
        delete_not,
        model_id,
        temperature,
        max_tokens,
    )


def chat() -> Chat:
    """The conversation over the box to write in."""
    # For screen readers: the name in the sidebar is out of sight on a narrow screen.
    gr.Markdown("# Asistente", elem_id="heading")
    conversation = Chatbot(
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
    box = gr.Textbox(
        placeholder=T("write"),
        show_label=False,
        container=False,
        label=T("write"),
        lines=1,
        max_lines=8,
        max_length=QUESTION_CHARACTERS,
        submit_btn=True,
        stop_btn=False,
        autofocus=True,
        elem_id="box",
    )
    return Chat(conversation, box, gr.Markdown(elem_id="usage"))


def _settings(settings: Settings) -> tuple[gr.Dropdown, gr.Slider, gr.Slider]:
    short = {model_id: model.short_name(model_id) for model_id in settings.model_ids}
    alike = len(set(short.values())) < len(short)
    names = [(model_id if alike else name, model_id) for model_id, name in short.items()]
    model_id = gr.Dropdown(
        names, value=settings.model_ids[0], label=T("model"), visible=len(names) > 1, elem_id="model"
    )
    low, high = TEMPERATURES
    temperature = gr.Slider(
        low,
        high,
        TEMPERATURE,
        step=0.1,
        label=T("temperature"),
        info=T("temperature_info"),
        elem_id="temperature",
    )
    most = settings.max_output_tokens
    max_tokens = gr.Slider(1, most, most, step=1, label=T("max_tokens"), elem_id="max-tokens")
    for component in (model_id, temperature, max_tokens):
        # A page from before a deployment may offer what the server does not. Gradio would break the event
        # off and leave the page waiting; our own check refuses in words and gives the message back.
        component.preprocess = _as_sent
    return model_id, temperature, max_tokens


def _as_sent(payload: Any) -> Any:
    return payload
