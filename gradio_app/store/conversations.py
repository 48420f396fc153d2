"""Conversations in the table; the browser never holds more of one than its id.

A conversation is one item, its head, and two items per turn, question and answer, under its owner's partition
key (`schema`); versions of a question are turns of their own (`branches`). Each change of the turns raises
the head's `version` and demands the version that the caller saw, so two tabs cannot overwrite each other.
Turn numbers are made from versions and never used twice: a late write can neither replace a newer message nor
mix with one. Another user's conversation cannot even be named.

Every reading is bounded: what it costs does not depend on how long the conversation is.
"""

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from gradio_app.chat.assistant import Assistant, to_json
from gradio_app.chat.attachments import Files
from gradio_app.chat.conversation import (
    Answer,
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
from gradio_app.store.answers import NOTHING, ActionRefusedError, Answers
from gradio_app.store.branches import Branches
from gradio_app.store.deletion import Deletion
from gradio_app.store.files import AttachedFiles, left_item
from gradio_app.store.heads import (
    BY_MODEL,
    BY_PERSON,
    HEADING_NAMES,
    advance,
    branch_summary,
    heading_of,
    is_at,
)
from gradio_app.store.messages import (
    TEXT_BYTES,
    begun_item,
    cut_to_bytes,
    files_of,
    item_bytes,
    question_item,
)
from gradio_app.store.organizing import Organizing
from gradio_app.store.retention import Retention
from gradio_app.store.said import changed
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
    Update,
)
from gradio_app.store.thumbs import forget_thumb

CONVERSATION_BYTES = 100_000_000
"""Most that one conversation takes: its messages, thousands of long turns, with their files."""
PERSON_BYTES = 500_000_000
"""Most that all conversations of a person take; at 0.25 USD per GB and month some 12 cents, were it all
text."""
LISTINGS = 5
"""Most times that a list is filled up because conversations in it are being deleted."""

SETTINGS = ("model_id", "temperature", "max_tokens", "effort", "service_tier", "asks", "instructions")

_HEAD, _STORAGE = 0, 1
"""Where both stand in a transaction."""


class FullError(Exception):
    """There is no room for another question; `which` is "conversation" or "person"."""

    def __init__(self, which: str) -> None:
        super().__init__(which)
        self.which = which


class Conversations(Branches, Answers, Deletion, Organizing):
    """The store. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(
        self, table: Table, files: AttachedFiles | None = None, retention: Retention | None = None
    ) -> None:
        self._table = table
        self._retention = retention or Retention()
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
                elif head and not self._retention.is_over(head):
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
        answering: Answer = NOTHING,
        assistant: Assistant | None = None,
        **settings: Any,
    ) -> int:
        """Store a question and return its turn's number; with `replaces`, as another version of that turn's.

        That turn and what followed it stay, and are shown no more; only a last question without an answer is
        forgotten when it is asked once more. All of it is one transaction with the caller's `actions`.

        Args:
            files: what is attached to it and lies in the conversation's part of the bucket already. Of the
                replaced question's files those stay that are among them.
            holder: who is going to write the answer, until `lease_until` for the time being; nobody if empty.
            answering: what is known of that answer: its model and settings, and whether it has to cite.
            assistant: who answers, of which a new conversation keeps a copy.
            settings: `model_id`, `temperature`, `max_tokens`, `effort`, `service_tier`, `asks` and
                `instructions`, which the conversation keeps.

        Raises ConflictError when the conversation is not at `seen.version` or has no such turn, FullError,
        TooManyVersionsError and ActionRefusedError.
        """
        version = seen.version + 1 if seen.version else now_ms()
        # A conversation made anew under a deleted one's id starts above every number of the old one.
        parts = plain(question) if isinstance(question, str) else question
        if replaces is None:
            place = self._behind(user_id, seen, version)
        else:
            place = self._instead(user_id, seen, version, replaces, parts, files)
        number = place.number
        where = (user_id, seen.id, number, place.parent)
        item = question_item(*where, parts, files, place.kept, **place.attributes)
        assisted = [assisted_item(user_id, seen.id, assistant)] if assistant and not seen.version else []
        grows = item["bytes"] - _bytes(place.dropped) + sum(map(item_bytes, assisted))
        if grows > 0 and seen.stored_bytes + grows > CONVERSATION_BYTES:
            raise FullError("conversation")
        changes = {"version": version, "updated_at": int(time.time()), **_settings(settings), **place.head}
        if not seen.version:
            changes |= _begun(parts, files, assistant)
        left = _left(user_id, seen.id, place.dropped, files)
        ours = [
            advance(user_id, seen, changes, grows),
            _storage(user_id, grows),
            Put(item),
            *place.actions,
            *_drops(seen.id, place.dropped),
            *_unsaid(user_id, seen.id, place.dropped),
            *map(Put, [*left, *assisted]),
        ]
        if not seen.version:
            ours.append(Check(item["pk"], schema.deleted(seen.id), Attr("pk").not_exists()))
        if holder:
            ours.append(Put(begun_item(user_id, seen.id, number, answering, holder, lease_until)))
        try:
            self._table.transact([*ours, *actions])
        except ConflictError as conflict:
            raise _refusal(conflict, len(ours)) from None
        self._delete_files(user_id, left)
        return number

    def undo(self, user_id: str, seen: Conversation, number: int) -> Conversation:
        """Drop the last turn, and return what is left of what was seen.

        When its question has other versions, the one beside it is shown, of which nothing was seen.

        Raises ConflictError when the conversation is not at `seen.version`, or that is not its last turn.
        """
        pk = schema.person(user_id)
        keys = [schema.message(seen.id, number, role) for role in schema.ROLES]
        if number <= 0 or number != self._last(user_id, seen):
            raise ConflictError
        found = self._table.get_many(pk, keys)
        if keys[0] not in found:
            raise ConflictError
        removal = self._removal(user_id, seen, found[keys[0]])
        grows = removal.stays - _bytes(found.values())
        left = before_turn(seen, number)
        changes: dict[str, Any] = {"version": seen.version + 1, "updated_at": int(time.time())}
        if schema.is_branched(number) or schema.is_branched(removal.leaf):
            changes |= self._showing(user_id, seen.id, removal.leaf) | branch_summary(seen, number)
        if not schema.is_branched(number):
            changes |= _summary(left)
        gone = [left_item(user_id, seen.id, [file.id for file in removal.files])] if removal.files else []
        self._table.transact(
            [
                advance(user_id, seen, changes, grows),
                _storage(user_id, grows),
                *_drops(seen.id, [found[key] for key in keys if key in found]),
                changed(user_id, seen.id, number),
                *removal.actions,
                *map(Put, gone),
            ]
        )
        self._delete_files(user_id, gone)
        forget_thumb(self._table, user_id, seen.id, number)
        turns = left.turns if left.last == removal.leaf else ()
        known = {
            name: changes.get(name, getattr(left, name))
            for name in ("version", "updated_at", "shown", "stem")
        }
        return replace(left, turns=turns, last=removal.leaf, stored_bytes=seen.stored_bytes + grows, **known)

    def summarize(
        self, user_id: str, seen: Conversation, number: int, summary: str, summarized_to: int
    ) -> None:
        """Store the summary of all turns to `summarized_to`.

        Raises ConflictError when `number` is not the last, or the summary that was seen was taken back.
        """
        kind = "branch_" if schema.is_branched(summarized_to) else ""
        changes = {
            f"{kind}summary": cut_to_bytes(summary, TEXT_BYTES),
            f"{kind}summarized_to": summarized_to,
        }
        condition = is_at(schema.version_of(number))
        condition &= Attr("whole").eq(1) if seen.is_whole else Attr("whole").not_exists()
        if seen.summarized_to:
            was = "branch_" if schema.is_branched(seen.summarized_to) else ""
            condition &= Attr(f"{was}summarized_to").eq(seen.summarized_to)
        key = schema.conversation(seen.id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=condition))

    def take_back_summary(self, user_id: str, seen: Conversation) -> None:
        """Forget the summary that was seen, and that more is to go word for word from now on.

        Raises ConflictError when the conversation is not at `seen.version`, or has another summary.
        """
        kind = "branch_" if schema.is_branched(seen.summarized_to) else ""
        condition = is_at(seen.version) & Attr(f"{kind}summarized_to").eq(seen.summarized_to)
        changes = {f"{kind}summary": "", f"{kind}summarized_to": 0, "whole": 1}
        key = schema.conversation(seen.id)
        self._table.write(Update(schema.person(user_id), key, set=changes, condition=condition))

    def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give the conversation another title; raises ConflictError when there is none to rename."""
        self._title(user_id, conversation_id, title, BY_PERSON, self._retention.lasts())

    def name(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give it the model's title; ConflictError when somebody has named it, or it is gone."""
        unnamed = self._retention.lasts() & Attr("named").not_exists()
        self._title(user_id, conversation_id, title, BY_MODEL, unnamed)

    def _title(self, user_id: str, conversation_id: str, title: str, by: int, condition: Condition) -> None:
        if not valid_id(conversation_id):
            raise ConflictError
        changes = {"title": title_of(cut_to_bytes(title, TEXT_BYTES)), "named": by}
        key = schema.conversation(conversation_id)
        named = Update(schema.person(user_id), key, set=changes, condition=condition)
        self._table.transact([named, changed(user_id, conversation_id)])

    def _delete_files(self, user_id: str, left: list[Item]) -> None:
        """Delete the files that a transaction has just left behind."""
        if self._files:
            self._files.clear_now(user_id, left)


def _begun(question: Parts, files: Files, assistant: Assistant | None) -> dict[str, str]:
    """What a head says from its first question on."""
    named = text_of(question) or ", ".join(file.name for file in files)
    told = {"title": title_of(cut_to_bytes(named, TEXT_BYTES))}
    return told | ({"assistant": label_json(assistant)} if assistant else {})


def label_json(assistant: Assistant) -> str:
    """Which assistant it is, as a conversation's head has it."""
    return json.dumps(vars(assistant.label), ensure_ascii=False)


def assisted_item(user_id: str, conversation_id: str, assistant: Assistant) -> Item:
    """The copy that a conversation keeps of the assistant with which it was begun."""
    key = {"pk": schema.person(user_id), "sk": schema.assisted(conversation_id)}
    return {**key, "assistant": to_json(assistant)}


def _drops(conversation_id: str, messages: Sequence[Item]) -> list[Delete]:
    """What deletes a turn, question first, as long as its answer is what was read, and counts what it did."""
    if not messages:
        return []
    question, *answers = messages
    key = schema.message(conversation_id, schema.turn_number(question["sk"]), "assistant")
    counted = answers[0].get("bytes") if answers else None
    unchanged = Attr("bytes").not_exists() if counted is None else Attr("bytes").eq(counted)
    return [Delete(question["pk"], question["sk"]), Delete(question["pk"], key, unchanged)]


def _unsaid(user_id: str, conversation_id: str, dropped: Sequence[Item]) -> list[Update]:
    """What has search take back what a turn said that goes."""
    return [changed(user_id, conversation_id, schema.turn_number(each["sk"])) for each in dropped[:1]]


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


def _bytes(items: Iterable[Item]) -> int:
    """What goes from the counts when the messages go: nothing for those that were never counted."""
    return sum(item.get("bytes", 0) for item in items)


def _left(user_id: str, conversation_id: str, dropped: Iterable[Item], kept: Files) -> list[Item]:
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
