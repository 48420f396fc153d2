"""Copies of conversations, as they were at one moment, for whoever is signed in, until they are revoked.

A copy has a partition of its own, named by an id that nobody guesses; its owner's list says which there are.
The list is written first and forgets last, so whatever dies in between can be revoked. A copy is shown only
while its conversation is there.
"""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from gradio_app.chat.conversation import Turn, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import LIVE
from gradio_app.store.table import Attr, Check, ConflictError, Delete, Item, Put, Table

SHARES = 50
"""Most copies that a person has; two tabs at the same moment may make one more."""
SHARED_TURNS, SHARED_BYTES = 200, 1_000_000
"""Most of one copy."""


class TooManySharesError(Exception):
    """The person has SHARES."""


@dataclass(frozen=True)
class Share:
    """A copy in its owner's list."""

    id: str
    conversation_id: str
    title: str = field(repr=False)
    at: int
    """Epoch seconds."""


@dataclass(frozen=True)
class Copied:
    """A turn of a copy."""

    question: str = field(repr=False)
    answer: str = field(repr=False)
    model_id: str = ""


@dataclass(frozen=True)
class Copy:
    """What everybody may read."""

    owner: str
    conversation_id: str
    title: str = field(repr=False)
    at: int
    turns: tuple[Copied, ...]


class Sharing:
    """The store. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def shares(self, user_id: str) -> list[Share]:
        """A person's copies, the last one first."""
        found = self._table.query(schema.person(user_id), prefix=schema.SHARE)
        listed = [_share(item) for item in islice(found, 2 * SHARES)]
        return sorted(listed, key=lambda share: (-share.at, share.id))

    def share(self, user_id: str, conversation_id: str, title: str, turns: Sequence[Turn]) -> Share:
        """Make a copy of these turns.

        Raises TooManySharesError, or ConflictError when the conversation was deleted or the copy revoked
        before it was made.
        """
        if len(self.shares(user_id)) >= SHARES:
            raise TooManySharesError
        share = Share(secrets.token_hex(16), conversation_id, title, int(time.time()))
        pk, told = schema.shared(share.id), {"title": title, "at": share.at}
        self._table.put({**_listed(user_id, share), **told})
        self._table.put_all(_copied(pk, number, turn) for number, turn in enumerate(turns))
        head = {"pk": pk, "sk": schema.SHARED_HEAD, "owner": user_id, "conversation": conversation_id, **told}
        owner, listed = schema.person(user_id), schema.share(conversation_id, share.id)
        try:
            self._table.transact(
                [
                    Check(owner, schema.conversation(conversation_id), Attr("pk").exists() & LIVE),
                    Check(owner, listed, Attr("pk").exists()),
                    Put(head),
                ]
            )
        except ConflictError:
            drop_share(self._table, user_id, listed)
            raise
        return share

    def read(self, share_id: str) -> Copy | None:
        """A copy; None when there is none, or it was revoked."""
        if not valid_id(share_id):
            return None
        pk = schema.shared(share_id)
        head = self._table.get(pk, schema.SHARED_HEAD)
        if head is None:
            return None
        turns = islice(self._table.query(pk, prefix=schema.SHARED_TURN), SHARED_TURNS)
        return Copy(
            head["owner"],
            head["conversation"],
            head["title"],
            head["at"],
            tuple(Copied(each["question"], each["answer"], each["model_id"]) for each in turns),
        )

    def revoke(self, user_id: str, conversation_id: str, share_id: str) -> None:
        """Delete a copy of one's own; what is not there is revoked."""
        if not (valid_id(conversation_id) and valid_id(share_id)):
            return
        sk = schema.share(conversation_id, share_id)
        if self._table.get(schema.person(user_id), sk):
            drop_share(self._table, user_id, sk)


def drop_share(table: Table, user_id: str, share_key: str) -> None:
    """Delete the copy of an entry of a person's list: at once for its readers, and then all of it."""
    pk = schema.shared(share_key.rpartition("#")[2])
    table.write(Delete(pk, schema.SHARED_HEAD))
    table.delete_all(pk, table.sort_keys(pk, schema.SHARED_TURN))
    table.write(Delete(schema.person(user_id), share_key))


def _listed(user_id: str, share: Share) -> Item:
    return {"pk": schema.person(user_id), "sk": schema.share(share.conversation_id, share.id)}


def _share(item: Item) -> Share:
    _, conversation_id, share_id = item["sk"].split("#")
    return Share(share_id, conversation_id, item["title"], item["at"])


def _copied(pk: str, number: int, turn: Turn) -> Item:
    return {
        "pk": pk,
        "sk": f"{schema.SHARED_TURN}{number:06d}",
        "question": turn.question_text,
        "answer": turn.answer.text if turn.answer else "",
        "model_id": turn.answer.model_id if turn.answer else "",
    }
