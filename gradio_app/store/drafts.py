"""What a person is typing and has not sent: one item per conversation, gone after a day.

In the table and not in the browser: there it would lie open to whoever uses that browser next.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gradio_app.chat.conversation import is_temporary, valid_id
from gradio_app.store import schema
from gradio_app.store.messages import cut_to_bytes
from gradio_app.store.table import Attr, Check, Condition, ConflictError, Delete, Item, Put, Table, Update

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
    instructions: str = field(default="", repr=False)
    """For a conversation that is not stored yet; one that is has its own."""


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
            self._empty(pk, sk)
            return
        kept = cut_to_bytes(text[:CHARACTERS], 4 * CHARACTERS)
        changes = {"text": kept, "uploads": " ".join(uploads), "expires_at": self._end()}
        item = self._table.write(Update(pk, sk, set=changes, add={"saves": 1}))
        if item and item["saves"] == 1:
            self._make_room(user_id)

    def keep_instructions(self, user_id: str, conversation_id: str, text: str) -> None:
        """Remember those of a conversation that is not stored yet, besides what stands in its box.

        Of one that was deleted, which another tab may still show, nothing is remembered.
        """
        if not valid_id(conversation_id):
            return
        pk, sk = schema.person(user_id), schema.draft(conversation_id)
        if not text:
            self._take_instructions(pk, sk)
            return
        changes = {"instructions": text, "expires_at": self._end()}
        if self._table.update(pk, sk, changes):
            return
        alive = Check(pk, schema.deleted(conversation_id), Attr("pk").not_exists())
        # With a text, which the release before takes for granted.
        begun = Put({"pk": pk, "sk": sk, "text": "", **changes}, Attr("pk").not_exists())
        try:
            self._table.transact([alive, begun])
        except ConflictError:  # it was deleted, or something was typed into the box just now
            self._table.update(pk, sk, changes)
        else:
            self._make_room(user_id)

    def find(self, user_id: str, conversation_id: str, *, is_new: bool) -> Draft:
        """The draft of a conversation; of a new one, as after a sign-in, the last that was sent nowhere.

        What was typed where it is stored does not come into a temporary one, nor the other way round.
        """
        if not valid_id(conversation_id):
            return Draft()
        pk = schema.person(user_id)
        own = self._table.get(pk, schema.draft(conversation_id))
        found = _draft(own) if own and self._is_fresh(own) else Draft()
        if found.text or found.uploads or is_temporary(conversation_id):
            return found
        other = self._of_others(user_id, conversation_id, is_new=is_new)
        return replace(other, instructions=found.instructions)

    def _of_others(self, user_id: str, conversation_id: str, *, is_new: bool) -> Draft:
        """What stood in another conversation's box and may go on here, but for the instructions there."""
        pk = schema.person(user_id)
        before = self._table.get(pk, schema.DRAFT_BEFORE)
        if (
            before is not None
            and self._is_fresh(before)
            and (is_new or before["conversation"] == conversation_id)
        ):
            return _draft(before)
        return self._unclaimed(user_id) if is_new else Draft()

    def forgetting(self, user_id: str, conversation_id: str) -> Delete:
        """The write that forgets the draft of this conversation, with which a question is stored."""
        return Delete(schema.person(user_id), schema.draft(conversation_id))

    def sent(self, user_id: str, conversation_id: str, text: str) -> None:
        """Forget the draft of this conversation, and one of another that was finished here.

        A message without words was no other one's draft.
        """
        pk = schema.person(user_id)
        if is_temporary(conversation_id):
            self._table.take(pk, schema.draft(conversation_id))
            return
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
            found = None if heads[item["sk"]] in asked else self._table.get(pk, item["sk"])
            if found and (found["text"] or found.get("uploads")):
                return _draft(found)
        return Draft()

    def _empty(self, pk: str, sk: str) -> None:
        """Forget what stood in a box, and with it the draft, unless that has more."""
        try:
            self._table.write(Delete(pk, sk, _is_without("instructions")))
        except ConflictError:
            self._table.update(pk, sk, {"text": "", "uploads": ""})

    def _take_instructions(self, pk: str, sk: str) -> None:
        """Forget what stood in the field of instructions, and with it the draft, unless that has more."""
        try:
            self._table.write(Delete(pk, sk, _is_without("text") & _is_without("uploads")))
        except ConflictError:
            self._table.update(pk, sk, {"instructions": ""})

    def _end(self) -> int:
        return int(self._now()) + KEPT_SECONDS

    def _make_room(self, user_id: str) -> None:
        drafts = sorted(self._all(user_id), key=lambda item: item["expires_at"])
        self._table.delete_all(schema.person(user_id), [item["sk"] for item in drafts[:-DRAFTS]])

    def _all(self, user_id: str) -> list[Item]:
        names = ["sk", "expires_at"]
        return list(self._table.query(schema.person(user_id), prefix=schema.DRAFT, names=names))

    def _is_fresh(self, item: Item) -> bool:
        return item["expires_at"] > self._now()  # DynamoDB takes its time


def _is_without(name: str) -> Condition:
    return Attr(name).not_exists() | Attr(name).eq("")


def _draft(item: Item) -> Draft:
    """What an item of any release holds."""
    return Draft(item["text"], tuple(item.get("uploads", "").split()), item.get("instructions", ""))
