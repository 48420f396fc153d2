"""The page: its components and what follows what. No JavaScript of ours, no HTML of ours, no `gr.State`.

One output streams, the chat; all else is updated once, after the answer. Between two events the browser
holds the conversation's id and the version that it shows, in hidden components.
"""

from typing import Any

import gradio as gr

from gradio_app.page import layout, texts, theme
from gradio_app.page.blocks import ChatBlocks
from gradio_app.page.events import NOTHING, Events, message_index, plain_text
from gradio_app.page.layout import Chat, Hidden, Sidebar
from gradio_app.settings import Settings

EVENTS_AT_ONCE = 256
"""Events that run at the same time, running answers included; Gradio's own limit is 40."""
EVENTS_WAITING = 512
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""For every event: no programming interface, no spinner."""
AT_ONCE: dict[str, Any] = QUIET | {"queue": False}
"""For events that only read or write the table."""


def page(events: Events, settings: Settings) -> gr.Blocks:
    """The chat's page, ready to be mounted with `mount_options()`."""
    with ChatBlocks(title="Asistente", fill_height=True, analytics_enabled=False) as ui:
        hidden, sidebar, chat = layout.hidden(), layout.sidebar(settings), layout.chat()
        _wire_turns(events, hidden, sidebar, chat)
        _wire_sidebar(ui, events, hidden, sidebar, chat)
    ui.app_id = settings.ui_app_id  # pyright: ignore[reportAttributeAccessIssue] (the same on every task)
    ui.max_threads = EVENTS_AT_ONCE
    ui.queue(max_size=EVENTS_WAITING, default_concurrency_limit=None)
    # Private, guarded by a test: the queue looks for work every millisecond, 6 % of a core doing nothing.
    ui._queue.sleep_when_free = 0.02
    ui._queue.progress_update_sleep_when_free = 0.25
    return ui


def mount_options() -> dict[str, Any]:
    """What `gr.mount_gradio_app` needs besides the application, the page, its path and who is signed in."""
    return {
        "theme": theme.theme(),
        "css": theme.STYLE.read_text(),
        "i18n": texts.I18N,
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "mcp_server": False,
        "enable_monitoring": False,
        "pwa": False,
    }


def _wire_turns(events: Events, hidden: Hidden, sidebar: Sidebar, chat: Chat) -> None:
    """Four ways to ask end in the same chain: take the question, stream the answer, settle the page."""
    taken = [chat.box, hidden.question, hidden.index]
    asked = [
        chat.box.submit(_take_message, chat.box, taken, **AT_ONCE),
        chat.chat.example_select(_take_example, None, taken, **AT_ONCE),
        chat.chat.retry(_take_retry, None, taken, **AT_ONCE),
        chat.chat.edit(_take_edit, None, taken, **AT_ONCE),
    ]
    turn = [hidden.question, hidden.index, hidden.conversation_id, hidden.version]
    settings = [sidebar.model_id, sidebar.temperature, sidebar.max_tokens]
    view, links = _view(hidden, sidebar, chat), _list(sidebar)
    answers = []
    for event in asked:
        answer = event.then(events.answer, [*turn, *settings], chat.chat, concurrency_limit=None, **QUIET)
        answer.then(events.settle, turn, [chat.box, *view, *links], **AT_ONCE)
        answers.append(answer)
    stopped = chat.box.stop(None, cancels=answers, **AT_ONCE)
    stopped.then(events.settle, turn, [chat.box, *view, *links], **AT_ONCE)
    chat.chat.undo(events.undo, [hidden.conversation_id, hidden.version], [chat.box, *view], **AT_ONCE)


def _wire_sidebar(ui: gr.Blocks, events: Events, hidden: Hidden, sidebar: Sidebar, chat: Chat) -> None:
    view, links = _view(hidden, sidebar, chat), _list(sidebar)
    conversation_id, skipped = hidden.conversation_id, hidden.skipped
    ui.load(events.open, chat.box, [chat.box, conversation_id, *view, *links], **AT_ONCE)
    # While one runs there is no other, and then one with what stands in the box by then. Pasting is no
    # `input` to Gradio.
    chat.box.change(events.draft, [chat.box, conversation_id], None, trigger_mode="always_last", **AT_ONCE)
    sidebar.newer.click(events.newer, [skipped, conversation_id], [skipped, *links], **AT_ONCE)
    sidebar.older.click(events.older, [skipped, conversation_id], [skipped, *links], **AT_ONCE)
    for rename in (sidebar.rename.click, sidebar.title.submit):
        rename(events.rename, [sidebar.title, conversation_id, skipped], [sidebar.title, *links], **AT_ONCE)
    sidebar.delete.click(lambda: gr.update(visible=True), None, sidebar.really, **AT_ONCE)
    for answered in (sidebar.delete_not.click, sidebar.delete_really.click):
        answered(lambda: gr.update(visible=False), None, sidebar.really, **AT_ONCE)
    sidebar.delete_really.click(events.delete, conversation_id, [conversation_id, *view, *links], **AT_ONCE)


def _view(hidden: Hidden, sidebar: Sidebar, chat: Chat) -> list[Any]:
    """The components that `Views.view` updates."""
    return [chat.chat, hidden.version, chat.usage, sidebar.title]


def _list(sidebar: Sidebar) -> list[Any]:
    """The components that `Views.list` updates."""
    return [*sidebar.links, sidebar.newer, sidebar.older]


def _taken(question: str, index: int) -> tuple[Any, str, int]:
    """Empties the box, offers to stop, and remembers what is asked."""
    return gr.update(value="", submit_btn=False, stop_btn=True), question, index


def _take_message(text: str) -> tuple[Any, str, int]:
    return _taken(text, NOTHING)


def _take_example(event: gr.SelectData) -> tuple[Any, str, int]:
    return _taken(plain_text([event.value]), NOTHING)


def _take_retry(event: gr.RetryData) -> tuple[Any, str, int]:
    return _taken("", message_index(event.index))


def _take_edit(event: gr.EditData) -> tuple[Any, str, int]:
    return _taken(plain_text(event.value), message_index(event.index))
