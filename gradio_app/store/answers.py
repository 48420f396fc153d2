"""Answers while they are written, and at their end.

Whoever writes an answer holds a lease on it, which it renews with what there is of the text. So every task
knows whether it goes on, and only a lease that ran out is an interruption.
"""

import time
from collections.abc import Sequence
from dataclasses import replace

from gradio_app.chat.conversation import WRITING, Answer, Conversation, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import advance, is_at
from gradio_app.store.messages import answer_item, answer_of, unfinished
from gradio_app.store.said import changed
from gradio_app.store.table import Action, Attr, Condition, ConflictError, Put, Table, Update

NOTHING = Answer()
"""What most answers go on with."""


class ActionRefusedError(Exception):
    """What an action demands that the caller added does not hold; `failed` are the positions among those."""

    def __init__(self, *failed: int) -> None:
        super().__init__(*failed)
        self.failed = failed


class Answers:
    """A part of the store: the second message of a turn."""

    _table: Table

    def resume(
        self,
        user_id: str,
        seen: Conversation,
        number: int,
        *,
        holder: str,
        lease_until: int,
        actions: Sequence[Action] = (),
    ) -> int:
        """Begin to write on at the answer of the last turn, and return the version that comes with it.

        It does not count as stored until it ends. Raises ConflictError when the conversation is not at
        `seen.version`, or that answer is not as it was seen, and ActionRefusedError.
        """
        turn = seen.turns[-1] if seen.turns else None
        if turn is None or turn.answer is None or turn.number != number:
            raise ConflictError
        pk, sk = schema.person(user_id), schema.message(seen.id, number, "assistant")
        stored = self._table.get(pk, sk)
        if stored is None or answer_of(stored) != turn.answer:
            raise ConflictError
        counted, version = stored.get("bytes", 0), seen.version + 1
        lease = stored.get("lease_until")
        untouched = Attr("lease_until").not_exists() if lease is None else Attr("lease_until").eq(lease)
        as_seen = Attr("status").eq(stored["status"]) & untouched
        kept = {name: value for name, value in stored.items() if name not in ("bytes", "stop_requested")}
        begun = kept | {"status": WRITING, "reason": "", "holder": holder, "lease_until": lease_until}
        changes = {"version": version, "updated_at": int(time.time())}
        ours = [
            advance(user_id, seen, changes, -counted),
            Update(pk, schema.STORAGE, add={"bytes": -counted}),
            Put(begun, as_seen),
            changed(user_id, seen.id, number),
        ]
        try:
            self._table.transact([*ours, *actions])
        except ConflictError as conflict:
            if any(position < len(ours) for position in conflict.failed):
                raise
            raise ActionRefusedError(*(position - len(ours) for position in conflict.failed)) from None
        return version

    def write(
        self,
        user_id: str,
        conversation_id: str,
        number: int,
        holder: str,
        text: str,
        lease_until: int,
        version: int = 0,
        *,
        looks: bool = True,
    ) -> bool:
        """Store what there is of an answer, and whose it is until when; whether somebody asked to stop it.

        `version` is the conversation's since the answer is written, if that is not the one of its turn; with
        `looks` alone it is compared, which takes a reading.

        Raises ConflictError when the conversation has changed since, or the answer is another's.
        """
        pk, sk = schema.person(user_id), schema.message(conversation_id, number, "assistant")
        if looks and not self._is_at(pk, conversation_id, version or schema.version_of(number)):
            raise ConflictError
        ours = Attr("status").eq(WRITING) & Attr("holder").eq(holder) & Attr("stop_requested").not_exists()
        try:
            self._table.write(
                Update(pk, sk, set=unfinished(text, holder, lease_until), condition=ours), returns=False
            )
        except ConflictError:
            item = self._table.get(pk, sk)
            if not item or item["status"] != WRITING or item.get("holder") != holder:
                raise
            return True
        return False

    def _is_at(self, pk: str, conversation_id: str, version: int) -> bool:
        sk = schema.conversation(conversation_id)
        head = self._table.get_many(pk, [sk], names=["sk", "version", "deleted_at"]).get(sk)
        return head is not None and "deleted_at" not in head and head["version"] == version

    def answer(
        self,
        user_id: str,
        conversation_id: str,
        number: int,
        holder: str,
        answer: Answer,
        version: int = 0,
        before: Answer = NOTHING,
        actions: Sequence[Action] = (),
        *,
        cache_saved: int = 0,
    ) -> None:
        """Store the whole answer of a turn; storing the same once more is fine, and counts nothing.

        `version` is as in `write`; `before` is what it went on with, whose tokens count already; `actions`
        are the caller's, in the same transaction; `cache_saved` is what the prompt cache saved this time.

        Raises ConflictError when the conversation has changed since, or the answer is another's, and
        ActionRefusedError.
        """
        whole = replace(answer, is_imported=before.is_imported)
        pk, item = schema.person(user_id), answer_item(user_id, conversation_id, number, whole)
        counts = {
            "input_tokens": answer.input_tokens - before.input_tokens,
            "output_tokens": answer.output_tokens - before.output_tokens,
        }
        if cache_saved:
            counts["cache_saved_tokens"] = cache_saved
        head = Update(
            pk,
            schema.conversation(conversation_id),
            set={"updated_at": int(time.time())},
            add=counts | {"stored_bytes": item["bytes"]},
            condition=is_at(version or schema.version_of(number)),
        )
        storage = Update(pk, schema.STORAGE, add={"bytes": item["bytes"]})
        ours = [head, Put(item, _writable(holder)), storage]
        try:
            self._table.transact([*ours, *actions])
        except ConflictError as conflict:
            if all(position >= len(ours) for position in conflict.failed):
                raise ActionRefusedError(*(position - len(ours) for position in conflict.failed)) from None
            stored = self._table.get(pk, item["sk"]) if 0 not in conflict.failed else None
            if actions or stored is None or answer_of(stored) != answer_of(item):
                raise

    def request_stop(self, user_id: str, conversation_id: str, number: int) -> bool:
        """Ask whoever writes the answer of that turn to stop; False when nobody does."""
        if not valid_id(conversation_id):
            return False
        key = schema.message(conversation_id, number, "assistant")
        condition = Attr("status").eq(WRITING)
        try:
            self._table.write(
                Update(schema.person(user_id), key, set={"stop_requested": 1}, condition=condition)
            )
        except ConflictError:
            return False
        return True


def _writable(holder: str) -> Condition:
    """Of an answer: it is not there yet, or it is unfinished and this one's to write."""
    ours = Attr("holder").not_exists() | Attr("holder").eq(holder)
    return Attr("pk").not_exists() | (Attr("status").eq(WRITING) & ours)
