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

from gradio_app.chat.conversation import (
    WRITING,
    Answer,
    Conversation,
    Cursor,
    Heading,
    Parts,
    Turn,
    before_turn,
    now_ms,
    plain,
    text_of,
    title_of,
    valid_id,
)
from gradio_app.store import schema
from gradio_app.store.messages import (
    TEXT_BYTES,
    answer_item,
    answer_of,
    cut_to_bytes,
    question_item,
    turns_of,
    unfinished,
)
from gradio_app.store.table import (
    Action,
    Attr,
    Check,
    Condition,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    TableUnreachable,
    Update,
)

CONVERSATION_BYTES = 20_000_000
"""Most that the messages of one conversation take: thousands of long turns."""
PERSON_BYTES = 500_000_000
"""Most that all messages of a person take; at 0.25 USD per GB and month some 12 cents."""
PIECE_TURNS = 40
PIECE_BYTES = 3_000_000
"""Dropped in one transaction, which takes 100 actions and 4 MB at most; a turn is two of them, and the head,
the person's storage, a new question with its lease and what the caller adds are more."""
ITEMS_AT_ONCE = 100
"""Messages that one reading of the model's context fetches at a time."""
LISTINGS = 5
"""Most times that a list is filled up because conversations in it are being deleted."""
PURGED_AT_ONCE = 200
"""Messages that a listing deletes of a conversation whose deletion was cut off."""
TOMBSTONE_SECONDS = 24 * 3600
DELETIONS = 5
"""Tries of a deletion whose conversation is changed under its hands."""

HEADING_NAMES = ("sk", "title", "pinned", "folder", "deleted_at", "version", "stored_bytes")
SETTINGS = ("model_id", "temperature", "max_tokens")

_LIVE = Attr("deleted_at").not_exists()
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


class Conversations:
    """The store. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

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
                    found.append(_heading(head, entry["updated_at"]))
            if not entries or len(found) == limit:
                break
        self._go_on_deleting(user_id, cut_off)
        return found

    def head(self, user_id: str, conversation_id: str) -> Conversation | None:
        """The conversation without turns, or None when this user has none of that id."""
        if not valid_id(conversation_id):
            return None
        item = self._table.get(schema.person(user_id), schema.conversation(conversation_id))
        return None if item is None or "deleted_at" in item else _conversation(conversation_id, item)

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
            last=window[-1].number if window else conversation.summarized_to,
        )

    def ask(
        self,
        user_id: str,
        seen: Conversation,
        question: str | Parts,
        *,
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
            holder: who is going to write the answer, until `lease_until` for the time being; nobody if empty.
            settings: `model_id`, `temperature` and `max_tokens`, which the conversation keeps.

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
        item = question_item(user_id, seen.id, number, parent, parts)
        grows = item["bytes"] - _bytes(dropped)
        if grows > 0 and seen.stored_bytes + grows > CONVERSATION_BYTES:
            raise FullError("conversation")
        changes = {"version": number, "updated_at": int(time.time()), **_settings(settings)}
        if not seen.version:
            changes["title"] = title_of(cut_to_bytes(text_of(parts), TEXT_BYTES))
        if replaces is not None:  # or else a summary that was written meanwhile stays
            changes |= _summary(before_turn(seen, replaces))
        ours = [
            self._advance(user_id, seen, changes, grows),
            _storage(user_id, grows),
            Put(item),
            *self._drops(user_id, dropped),
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
        return number

    def undo(self, user_id: str, seen: Conversation, number: int) -> Conversation:
        """Drop that turn and all later ones, and return what is left of what was seen.

        Raises ConflictError when the conversation is not at `seen.version` or has no such turn.
        """
        seen, dropped = self._shorten(user_id, seen, number)
        return self._drop(user_id, seen, dropped)

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
                    Check(pk, schema.conversation(conversation_id), _is_at(number)),
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
            condition=_is_at(number),
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

    def summarize(
        self, user_id: str, conversation_id: str, number: int, summary: str, summarized_to: int
    ) -> None:
        """Store the summary of all turns to `summarized_to`; ConflictError when `number` is not the last."""
        changes = {"summary": cut_to_bytes(summary, TEXT_BYTES), "summarized_to": summarized_to}
        key = schema.conversation(conversation_id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=_is_at(number)))

    def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give the conversation another title; raises ConflictError when there is none to rename."""
        if not valid_id(conversation_id):
            raise ConflictError
        changes = {"title": title_of(cut_to_bytes(title, TEXT_BYTES))}
        condition = Attr("pk").exists() & _LIVE
        key = schema.conversation(conversation_id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=condition))

    def delete(self, user_id: str, conversation_id: str) -> None:
        """Delete the conversation with its messages and its draft; deleting what is not there is fine.

        First it is hidden, and no question or answer gets in any more; then all of it goes, and for a day
        nothing can be asked under its id: a question that is on its way would be all that there is of it.
        When this breaks off, the next list that meets it goes on.
        """
        if not valid_id(conversation_id):
            return
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        now = int(time.time())
        hide = Update(
            pk,
            key,
            set={"deleted_at": now, "updated_at": now},
            add={"version": 1},
            condition=Attr("pk").exists(),
        )
        for _ in range(DELETIONS):
            try:
                head = self._table.write(hide)
            except ConflictError:
                head = None
            try:
                if head is None:
                    missing = Check(pk, key, Attr("pk").not_exists())
                    self._table.transact([missing, *_remains(user_id, conversation_id)])
                else:
                    self._purge(user_id, conversation_id, head)
            except ConflictError:
                continue
            return

    def _purge(self, user_id: str, conversation_id: str, head: Item, most: int | None = None) -> None:
        """Delete a hidden conversation, or at most so many messages; ConflictError when it was changed."""
        pk, key = schema.person(user_id), schema.conversation(conversation_id)
        found = self._table.query(pk, schema.messages(conversation_id), names=["sk"], at_once=most)
        keys = [item["sk"] for item in islice(found, most)]
        self._table.delete_all(pk, keys)
        if most is not None and len(keys) == most:
            return
        unchanged = Attr("version").eq(head["version"]) & Attr("deleted_at").exists()
        freed = Update(pk, schema.STORAGE, add={"bytes": -head.get("stored_bytes", 0)})
        self._table.transact([Delete(pk, key, unchanged), freed, *_remains(user_id, conversation_id)])

    def _go_on_deleting(self, user_id: str, heads: list[Item]) -> None:
        for head in heads[:1]:
            try:
                self._purge(user_id, head["sk"].removeprefix(schema.CONVERSATION), head, PURGED_AT_ONCE)
            except (ConflictError, TableUnreachable):
                return  # the next one tries again

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
            at_once=min(2 * most_turns + 1, ITEMS_AT_ONCE) if most_turns else ITEMS_AT_ONCE,
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

    def _shorten(self, user_id: str, seen: Conversation, number: int) -> tuple[Conversation, list[Item]]:
        """Drop all but the last piece of the turns from that one on, and return that piece's messages."""
        if not 0 < number <= seen.version:
            raise ConflictError
        between, names = schema.messages(seen.id, number), ["sk", "bytes"]
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
        left = replace(before_turn(seen, first), version=seen.version + 1)
        changes = {"version": left.version, "updated_at": int(time.time()), **_summary(left)}
        grows = -_bytes(dropped)
        self._table.transact(
            [
                self._advance(user_id, seen, changes, grows),
                _storage(user_id, grows),
                *self._drops(user_id, dropped),
            ]
        )
        return replace(left, stored_bytes=seen.stored_bytes + grows)

    def _drops(self, user_id: str, items: list[Item]) -> list[Delete]:
        return [Delete(schema.person(user_id), item["sk"]) for item in items]

    def _advance(self, user_id: str, seen: Conversation, changes: dict[str, Any], grows: int) -> Update:
        """The change of a conversation's head, on condition that it still is as it was seen."""
        return Update(
            schema.person(user_id),
            schema.conversation(seen.id),
            set=changes,
            add={"stored_bytes": grows},
            condition=_is_at(seen.version) if seen.version else Attr("pk").not_exists(),
        )


def _is_at(version: int) -> Condition:
    return Attr("version").eq(version) & _LIVE


def _writable(holder: str) -> Condition:
    """Of an answer: it is not there yet, or it is unfinished and this one's to write."""
    ours = Attr("holder").not_exists() | Attr("holder").eq(holder)
    return Attr("pk").not_exists() | (Attr("status").eq(WRITING) & ours)


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


def _remains(user_id: str, conversation_id: str) -> list[Put | Delete]:
    """The end of a deletion: no draft any more, and for a while no other conversation of that id."""
    pk = schema.person(user_id)
    end = int(time.time()) + TOMBSTONE_SECONDS
    tombstone = {"pk": pk, "sk": schema.deleted(conversation_id), "expires_at": end}
    return [Put(tombstone), Delete(pk, schema.draft(conversation_id))]


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


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {"summary": conversation.summary, "summarized_to": conversation.summarized_to}


def _settings(settings: dict[str, Any]) -> dict[str, Any]:
    unknown = settings.keys() - set(SETTINGS)
    if unknown:
        raise TypeError(f"no setting of a conversation: {', '.join(sorted(unknown))}")
    return {name: value for name, value in settings.items() if value is not None}


def _heading(head: Item, updated_at: int) -> Heading:
    return Heading(
        id=head["sk"].removeprefix(schema.CONVERSATION),
        title=head["title"],
        updated_at=updated_at,
        pinned=bool(head.get("pinned", 0)),
        folder=head.get("folder", ""),
    )


def _conversation(conversation_id: str, item: Item) -> Conversation:
    temperature = item.get("temperature")
    return Conversation(
        id=conversation_id,
        title=item["title"],
        version=item["version"],
        model_id=item.get("model_id", ""),
        temperature=None if temperature is None else float(temperature),
        max_tokens=item.get("max_tokens", 0),
        pinned=bool(item.get("pinned", 0)),
        folder=item.get("folder", ""),
        updated_at=item.get("updated_at", 0),
        input_tokens=item.get("input_tokens", 0),
        output_tokens=item.get("output_tokens", 0),
        summary=item.get("summary", ""),
        summarized_to=item.get("summarized_to", 0),
        stored_bytes=item.get("stored_bytes", 0),
    )
