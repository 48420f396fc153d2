"""Reading a conversation: always a bounded part, so that a long one costs no more than a short one."""

from dataclasses import replace

from gradio_app.chat.attachments import Files
from gradio_app.chat.conversation import Conversation, Turn, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import conversation_of
from gradio_app.store.messages import files_of, item_bytes, turns_of
from gradio_app.store.table import Item, Table

ITEMS_AT_ONCE = 100
"""Messages that one reading of the model's context fetches at a time."""


class Reading:
    """A part of the store: windows on the turns."""

    _table: Table

    def head(self, user_id: str, conversation_id: str) -> Conversation | None:
        """The conversation without turns, or None when this user has none of that id."""
        if not valid_id(conversation_id):
            return None
        item = self._table.get(schema.person(user_id), schema.conversation(conversation_id))
        return None if item is None or "deleted_at" in item else conversation_of(conversation_id, item)

    def page(
        self,
        user_id: str,
        conversation_id: str,
        before: int | None = None,
        turns: int = 20,
        most_bytes: int = 256_000,
    ) -> Conversation | None:
        """The conversation with its latest turns, or the latest before a turn's number.

        As many as asked for, fewer when they take more than `most_bytes`, but at least one.
        """
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        last = conversation.version if before is None else min(before - 1, conversation.version)
        window, has_earlier = self._window(user_id, conversation, (0, last), turns, most_bytes)
        return replace(
            conversation,
            turns=window,
            has_earlier=has_earlier,
            has_later=before is not None,
            last=window[-1].number if window and before is None else 0,
        )

    def context(self, user_id: str, conversation_id: str, most_bytes: int) -> Conversation | None:
        """The conversation with the turns after its summary, the newest that take at most `most_bytes`.

        The last one is among them in any case.
        """
        conversation = self.head(user_id, conversation_id)
        if conversation is None:
            return None
        bounds = (conversation.summarized_to + 1, conversation.version)
        window, has_earlier = self._window(user_id, conversation, bounds, None, most_bytes)
        return replace(
            conversation,
            turns=window,
            has_earlier=has_earlier or bool(conversation.summarized_to),
            has_gap=has_earlier,
            last=window[-1].number if window else conversation.summarized_to,
        )

    def files_of_turn(self, user_id: str, conversation_id: str, number: int) -> Files:
        """What is attached to the question of a turn; nothing where this user has no such turn."""
        if self.head(user_id, conversation_id) is None:
            return ()
        item = self._table.get(schema.person(user_id), schema.message(conversation_id, number, "user"))
        return files_of(item) if item else ()

    def oldest(self, user_id: str, conversation: Conversation, most_bytes: int) -> list[Turn]:
        """The oldest turns after the summary that take about so many bytes, at least one if there is any."""
        bounds = (conversation.summarized_to + 1, conversation.version)
        if bounds[0] > bounds[1]:
            return []
        found = self._table.query(
            schema.person(user_id), schema.messages(conversation.id, *bounds), at_once=ITEMS_AT_ONCE
        )
        items: list[Item] = []
        for item in found:
            if item["role"] == "user" and sum(map(item_bytes, items)) > most_bytes:
                break
            items.append(item)
        return [turn for turn, _ in turns_of(reversed(items))][::-1]

    def _window(
        self,
        user_id: str,
        conversation: Conversation,
        bounds: tuple[int, int],
        most_turns: int | None,
        most_bytes: int,
    ) -> tuple[tuple[Turn, ...], bool]:
        """The newest turns within the bounds, in order, and whether there are earlier ones within them."""
        if bounds[0] > bounds[1]:
            return (), False
        items = self._table.query(
            schema.person(user_id),
            schema.messages(conversation.id, *bounds),
            newest_first=True,
            at_once=min(2 * most_turns + 2, ITEMS_AT_ONCE) if most_turns else ITEMS_AT_ONCE,
        )
        window: list[Turn] = []
        size = 0
        for turn, turn_bytes in turns_of(items):
            size += turn_bytes
            if window and (len(window) == most_turns or size > most_bytes):
                return tuple(reversed(window)), True
            window.append(turn)
        return tuple(reversed(window)), False

    def _last(self, user_id: str, seen: Conversation) -> int:
        """The number of the conversation's last turn; 0 if there is none."""
        return seen.last or (self._before(user_id, seen, seen.version + 1) if seen.version else 0)

    def _before(self, user_id: str, seen: Conversation, number: int) -> int:
        """The number of the turn before that one; 0 if there is none."""
        if number < 1:
            return 0
        between = schema.messages(seen.id, 0, min(number - 1, seen.version))
        pk = schema.person(user_id)
        found = self._table.query(pk, between, newest_first=True, at_once=1, names=["sk"])
        return next((schema.turn_number(item["sk"]) for item in found), 0)
