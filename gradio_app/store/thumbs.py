"""Thumbs up and down on answers: one of a person for each, and what administrators see of them.

A person's lies in their partition, with its conversation. Beside it, for administrators, lies what they are
told, which says neither who nor where; the person's names it, so that both go together. What was given is
counted by day, model and assistant as well. Counts say nothing of anybody, and stay when the rest goes.

A thumb on an answer that came out of a file is its person's alone: no model here may have written it.
"""

import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice

from gradio_app.chat.assistant import OWN, Label
from gradio_app.chat.conversation import Turn, now_ms, valid_id
from gradio_app.store import schema
from gradio_app.store.heads import LIVE
from gradio_app.store.messages import cut_to_bytes
from gradio_app.store.table import Action, Attr, Check, ConflictError, Delete, Item, Put, Table, Update

REASON_CHARACTERS = 1_000
ANSWER_BYTES = 8_000
"""Of an answer that administrators may read, its beginning."""
KEPT_SECONDS = 365 * 24 * 3600
AT_ONCE = 100
"""Most thumbs that are looked at for a page of turns."""
MODEL_CHARACTERS = 200
"""Of a model's id, which is part of a key of at most 1,024 bytes; ARNs of profiles have some 90."""
NOBODY = "-"
"""Stands for no assistant in a count."""


@dataclass(frozen=True)
class Thumb:
    """What a person thinks of an answer; `agreed` says that administrators may read the answer."""

    up: bool
    reason: str = field(default="", repr=False)
    agreed: bool = False


@dataclass(frozen=True)
class Told:
    """A thumb as administrators see it; `answer` is empty where its person did not agree."""

    day: str
    up: bool
    model_id: str
    assistant: str
    reason: str = field(repr=False)
    answer: str = field(repr=False)


@dataclass(frozen=True)
class Count:
    """How many were given in a day to a model and an assistant; its name is empty for none."""

    day: str
    model_id: str
    assistant: str
    up: int
    down: int


class Thumbs:
    """Every method blocks, and raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: Table, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    def of(self, user_id: str, conversation_id: str, numbers: Iterable[int]) -> dict[int, bool]:
        """Which of these turns' answers have a thumb up, and which down."""
        found: dict[int, bool] = {}
        wanted = set(numbers)
        for kind in (False, True):
            some = [number for number in wanted if schema.is_branched(number) == kind]
            if not some:
                continue
            between = (schema.thumb(conversation_id, min(some)), schema.thumb(conversation_id, max(some)))
            items = self._table.query(schema.person(user_id), between, names=["sk", "up"], at_once=AT_ONCE)
            found |= {schema.turn_number(each["sk"]): bool(each["up"]) for each in islice(items, AT_ONCE)}
        return {number: up for number, up in found.items() if number in wanted}

    def find(self, user_id: str, conversation_id: str, number: int) -> Thumb | None:
        """A person's thumb on an answer."""
        item = self._item(user_id, conversation_id, number)
        return Thumb(bool(item["up"]), item["reason"], bool(item["agreed"])) if item else None

    def give(
        self, user_id: str, conversation_id: str, turn: Turn, assistant: Label | None, thumb: Thumb
    ) -> None:
        """Give an answer a thumb, or another one in place of that.

        Raises ConflictError when the conversation is gone, or another thumb was given at the same moment.
        """
        if turn.answer is None or not valid_id(conversation_id):
            raise ConflictError
        pk, key = schema.person(user_id), schema.thumb(conversation_id, turn.number)
        before = self._item(user_id, conversation_id, turn.number)
        now = self._now()
        day = datetime.fromtimestamp(now, UTC).date().isoformat()
        place, name = _named(assistant)
        model = turn.answer.model_id[:MODEL_CHARACTERS] or NOBODY
        counted = before["counted"] if before else schema.thumbs_counted(day, model, place)
        told = before["told"] if before else schema.thumb_told(now_ms(), secrets.token_hex(8))
        kept = {
            "up": int(thumb.up),
            "reason": thumb.reason,
            "agreed": int(thumb.agreed),
            "told": told,
            "counted": counted,
            **({"untold": 1} if turn.answer.is_imported else {}),
        }
        shown: Item = {
            "pk": schema.THUMBS,
            "sk": told,
            "day": day,
            "up": int(thumb.up),
            "reason": thumb.reason,
            "model_id": model,
            "assistant": name,
            "expires_at": int(now) + KEPT_SECONDS,
        }
        if thumb.agreed:
            shown["answer"] = cut_to_bytes(turn.answer.text, ANSWER_BYTES)
        same = Attr("told").eq(told) & Attr("up").eq(before["up"]) if before else Attr("pk").not_exists()
        actions: list[Action] = [
            Check(pk, schema.conversation(conversation_id), Attr("pk").exists() & LIVE),
            Check(pk, schema.message(conversation_id, turn.number, "assistant"), Attr("pk").exists()),
            Put({"pk": pk, "sk": key, **kept}, same),
        ]
        if not turn.answer.is_imported:
            actions.append(Put(shown))
            if changes := _changes(before, up=thumb.up):
                end = {"expires_at": int(now) + KEPT_SECONDS, "name": name}
                actions.append(Update(schema.THUMBS, counted, set=end, add=changes))
        self._table.transact(actions)

    def take_back(self, user_id: str, conversation_id: str, number: int) -> None:
        """Take a thumb off an answer; where there is none that is fine. It does not count any more either."""
        before = self._item(user_id, conversation_id, number)
        if before is None:
            return
        gone = Delete(
            schema.person(user_id),
            schema.thumb(conversation_id, number),
            Attr("told").eq(before["told"]) & Attr("up").eq(before["up"]),
        )
        if before.get("untold"):
            self._table.write(gone)
            return
        side, end = "up" if before["up"] else "down", int(self._now()) + KEPT_SECONDS
        self._table.transact(
            [
                gone,
                Delete(schema.THUMBS, before["told"]),
                Update(schema.THUMBS, before["counted"], set={"expires_at": end}, add={side: -1}),
            ]
        )

    def counts(self, after: str, limit: int) -> tuple[list[Count], str]:
        """A page of counts, the latest day first, and where the next one begins; empty for the last."""
        items, following = self._page(schema.THUMBS_COUNTED, after, limit)
        return [_count(item) for item in items], following

    def told(self, after: str, limit: int) -> tuple[list[Told], str]:
        """A page of what was given, the latest first, and where the next one begins; empty for the last."""
        items, following = self._page(schema.THUMB_TOLD, after, limit)
        return [
            Told(
                day=item["day"],
                up=bool(item["up"]),
                model_id=item["model_id"],
                assistant=item["assistant"],
                reason=item["reason"],
                answer=item.get("answer", ""),
            )
            for item in items
        ], following

    def _page(self, prefix: str, after: str, limit: int) -> tuple[list[Item], str]:
        behind = {"pk": schema.THUMBS, "sk": f"{prefix}{after}"} if after else None
        listed = self._table.query(
            schema.THUMBS, prefix=prefix, newest_first=True, at_once=limit + 1, after=behind, consistent=False
        )
        found = list(islice(listed, limit + 1))
        following = found[limit - 1]["sk"].removeprefix(prefix) if len(found) > limit else ""
        return found[:limit], following

    def _item(self, user_id: str, conversation_id: str, number: int) -> Item | None:
        if not valid_id(conversation_id):
            return None
        return self._table.get(schema.person(user_id), schema.thumb(conversation_id, number))


def forget_thumbs(table: Table, user_id: str, conversation_id: str, most: int | None = None) -> int:
    """Delete a conversation's thumbs, or at most so many, and return how many that were.

    What administrators see goes first: it is found by the person's own only.
    """
    pk, prefix = schema.person(user_id), schema.thumbs_of(conversation_id)
    listed = table.query(pk, prefix=prefix, names=["sk", "told"], at_once=most)
    return _forget(table, pk, list(islice(listed, most)))


def forget_thumb(table: Table, user_id: str, conversation_id: str, number: int) -> None:
    """Delete the thumb of one turn."""
    pk = schema.person(user_id)
    item = table.get(pk, schema.thumb(conversation_id, number))
    _forget(table, pk, [item] if item else [])


def _forget(table: Table, pk: str, items: list[Item]) -> int:
    if items:
        table.delete_all(schema.THUMBS, [item["told"] for item in items])
        table.delete_all(pk, [item["sk"] for item in items])
    return len(items)


def _named(assistant: Label | None) -> tuple[str, str]:
    """By what an assistant is counted, and what it is called there: of a person's own nothing is told."""
    if assistant is None:
        return NOBODY, ""
    return (OWN, OWN) if assistant.shelf == OWN else (assistant.place, assistant.name)


def _changes(before: Item | None, *, up: bool) -> dict[str, int]:
    """By what the counts change."""
    here, there = ("up", "down") if up else ("down", "up")
    if before is None:
        return {here: 1}
    return {} if bool(before["up"]) == up else {here: 1, there: -1}


def _count(item: Item) -> Count:
    day, model, _ = item["sk"].removeprefix(schema.THUMBS_COUNTED).split("#", 2)
    return Count(day, model, item.get("name", ""), max(0, item.get("up", 0)), max(0, item.get("down", 0)))
