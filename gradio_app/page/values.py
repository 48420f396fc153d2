"""The values of an event as the browser sent them: of the right type, or the event is malformed."""

import json
import math
from dataclasses import dataclass
from typing import Any

from gradio_app.chat.attachments import FILES_OF_A_MESSAGE, valid_file_id
from gradio_app.chat.conversation import valid_id
from gradio_app.page.blocks import UnfitError
from gradio_app.page.paging import NoPlaceError, Place

LARGEST = 2.0**53
"""Beyond it a browser's numbers are not whole ones any more."""


EDIT, AGAIN, GO_ON, SHOW, TAKE_BACK = "edit", "again", "go on", "show", "take back"
"""What a person may do with a turn: change its question, ask it again with another model, have its answer go
on, show another version of it, take the summary back that goes up to it."""


@dataclass(frozen=True)
class Wish:
    """What is to be done with a turn."""

    deed: str
    turn: int
    version: int = 0
    """The turn with the version to show."""
    model_id: str = ""
    """Which model to ask this time; empty for the one of the settings."""


class Values:
    """What an event's components hold, by component. Every method raises UnfitError for another type."""

    def __init__(self, sent: dict[Any, Any]) -> None:
        self._sent = sent

    def __getitem__(self, component: Any) -> Any:
        """The value as it came, of any type."""
        return self._sent[component]

    def text(self, component: Any) -> str:
        """A text; a component that has none yet counts as empty."""
        value = self._sent[component]
        if value is None:
            return ""
        if not isinstance(value, str):
            raise UnfitError
        return value

    def conversation_id(self, component: Any) -> str:
        """A conversation's id, or an empty text from a page that has not loaded yet."""
        text = self.text(component)
        if text and not valid_id(text):
            raise UnfitError
        return text

    def number(self, component: Any) -> int:
        """A whole number."""
        value = self._sent[component]
        if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > LARGEST:
            raise UnfitError
        return int(value)

    def wish(self, component: Any, *deeds: str) -> Wish:
        """One of these deeds and its turn, as our script writes it in JSON."""
        try:
            told = json.loads(self.text(component))
            wish = Wish(told["deed"], told["turn"], told.get("version", 0), told.get("model", ""))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            raise UnfitError from None
        if wish.deed not in deeds or not isinstance(wish.model_id, str):
            raise UnfitError
        if not all(type(number) is int and 0 <= number < LARGEST for number in (wish.turn, wish.version)):
            raise UnfitError
        return wish

    def file_ids(self, component: Any) -> tuple[str, ...]:
        """The ids of files, at most as many as a message has."""
        ids = tuple(filter(None, self.text(component).split(",")))
        if len(ids) > FILES_OF_A_MESSAGE or not all(map(valid_file_id, ids)):
            raise UnfitError
        return ids

    def place(self, component: Any) -> Place:
        """Where the page is in something long."""
        try:
            return Place.of(self.text(component))
        except NoPlaceError:
            raise UnfitError from None


def plain_text(value: Any) -> str:
    """The text of a message in an event of the chat: a string, or a list of parts."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return plain_text(value.get("text"))
    parts = value if isinstance(value, list) else []
    return "\n".join(plain_text(part) for part in parts)
