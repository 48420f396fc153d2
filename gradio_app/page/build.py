"""The page: its components, and which event follows which trigger.

One output streams, the chat; all else is updated once, before or after the answer. There is no `gr.State`:
between two events the browser holds the conversation's id and the version that it shows. Values come and
updates go by component; the order of neither matters.
"""

from typing import Any

import gradio as gr

from gradio_app.page import texts, theme
from gradio_app.page.assisting import Assisting
from gradio_app.page.blocks import ChatBlocks
from gradio_app.page.following import Following
from gradio_app.page.layout import Layout, layout
from gradio_app.page.opening import Opening
from gradio_app.page.services import ChatServices
from gradio_app.page.turn_events import TurnEvents
from gradio_app.page.views import Views
from gradio_app.pages.files import STATIC

EVENTS_AT_ONCE = 384
"""Events that run at the same time, answers that are followed included; Gradio's own limit is 40. Room for a
page of each answer that is written or waits in line (settings.ANSWERS_AT_ONCE), and for half as many more."""
EVENTS_WAITING = 512
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""For every event: no programming interface, no spinner."""
AT_ONCE: dict[str, Any] = QUIET | {"queue": False}
"""For events that are over in a moment."""


def page(services: ChatServices) -> gr.Blocks:
    """The chat's page, ready to be mounted with `mount_options()`."""
    with ChatBlocks(title="Asistente", fill_height=True, analytics_enabled=False) as ui:
        components = layout(services.settings)
        views = Views(services, components)
        _wire_turns(TurnEvents(services, components, views), components, views)
        _wire_following(Following(services, components, views), components, views)
        assisting = Assisting(services, components, views)
        _wire_opening(ui, Opening(services, components, views, assisting), components, views)
        _wire_assisting(assisting, components)
    ui.app_id = services.settings.ui_app_id  # pyright: ignore[reportAttributeAccessIssue] (the same on every task)
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
        "favicon_path": str(STATIC / "icon-192.png"),
        "footer_links": [],
        "run_history": False,
        "show_error": False,
        "ssr_mode": False,
        "mcp_server": False,
        "enable_monitoring": False,
        "pwa": False,
    }


def _wire_turns(events: TurnEvents, components: Layout, views: Views) -> None:
    """Four ways to ask, after each of which the script presses `follow` if there is an answer to follow."""
    held, chat = components.held, components.chat
    shown: set[Any] = {held.conversation_id, held.version, held.last}
    asked: set[Any] = {*shown, held.ask_id, chat.assistant, chat.asks, *vars(components.choices).values()}
    told = [*views.of_conversation, chat.asks, held.conversation_id, held.news]
    chat.send.click(events.ask, {*asked, held.question, held.files}, told, **AT_ONCE)
    chat.turns.example_select(events.ask_example, asked, told, **AT_ONCE)
    chat.turns.retry(events.retry, asked, told, **AT_ONCE)
    held.change.click(events.change, {*asked, held.question, held.wish, held.kept}, told, **AT_ONCE)
    held.choose.click(events.choose, {*shown, held.wish}, [*views.of_conversation, held.news], **AT_ONCE)
    chat.turns.undo(events.undo, shown, [*views.of_conversation, held.news], **AT_ONCE)
    choices = components.choices
    kept: set[Any] = {held.conversation_id, choices.instructions}
    # The last text is kept, where it was typed on while the one before was on its way.
    choices.instructions.blur(events.instruct, kept, [held.news], trigger_mode="always_last", **AT_ONCE)
    chat.stop.click(events.stop, {held.conversation_id, held.ask_id}, None, **AT_ONCE)
    of_model = [choices.effort, choices.service_tier]
    measured: set[Any] = {held.conversation_id, choices.model_id, *of_model}
    choices.model_id.input(events.measure, measured, [chat.meter, *of_model], **AT_ONCE)
    turned: set[Any] = {held.conversation_id, held.version, held.turns_place}
    chat.earlier.click(events.earlier, turned, [*views.of_conversation, held.news], **AT_ONCE)
    chat.later.click(events.later, turned, [*views.of_conversation, held.news], **AT_ONCE)


def _wire_following(events: Following, components: Layout, views: Views) -> None:
    held = components.held
    named: set[Any] = {held.conversation_id}
    # Messages go as they are (`chatbot.Chatbot`): without a thread for each update that would do nothing.
    as_they_are: dict[str, Any] = QUIET | {"postprocess": False, "concurrency_limit": None}
    followed = held.follow.click(events.follow, named, components.chat.turns, **as_they_are)
    followed.success(events.settle, named, [*views.of_conversation, held.news], **AT_ONCE)
    followed.failure(events.broken_off, None, [held.news], **AT_ONCE)


def _wire_opening(ui: gr.Blocks, events: Opening, components: Layout, views: Views) -> None:
    held = components.held
    whole = [*views.of_conversation, components.chat.asks, components.chat.temporary]
    whole += [held.conversation_id, held.news]
    ui.load(events.open, None, [*whole, *vars(components.choices).values()], **AT_ONCE)


def _wire_assisting(events: Assisting, components: Layout) -> None:
    held, chat, choices = components.held, components.chat, components.choices
    told = [chat.assistant, chat.asks, chat.turns, held.news]
    settings = [component for component in vars(choices).values() if component is not choices.instructions]
    chosen: set[Any] = {held.conversation_id, chat.assistant}
    chat.assistant.input(events.choose, chosen, [*told, *settings], **AT_ONCE)
