"""Answers while they are written, and at their end.

Whoever writes an answer holds a lease on it, which it renews with what there is of the text. So every task
knows whether it goes on, and only a lease that ran out is an interruption.
"""

import time

from gradio_app.chat.conversation import WRITING, Answer, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import is_at
from gradio_app.store.messages import answer_item, answer_of, unfinished
from gradio_app.store.table import Attr, Check, Condition, ConflictError, Put, Table, Update


class Answers:
    """A part of the store: the second message of a turn."""

    _table: Table

    def write(
        self, user_id: str, conversation_id: str, number: int, holder: str, text: str, lease_until: int
    ) -> bool:
        """Store what there is of an answer, and whose it is until when; whether somebody asked to stop it.

        Raises ConflictError when that turn is not the conversation's last any more, or the answer another's.
        """
        pk, sk = schema.person(user_id), schema.message(conversation_id, number, "assistant")
        changes = unfinished(text, holder, lease_until)
        condition = _writable(holder) & Attr("stop_requested").not_exists()
        try:
            self._table.transact(
                [
                    Check(pk, schema.conversation(conversation_id), is_at(schema.version_of(number))),
                    Update(pk, sk, set=changes, condition=condition),
                ]
            )
        except ConflictError as conflict:
            item = self._table.get(pk, sk) if conflict.failed == (1,) else None
            if not item or item["status"] != WRITING or item.get("holder") != holder:
                raise
            return True
        return False

    def answer(self, user_id: str, conversation_id: str, number: int, holder: str, answer: Answer) -> None:
        """Store the whole answer of a turn; storing the same once more is fine, and counts nothing.

        Raises ConflictError when that turn is not the conversation's last any more, or the answer another's.
        """
        pk, item = schema.person(user_id), answer_item(user_id, conversation_id, number, answer)
        counts = {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens}
        head = Update(
            pk,
            schema.conversation(conversation_id),
            set={"updated_at": int(time.time())},
            add=counts | {"stored_bytes": item["bytes"]},
            condition=is_at(schema.version_of(number)),
        )
        storage = Update(pk, schema.STORAGE, add={"bytes": item["bytes"]})
        try:
            self._table.transact([head, Put(item, _writable(holder)), storage])
        except ConflictError as conflict:
            stored = self._table.get(pk, item["sk"]) if conflict.failed == (1,) else None
            if stored is None or answer_of(stored) != answer_of(item):
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
