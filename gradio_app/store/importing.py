"""Storing whole conversations that were read out of a file, under ids and numbers of their own.

A conversation is there when its head is, which comes last and with what is counted, in one transaction. What
was written before it by a task that died is written down as to be deleted before it is written.

Ids and numbers follow from the run of a file, which is remembered until all of it is there: the same file
brought in again after a failure goes on where that one ended, and makes nothing twice.
"""

import hashlib
import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

from gradio_app.chat.assistant import Assistant
from gradio_app.chat.conversation import Answer, now_ms, plain
from gradio_app.store import schema
from gradio_app.store.branches import PATH, Versions
from gradio_app.store.conversations import (
    CONVERSATION_BYTES,
    PERSON_BYTES,
    FullError,
    assisted_item,
    label_json,
)
from gradio_app.store.heads import BY_PERSON
from gradio_app.store.messages import answer_item, item_bytes, question_item
from gradio_app.store.table import (
    Attr,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    TableUnreachable,
    Update,
)

AT_WORK_SECONDS = 3600
"""After which a task that has not come to an end with one counts as dead."""
REMEMBERED_SECONDS = 6 * 3600
"""For how long a file that did not come in whole goes on; what is deleted meanwhile is remembered longer."""
AT_ONCE = 250
"""Messages that are written in one step: seconds at most, then others have their turn."""


@dataclass(frozen=True)
class Run:
    """A file on its way in."""

    user_id: str
    key: str
    """Of what remembers it."""
    id: str
    begun: int
    """In milliseconds since the epoch, from which its ids and numbers count."""
    is_again: bool
    """Whether some of it may be there."""


@dataclass(frozen=True)
class Said:
    """A turn with the numbers of the file; `first` is that of the first version of its question, if any."""

    number: int
    parent: int
    first: int
    question: str = field(repr=False)
    answer: Answer | None = field(repr=False)


@dataclass(frozen=True)
class Imported:
    """A conversation; its turns follow their parents, and those of no branch are one line."""

    title: str = field(repr=False)
    turns: tuple[Said, ...]
    shown: int = 0
    """The last turn that is shown, where it lies in a branch."""
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What its head keeps of how it was asked, and its person's instructions."""
    assistant: Assistant | None = field(default=None, repr=False)
    """With which it was begun."""


class Importing:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def begin(self, user_id: str, content: bytes) -> Run:
        """The run of a file: that which has not come to its end, or another."""
        self._clear(user_id)
        pk, key = schema.person(user_id), schema.brought(hashlib.sha256(content).hexdigest())
        run = Run(user_id, key, secrets.token_hex(16), now_ms(), is_again=False)
        after = int(time.time()) + REMEMBERED_SECONDS
        remembered = {"pk": pk, "sk": key, "run": run.id, "begun": run.begun, "after": after}
        try:
            self._table.write(Put(remembered, Attr("pk").not_exists()))
        except ConflictError:
            if before := self._table.get(pk, key):
                return replace(run, id=before["run"], begun=before["begun"], is_again=True)
            self._table.put(remembered)  # that one has just come to its end
        return run

    def store(self, run: Run, conversations: Sequence[Imported]) -> Iterator[None]:
        """Store conversations one after the other, step by step, but for those that are there.

        Raises FullError for one that has no room. Those before it are stored then.
        """
        for place, conversation in enumerate(conversations):
            if conversation_id := self._free_id(run, place):
                yield from self._store(run, conversation_id, conversation)

    def end(self, run: Run) -> None:
        """All of the file is there: the same one again makes copies from now on.

        Where that cannot be written, the file is there all the same, and the same one again is for nothing.
        """
        with suppress(ConflictError, TableUnreachable):
            self._table.write(Delete(schema.person(run.user_id), run.key, Attr("run").eq(run.id)))

    def _free_id(self, run: Run, place: int) -> str:
        """The id of a conversation of a file; empty when it is there. One that was deleted comes anew."""
        pk = schema.person(run.user_id)
        for again in count():
            drawn = hashlib.sha256(f"{run.id} {place} {again}".encode()).hexdigest()
            conversation_id = f"{run.begun + place:012x}{drawn[:20]}"
            keys = [schema.conversation(conversation_id), schema.deleted(conversation_id)]
            found = self._table.get_many(pk, keys, ("sk", "deleted_at")) if run.is_again else {}
            if not found:
                return conversation_id
            if keys[1] not in found and "deleted_at" not in found[keys[0]]:
                return ""
        raise AssertionError("endless")

    def _store(self, run: Run, conversation_id: str, conversation: Imported) -> Iterator[None]:
        user_id, pk = run.user_id, schema.person(run.user_id)
        turns = _renumbered(conversation.turns, run.begun)
        items = list(_items(user_id, conversation_id, turns))
        stored = sum(item.get("bytes", 0) for item in items)
        assistant, begun_with = conversation.assistant, {}
        if assistant:
            items.append(assisted_item(user_id, conversation_id, assistant))
            stored += item_bytes(items[-1])
            begun_with = {"assistant": label_json(assistant)}
        if stored > CONVERSATION_BYTES:
            raise FullError("conversation")
        if (self._table.get(pk, schema.STORAGE) or {}).get("bytes", 0) + stored > PERSON_BYTES:
            raise FullError("person")
        begun = {
            "pk": pk,
            "sk": schema.imported(conversation_id),
            "after": int(time.time()) + AT_WORK_SECONDS,
        }
        self._table.put(begun)
        for first in range(0, len(items), AT_ONCE):
            self._table.put_all(items[first : first + AT_ONCE])
            yield
        head = {
            "pk": pk,
            "sk": schema.conversation(conversation_id),
            "title": conversation.title,
            "named": BY_PERSON,
            "version": max(schema.version_of(turn.number) for turn in turns),
            "updated_at": int(time.time()),
            "stored_bytes": stored,
            **conversation.settings,
            **begun_with,
            **_tokens(turns),
            **_shown(conversation, turns, {item["sk"]: item for item in items}, conversation_id),
        }
        room = Attr("bytes").not_exists() | Attr("bytes").lte(PERSON_BYTES - stored)
        counted = Update(pk, schema.STORAGE, add={"bytes": stored}, condition=room)
        ended = Delete(pk, begun["sk"], Attr("pk").exists())
        try:
            self._table.transact([Put(head, Attr("pk").not_exists()), counted, ended])
        except ConflictError as conflict:
            if 0 in conflict.failed:  # the same run, on another task
                self._table.write(Delete(pk, begun["sk"]))
                return
            self._drop(pk, conversation_id)
            raise FullError("person") from None

    def _clear(self, user_id: str) -> None:
        """Delete what tasks have left that died over it."""
        pk = schema.person(user_id)
        for item in self._table.query(pk, prefix=schema.IMPORTED):
            if item["after"] < time.time():
                self._drop(pk, item["sk"].removeprefix(schema.IMPORTED))
        for item in self._table.query(pk, prefix=schema.BROUGHT):
            if item["after"] < time.time():
                with suppress(ConflictError):  # it began anew
                    self._table.write(Delete(pk, item["sk"], Attr("after").eq(item["after"])))

    def _drop(self, pk: str, conversation_id: str) -> None:
        """Delete what there is of a conversation without a head."""
        if not self._table.get(pk, schema.conversation(conversation_id)):
            for prefix in schema.parts_of(conversation_id):
                self._table.delete_all(pk, self._table.sort_keys(pk, prefix))
            self._table.write(Delete(pk, schema.assisted(conversation_id)))
        self._table.write(Delete(pk, schema.imported(conversation_id)))


def _renumbered(turns: Sequence[Said], until: int) -> list[Said]:
    """The same turns with numbers of today, in their order and their lines."""
    now = until - len(turns)
    fresh = {
        turn.number: now + at + (schema.BRANCHED if schema.is_branched(turn.number) else 0)
        for at, turn in enumerate(turns)
    }
    fresh[0] = 0
    return [
        replace(turn, number=fresh[turn.number], parent=fresh[turn.parent], first=fresh[turn.first])
        for turn in turns
    ]


def _items(user_id: str, conversation_id: str, turns: Sequence[Said]) -> Iterator[Item]:
    paths: dict[int, tuple[list[int], int]] = {}
    for turn in turns:
        place: dict[str, Any] = {"first": turn.first} if turn.first else {}
        if schema.is_branched(turn.number):
            above, stem = paths.get(turn.parent, ([], turn.parent))
            path = [*above, turn.parent][-PATH:] if schema.is_branched(turn.parent) else []
            paths[turn.number] = path, stem
            place |= {"path": " ".join(map(str, path)), "stem": stem}
        where = (user_id, conversation_id, turn.number)
        yield question_item(*where, turn.parent, plain(turn.question), **place)
        if turn.answer:
            yield answer_item(*where, turn.answer)
    leaves, versions = _leaves(turns), defaultdict[int, list[int]](list)
    for turn in turns:
        if turn.first:
            versions[turn.first].append(turn.number)
    for first, numbers in versions.items():
        of_versions = {number: leaves[number] for number in numbers}
        yield dict(Versions(first, of_versions).put(user_id, conversation_id).item)


def _leaves(turns: Sequence[Said]) -> dict[int, int]:
    """For each turn the last one behind it in the same line, by the first version of each question there."""
    versions: set[tuple[int, bool]] = set()
    next_turn: dict[tuple[int, bool], int] = {}
    for turn in turns:
        line = schema.is_branched(turn.number)
        if not turn.first or (turn.first, line) not in versions:
            next_turn.setdefault((turn.parent, line), turn.number)
        versions.add((turn.first, line))
    leaves: dict[int, int] = {}
    for turn in reversed(turns):
        after = next_turn.get((turn.number, schema.is_branched(turn.number)))
        leaves[turn.number] = leaves[after] if after else turn.number
    return leaves


def _tokens(turns: Sequence[Said]) -> dict[str, int]:
    answers = [turn.answer for turn in turns if turn.answer]
    return {
        "input_tokens": sum(answer.input_tokens for answer in answers),
        "output_tokens": sum(answer.output_tokens for answer in answers),
    }


def _shown(
    conversation: Imported, turns: Sequence[Said], items: Mapping[str, Item], conversation_id: str
) -> dict[str, int]:
    """What a head says of the branch that is shown."""
    at = next((n for n, turn in enumerate(conversation.turns) if turn.number == conversation.shown), None)
    if at is None or not schema.is_branched(turns[at].number):
        return {}
    leaf = turns[at].number
    return {"shown": leaf, "stem": items[schema.message(conversation_id, leaf, "user")]["stem"]}
