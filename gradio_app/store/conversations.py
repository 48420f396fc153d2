"""Conversations in the table; the browser never holds more of one than its id.

A conversation is one item, its head, and two items per turn, question and answer, under its owner's partition
key (`schema`). Each change of the turns raises the head's `version` and demands the version that the caller
saw, so two tabs cannot overwrite each other. Turn numbers are made from versions and never used twice: a late
write can neither replace a newer message nor mix with one. Another user's conversation cannot even be named.

Every reading is bounded: what it costs does not depend on how long the conversation is.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradio_app.chat.attachments import Files
from gradio_app.chat.conversation import (
    Conversation,
    Cursor,
    Heading,
    Parts,
    before_turn,
    now_ms,
    plain,
    text_of,
    title_of,
    valid_id,
)
from gradio_app.store import schema
from gradio_app.store.answers import Answers
from gradio_app.store.deletion import Deletion
from gradio_app.store.files import AttachedFiles, left_item
from gradio_app.store.heads import BY_PERSON, HEADING_NAMES, LIVE, heading_of, is_at
from gradio_app.store.messages import TEXT_BYTES, cut_to_bytes, files_of, question_item, unfinished
from gradio_app.store.organizing import Organizing
from gradio_app.store.reading import Reading
from gradio_app.store.table import (
    Action,
    Attr,
    Check,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    Update,
)

CONVERSATION_BYTES = 100_000_000
"""Most that one conversation takes: its messages, thousands of long turns, with their files."""
PERSON_BYTES = 500_000_000
"""Most that all conversations of a person take; at 0.25 USD per GB and month some 12 cents, were it all
text."""
PIECE_TURNS = 40
PIECE_BYTES = 3_000_000
"""Dropped in one transaction, which takes 100 actions and 4 MB at most; a turn is two of them, and the head,
the person's storage, a new question with its lease and what the caller adds are more."""
LISTINGS = 5
"""Most times that a list is filled up because conversations in it are being deleted."""

SETTINGS = ("model_id", "temperature", "max_tokens", "asks")

_HEAD, _STORAGE = 0, 1
"""Where both stand in a transaction."""


class FullError(Exception):
    """There is no room for another question; `which` is "conversation" or "person"."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


class ActionRefusedError(Exception):
    """What an action demands that the caller added does not hold; `failed` are the positions among those."""

    def __init__(self, *failed: int) -> None:
        super().__init__(*failed)
        self.failed = failed


class Conversations(Reading, Answers, Deletion, Organizing):
    """The store. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, files: AttachedFiles | None = None) -> None:
        self._table = table
        self._files = files
        """Without them nothing can be attached, and nothing is."""

    def headings(self, user_id: str, after: Cursor | None, limit: int) -> list[Heading]:
        """At most `limit` of the user's conversations behind the cursor, the one that changed last first.

        A conversation whose deletion was cut off is not among them, and is deleted a little further.
        """
        pk = schema.person(user_id)
        place = after and {"pk": pk, "sk": schema.conversation(after.id), "updated_at": after.updated_at}
        listed = self._table.query(pk, index=schema.BY_CHANGE, newest_first=True, at_once=limit, after=place)
        found: list[Heading] = []
        cut_off: list[Item] = []
        for _ in range(LISTINGS):
            entries = list(islice(listed, limit - len(found)))
            # The index lags behind and says only who is next: what is shown is read from the heads.
            heads = self._table.get_many(pk, [entry["sk"] for entry in entries], HEADING_NAMES)
            for entry in entries:
                head = heads.get(entry["sk"])
                if head and "deleted_at" in head:
                    cut_off.append(head)
                elif head:
                    found.append(heading_of(head, entry["updated_at"]))
            if not entries or len(found) == limit:
                break
        self._go_on_deleting(user_id, cut_off)
        return found

    def ask(
        self,
        user_id: str,
        seen: Conversation,
        question: str | Parts,
        *,
        files: Files = (),
        replaces: int | None = None,
        actions: Sequence[Action] = (),
        holder: str = "",
        lease_until: int = 0,
        **settings: Any,
    ) -> int:
        """Store a question and return its turn's number; with `replaces`, that turn and all later ones go.

        All of it is one transaction with the caller's `actions`, but for a tail of more than PIECE_TURNS:
        that goes before, from its end, so that a death leaves a shorter conversation and no torn one.

        Args:
            files: what is attached to it and lies in the conversation's part of the bucket already. Of the
                replaced question's files those stay that are among them.
            holder: who is going to write the answer, until `lease_until` for the time being; nobody if empty.
            settings: `model_id`, `temperature`, `max_tokens` and `asks`, which the conversation keeps.

        Raises ConflictError when the conversation is not at `seen.version` or has no such turn, FullError,
        and ActionRefusedError.
        """
        dropped: list[Item] = []
        parent = self._last(user_id, seen) if replaces is None else self._before(user_id, seen, replaces)
        if replaces is not None:
            seen, dropped = self._shorten(user_id, seen, replaces)
        # A conversation made anew under a deleted one's id starts above every number of the old one.
        number = seen.version + 1 if seen.version else now_ms()
        parts = plain(question) if isinstance(question, str) else question
        item = question_item(user_id, seen.id, number, parent, parts, files)
        grows = item["bytes"] - _bytes(dropped)
        if grows > 0 and seen.stored_bytes + grows > CONVERSATION_BYTES:
            raise FullError("conversation")
        changes = {"version": number, "updated_at": int(time.time()), **_settings(settings)}
        if not seen.version:
            named = text_of(parts) or ", ".join(file.name for file in files)
            changes["title"] = title_of(cut_to_bytes(named, TEXT_BYTES))
        if replaces is not None:  # or else a summary that was written meanwhile stays
            changes |= _summary(before_turn(seen, replaces))
        left = _left(user_id, seen.id, dropped, files)
        ours = [
            self._advance(user_id, seen, changes, grows),
            _storage(user_id, grows),
            Put(item),
            *self._drops(user_id, dropped),
            *map(Put, left),
        ]
        if not seen.version:
            ours.append(Check(item["pk"], schema.deleted(seen.id), Attr("pk").not_exists()))
        if holder:
            key = {"pk": item["pk"], "sk": schema.message(seen.id, number, "assistant")}
            ours.append(Put(key | unfinished("", holder, lease_until)))
        try:
            self._table.transact([*ours, *actions])
        except ConflictError as conflict:
            raise _refusal(conflict, len(ours)) from None
        self._delete_files(user_id, left)
        return number

    def undo(self, user_id: str, seen: Conversation, number: int) -> Conversation:
        """Drop that turn and all later ones, and return what is left of what was seen.

        Raises ConflictError when the conversation is not at `seen.version` or has no such turn.
        """
        seen, dropped = self._shorten(user_id, seen, number)
        return self._drop(user_id, seen, dropped)

    def summarize(
        self, user_id: str, conversation_id: str, number: int, summary: str, summarized_to: int
    ) -> None:
        """Store the summary of all turns to `summarized_to`; ConflictError when `number` is not the last."""
        changes = {"summary": cut_to_bytes(summary, TEXT_BYTES), "summarized_to": summarized_to}
        key = schema.conversation(conversation_id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=is_at(number)))

    def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give the conversation another title; raises ConflictError when there is none to rename."""
        if not valid_id(conversation_id):
            raise ConflictError
        changes = {"title": title_of(cut_to_bytes(title, TEXT_BYTES)), "named": BY_PERSON}
        condition = Attr("pk").exists() & LIVE
        key = schema.conversation(conversation_id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=condition))

    def _shorten(self, user_id: str, seen: Conversation, number: int) -> tuple[Conversation, list[Item]]:
        """Drop all but the last piece of the turns from that one on, and return that piece's messages."""
        if not 0 < number <= seen.version:
            raise ConflictError
        between, names = schema.messages(seen.id, number), ["sk", "bytes", "files"]
        found = self._table.query(schema.person(user_id), between, newest_first=True, names=names)
        pieces = list(_pieces(found))
        if not pieces or schema.turn_number(pieces[-1][-1]["sk"]) != number:
            raise ConflictError
        for piece in pieces[:-1]:
            seen = self._drop(user_id, seen, piece)
        return seen, pieces[-1]

    def _drop(self, user_id: str, seen: Conversation, dropped: list[Item]) -> Conversation:
        """Drop the conversation's last turns, whose messages these are, and return what is left."""
        first = schema.turn_number(dropped[-1]["sk"])
        left = replace(before_turn(seen, first), version=seen.version + 1, updated_at=int(time.time()))
        changes = {"version": left.version, "updated_at": left.updated_at, **_summary(left)}
        grows = -_bytes(dropped)
        gone = _left(user_id, seen.id, dropped)
        self._table.transact(
            [
                self._advance(user_id, seen, changes, grows),
                _storage(user_id, grows),
                *self._drops(user_id, dropped),
                *map(Put, gone),
            ]
        )
        self._delete_files(user_id, gone)
        return replace(left, stored_bytes=seen.stored_bytes + grows)

    def _delete_files(self, user_id: str, left: list[Item]) -> None:
        """Delete the files that a transaction has just left behind."""
        if self._files:
            self._files.clear_now(user_id, left)

    def _drops(self, user_id: str, items: list[Item]) -> list[Delete]:
        return [Delete(schema.person(user_id), item["sk"]) for item in items]

    def _advance(self, user_id: str, seen: Conversation, changes: dict[str, Any], grows: int) -> Update:
        """The change of a conversation's head, on condition that it still is as it was seen."""
        return Update(
            schema.person(user_id),
            schema.conversation(seen.id),
            set=changes,
            add={"stored_bytes": grows},
            condition=is_at(seen.version) if seen.version else Attr("pk").not_exists(),
        )


def _storage(user_id: str, grows: int) -> Update:
    """The change of what a person has stored, on condition that there is room for it."""
    room = Attr("bytes").not_exists() | Attr("bytes").lte(PERSON_BYTES - grows)
    pk = schema.person(user_id)
    return Update(pk, schema.STORAGE, add={"bytes": grows}, condition=room if grows > 0 else None)


def _refusal(conflict: ConflictError, ours: int) -> Exception:
    """Why a question was not stored, of a transaction whose first `ours` actions are the store's."""
    if any(position < ours and position != _STORAGE for position in conflict.failed):
        return ConflictError(_HEAD)
    if _STORAGE in conflict.failed:
        return FullError("person")
    return ActionRefusedError(*(position - ours for position in conflict.failed))


def _pieces(newest_first: Iterator[Item]) -> Iterator[list[Item]]:
    """Messages in pieces of whole turns that one transaction can drop."""
    piece: list[Item] = []
    turn: list[Item] = []
    turns = size = 0
    for item in newest_first:
        turn.append(item)
        if item["sk"].endswith("#1"):
            continue  # the question follows
        # Of what was stored before messages knew their size nobody can tell: it may be the most there is.
        weight = sum(member.get("bytes", TEXT_BYTES) for member in turn)
        if piece and (turns == PIECE_TURNS or size + weight > PIECE_BYTES):
            yield piece
            piece, turns, size = [], 0, 0
        piece, turns, size, turn = [*piece, *turn], turns + 1, size + weight, []
    if piece or turn:
        yield [*piece, *turn]


def _bytes(items: list[Item]) -> int:
    """What goes from the counts when the messages go: nothing for those that were never counted."""
    return sum(item.get("bytes", 0) for item in items)


def _left(user_id: str, conversation_id: str, dropped: list[Item], kept: Files = ()) -> list[Item]:
    """What writes down which files no message names any more when these are dropped; nothing for none."""
    stay = {file.id for file in kept}
    ids = [file.id for item in dropped for file in files_of(item) if file.id not in stay]
    return [left_item(user_id, conversation_id, ids)] if ids else []


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {"summary": conversation.summary, "summarized_to": conversation.summarized_to}


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    unknown = settings.keys() - set(SETTINGS)
    if unknown:
        raise TypeError(f"no setting of a conversation: {', '.join(sorted(unknown))}")
    return {name: value for name, value in settings.items() if value is not None}
