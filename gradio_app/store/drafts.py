"""What a person is typing and has not sent: one item per conversation, gone after a day.

In the table and not in the browser: there it would lie open to whoever uses that browser next.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gradio_app.chat.conversation import valid_id
from gradio_app.store import schema
from gradio_app.store.messages import cut_to_bytes
from gradio_app.store.table import Item, Put, Table

KEPT_SECONDS = 24 * 3600
CHARACTERS = 64_000
"""More than the longest question, so that one that is too long is not lost either."""
DRAFTS = 10
"""Of one person; the oldest goes for another one."""


@dataclass(frozen=True)
class Draft:
    """What stands in the box: a text, and the ids of the uploads beside it."""

    text: str = ""
    uploads: tuple[str, ...] = ()


class Drafts:
    """The drafts. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def keep(self, user_id: str, conversation_id: str, text: str, uploads: Sequence[str] = ()) -> None:
        """Remember what stands in the box; nothing in it is nothing to remember."""
        if not valid_id(conversation_id):
            return
        pk, sk = schema.person(user_id), schema.draft(conversation_id)
        if not text.strip() and not uploads:
            self._table.take(pk, sk)
            return
        kept = cut_to_bytes(text[:CHARACTERS], 4 * CHARACTERS)
        end = int(self._now()) + KEPT_SECONDS
        item = {"pk": pk, "sk": sk, "text": kept, "expires_at": end}
        was = self._table.write(Put(item | ({"uploads": " ".join(uploads)} if uploads else {})))
        if was is None:
            self._make_room(user_id)

    def find(self, user_id: str, conversation_id: str, *, is_new: bool) -> Draft:
        """The draft of a conversation; of a new one, as after a sign-in, the last that was sent nowhere."""
        if not valid_id(conversation_id):
            return Draft()
        pk = schema.person(user_id)
        own = self._table.get(pk, schema.draft(conversation_id))
        if own is not None and self._is_fresh(own):
            return _draft(own)
        before = self._table.get(pk, schema.DRAFT_BEFORE)
        if (
            before is not None
            and self._is_fresh(before)
            and (is_new or before["conversation"] == conversation_id)
        ):
            return _draft(before)
        return self._unclaimed(user_id) if is_new else Draft()

    def sent(self, user_id: str, conversation_id: str, text: str) -> None:
        """Forget the draft of this conversation, and one of another that was finished here.

        A message without words was no other one's draft.
        """
        pk = schema.person(user_id)
        for item in self._table.query(pk, prefix=schema.DRAFT_BEFORE):
            if (text and item["text"] == text) or conversation_id in (
                item["sk"].removeprefix(schema.DRAFT),
                item.get("conversation"),
            ):
                self._table.take(pk, item["sk"])

    def _unclaimed(self, user_id: str) -> Draft:
        """The latest draft that was typed where nothing has been asked yet."""
        pk = schema.person(user_id)
        drafts = sorted(filter(self._is_fresh, self._all(user_id)), key=lambda item: item["expires_at"])
        heads = {item["sk"]: schema.conversation(item["sk"].removeprefix(schema.DRAFT)) for item in drafts}
        asked = self._table.get_many(pk, list(heads.values()), ["sk"])
        for item in reversed(drafts):
            if heads[item["sk"]] not in asked:
                found = self._table.get(pk, item["sk"])
                return _draft(found) if found else Draft()
        return Draft()

    def _make_room(self, user_id: str) -> None:
        drafts = sorted(self._all(user_id), key=lambda item: item["expires_at"])
        self._table.delete_all(schema.person(user_id), [item["sk"] for item in drafts[:-DRAFTS]])

    def _all(self, user_id: str) -> list[Item]:
        names = ["sk", "expires_at"]
        return list(self._table.query(schema.person(user_id), prefix=schema.DRAFT, names=names))

    def _is_fresh(self, item: Item) -> bool:
        return item["expires_at"] > self._now()  # DynamoDB takes its time


def _draft(item: Item) -> Draft:
    """What an item of any release holds."""
    return Draft(item["text"], tuple(item.get("uploads", "").split()))
