"""What people want of every answer: for all of their conversations, and for one.

The first is an item of its own; the second stands in the conversation's head, goes with it, and needs no
version: it changes no turn.
"""

from gradio_app.chat.conversation import valid_id
from gradio_app.store import schema
from gradio_app.store.heads import LIVE
from gradio_app.store.table import Attr, ConflictError, Item, Table, Update


class OwnInstructions:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def find(self, user_id: str) -> str:
        """A person's own for all conversations; empty for none."""
        return own_instructions(self._table.get(schema.person(user_id), schema.INSTRUCTIONS))

    def keep(self, user_id: str, text: str) -> None:
        """Remember them in place of those before; nothing is nothing to remember."""
        pk = schema.person(user_id)
        if text:
            self._table.put({"pk": pk, "sk": schema.INSTRUCTIONS, "text": text})
        else:
            self._table.take(pk, schema.INSTRUCTIONS)

    def keep_for(self, user_id: str, conversation_id: str, text: str) -> bool:
        """Those of a conversation; False of one that is not stored, which gets them with a question."""
        if not valid_id(conversation_id):
            return False
        there = Attr("pk").exists() & LIVE
        key = schema.conversation(conversation_id)
        try:
            self._table.write(
                Update(schema.person(user_id), key, set={"instructions": text}, condition=there)
            )
        except ConflictError:
            return False
        return True


def own_instructions(item: Item | None) -> str:
    """What such an item says; empty for none."""
    return item["text"] if item else ""
