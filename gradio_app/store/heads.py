"""Heads of conversations as items of the table, and back."""

from gradio_app.chat.conversation import Conversation, Heading
from gradio_app.store import schema
from gradio_app.store.table import Attr, Condition, Item

HEADING_NAMES = ("sk", "title", "pinned", "folder", "deleted_at", "version", "stored_bytes", "named")
"""What a list takes of a head, and what is needed to go on with its deletion."""
BY_MODEL, BY_PERSON = 1, 2
"""Who has named a conversation (`named`); without, its title is the first words of the first question."""
LIVE: Condition = Attr("deleted_at").not_exists()


def is_at(version: int) -> Condition:
    """Of a head: it is there, nobody is deleting it, and its turns have not changed."""
    return Attr("version").eq(version) & LIVE


def heading_of(head: Item, updated_at: int) -> Heading:
    """A conversation in the list, where the index has it."""
    return Heading(
        id=head["sk"].removeprefix(schema.CONVERSATION),
        title=head["title"],
        updated_at=updated_at,
        pinned=bool(head.get("pinned", 0)),
        folder=head.get("folder", ""),
        is_named="named" in head,
    )


def conversation_of(conversation_id: str, item: Item) -> Conversation:
    """The conversation, without turns, that a head of any release holds."""
    temperature = item.get("temperature")
    return Conversation(
        id=conversation_id,
        title=item["title"],
        version=item["version"],
        model_id=item.get("model_id", ""),
        temperature=None if temperature is None else float(temperature),
        max_tokens=item.get("max_tokens", 0),
        asks=item.get("asks", ""),
        pinned=bool(item.get("pinned", 0)),
        folder=item.get("folder", ""),
        updated_at=item.get("updated_at", 0),
        input_tokens=item.get("input_tokens", 0),
        output_tokens=item.get("output_tokens", 0),
        summary=item.get("summary", ""),
        summarized_to=item.get("summarized_to", 0),
        stored_bytes=item.get("stored_bytes", 0),
    )
