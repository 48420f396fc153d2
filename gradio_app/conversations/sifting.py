"""Of a file of conversations what could come in: known names with plain values, and no more than may be.

The child process of `documents` does this, for a file may be made so that its parser takes long and grows.
What is left is soon read, however the file is made. Nothing is judged here; `importing` does that.
"""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

IMPORT_BYTES = 5_000_000
"""Of a file."""
CONVERSATIONS, MESSAGES = 200, 20_000
"""Of a file: each message is a write to the table."""
ASSISTANTS = 1_000
"""That are looked at; a person may have 50."""
STARTERS = 20
"""Of an assistant, which may have fewer: so that one with too many is known by it."""
WHOLE_BITS = 62
"""Of a number that any parser reads back as it is; there are no larger ones in what is ours."""

STAYS = {
    "files": "left_files",
    "sources": "left_sources",
    "reasoning": "left_reasoning",
    "folder": "left_folders",
    "pinned": "left_pins",
    "summary": "left_summaries",
    "thumbs": "left_thumbs",
    "documents": "left_documents",
    "drafts": "left_drafts",
    "asks": "left_asks",
    "preferences": "left_preferences",
    "shares": "left_shares",
}
"""What does not come in, where a file has it: names of attributes, and of the texts that say so."""
SETTINGS = ("model_id", "temperature", "max_tokens", "effort", "service_tier", "instructions")
COUNTED = ("input_tokens", "output_tokens")
OF_FILE = ("format", "version", "instructions")
OF_CONVERSATION = ("title", "shown", *SETTINGS)
OF_MESSAGE = ("turn", "role", "text", "parent", "first", "status", "reason", "model_id", *COUNTED)
OF_ASSISTANT = ("name", "instructions", "model_id", "temperature", "max_tokens", "asks")


def sift(content: bytes) -> Any:
    """What a file says, as far as it could come in; raises ValueError or RecursionError for no JSON.

    What stands for a plain value and is none becomes a truth value, which nothing takes for one either.
    """
    told = json.loads(content)
    if not isinstance(told, dict):
        return None
    room = MESSAGES + 1

    def conversation(head: Any) -> Any:
        nonlocal room
        if not isinstance(head, dict):
            return None
        kept = _named(head, OF_CONVERSATION)
        if "messages" in head:
            kept["messages"] = _listed(head["messages"], _message, room)
            room -= len(kept["messages"] or ())
        if "assistant" in head:
            kept["assistant"] = _assistant(head["assistant"])
        return kept

    kept = _named(told, OF_FILE)
    if "conversations" in told:
        kept["conversations"] = _listed(told["conversations"], conversation, CONVERSATIONS + 1)
    if "assistants" in told:
        kept["assistants"] = _listed(told["assistants"], _assistant, ASSISTANTS + 1)
    return kept


def _named(told: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """These attributes, and of those that stay behind whether they are there."""
    kept = {name: _plain(told[name]) for name in names if name in told}
    return kept | {name: True for name in STAYS if told.get(name)}


def _listed(told: Any, each: Callable[[Any], Any], most: int) -> list[Any] | None:
    return [each(one) for one in told[:most]] if isinstance(told, list) else None


def _message(told: Any) -> Any:
    return _named(told, OF_MESSAGE) if isinstance(told, dict) else None


def _assistant(told: Any) -> Any:
    """What it says; None for what is none, and where it says nothing."""
    if not isinstance(told, dict):
        return None
    says = told.get("says")
    if not isinstance(says, dict):
        return {"says": None} if "says" in told else {}
    kept = {name: _plain(says[name]) for name in OF_ASSISTANT if name in says}
    if starters := says.get("starters"):
        kept["starters"] = _listed(starters, _plain, STARTERS) or True
    return {"says": kept}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        if value.isascii():
            return value
        # Lone halves of surrogate pairs are no text, and go through no pipe.
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    is_kept = (
        value is None
        or (isinstance(value, int) and value.bit_length() <= WHOLE_BITS)
        or (isinstance(value, float) and math.isfinite(value))
    )
    return value if is_kept else bool(value)
