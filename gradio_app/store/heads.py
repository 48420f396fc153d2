"""Heads of conversations as items of the table, and back."""

import json
from collections.abc import Mapping
from typing import Any

from gradio_app.chat.assistant import label_of
from gradio_app.chat.conversation import Conversation, Heading
from gradio_app.store import schema
from gradio_app.store.table import Attr, Condition, Item, Update

HEADING_NAMES = (
    "sk",
    "title",
    "pinned",
    "folder",
    "deleted_at",
    "version",
    "stored_bytes",
    "named",
    "updated_at",
    "unpinned_at",
)
"""What a list takes of a head, and what says whether it is over or being deleted."""
BY_MODEL, BY_PERSON = 1, 2
"""Who has named a conversation (`named`). Without it the title is the beginning of the first question."""
LIVE: Condition = Attr("deleted_at").not_exists()


def is_at(version: int) -> Condition:
    """Of a head: it is there, nobody is deleting it, and its turns have not changed."""
    return Attr("version").eq(version) & LIVE


def advance(user_id: str, seen: Conversation, changes: Mapping[str, Any], grows: int) -> Update:
    """The change of a conversation's head, on condition that it still is as it was seen."""
    return Update(
        schema.person(user_id),
        schema.conversation(seen.id),
        set=changes,
        add={"stored_bytes": grows},
        condition=is_at(seen.version) if seen.version else Attr("pk").not_exists(),
    )


def branch_summary(seen: Conversation, number: int) -> dict[str, Any]:
    """The change of a head whose branch is left at a turn: a summary goes that tells of it or more."""
    stays = schema.is_branched(seen.summarized_to) and seen.summarized_to < number
    return {
        "branch_summary": seen.summary if stays else "",
        "branch_summarized_to": seen.summarized_to if stays else 0,
    }


def heading_of(head: Item, updated_at: int) -> Heading:
    """A conversation in the list, where the index has it."""
    return Heading(
        id=head["sk"].removeprefix(schema.CONVERSATION),
        title=head["title"],
        updated_at=updated_at,
        pinned=bool(head.get("pinned", 0)),
        folder=head.get("folder", ""),
        is_named=bool(head.get("named", 0)),
    )


def conversation_of(conversation_id: str, item: Item) -> Conversation:
    """The conversation, without turns, that a head of any release holds."""
    temperature = item.get("temperature")
    shown, stem = item.get("shown", 0), item.get("stem", 0)
    summary, summarized_to = _summary(item, shown, stem)
    return Conversation(
        id=conversation_id,
        title=item["title"],
        version=item["version"],
        model_id=item.get("model_id", ""),
        temperature=None if temperature is None else float(temperature),
        max_tokens=item.get("max_tokens", 0),
        effort=item.get("effort", ""),
        service_tier=item.get("service_tier", ""),
        instructions=item.get("instructions", ""),
        assistant=label_of(json.loads(item["assistant"])) if item.get("assistant") else None,
        asks=item.get("asks", ""),
        pinned=bool(item.get("pinned", 0)),
        folder=item.get("folder", ""),
        is_named=bool(item.get("named", 0)),
        updated_at=item.get("updated_at", 0),
        input_tokens=item.get("input_tokens", 0),
        output_tokens=item.get("output_tokens", 0),
        cache_saved_tokens=item.get("cache_saved_tokens", 0),
        summary=summary,
        summarized_to=summarized_to,
        is_whole=bool(item.get("whole", 0)),
        stored_bytes=item.get("stored_bytes", 0),
        shown=shown,
        stem=stem,
    )


def _summary(item: Item, shown: int, stem: int) -> tuple[str, int]:
    """The summary that tells of nothing but the branch that is shown, and up to which turn."""
    if shown and item.get("branch_summarized_to"):
        return item["branch_summary"], item["branch_summarized_to"]
    summarized_to = item.get("summarized_to", 0)
    return ("", 0) if shown and summarized_to > stem else (item.get("summary", ""), summarized_to)
