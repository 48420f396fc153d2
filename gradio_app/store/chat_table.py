"""The table as the chat has it: what belongs to a temporary conversation never reaches DynamoDB.

All that belongs to a conversation has its id in its key, and the id of a temporary one says that it is one.
So the items of such ids lie in `temporary`, and the chat's stores, with versions, summaries and drafts, work
on them as on any others. Only what sets tokens aside goes on to DynamoDB, in one step with the question:
counts and days.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from gradio_app.chat.conversation import TEMPORARY
from gradio_app.store import schema
from gradio_app.store.table import (
    Action,
    Condition,
    ConflictError,
    Delete,
    Item,
    Put,
    Table,
    Update,
)
from gradio_app.store.temporary import Changes, Key, Temporaries, Where

ANSWER_BYTES = 1_000_000
"""What must be left for an answer when a question is taken; an item of the table has 400 KB."""
NAMED = re.compile(rf"#({TEMPORARY}[0-9a-f]{{31}})(?=#|$)")
COUNTED = (schema.USAGE, schema.RESERVATION)
"""How the keys begin of what is stored of a temporary conversation, too."""
LAST = chr(0x10FFFF)


class ChatTable(Table):
    """What is not said here of a temporary conversation is that of the table that it is given.

    It has what the chat's stores ask for: what reads the whole table has nothing to look for here.
    """

    def __init__(self, stored: Table, temporaries: Temporaries) -> None:
        self._stored = stored
        self._temporaries = temporaries

    def get(self, pk: str, sk: str) -> Item | None:
        """As of any table."""
        where = _where(pk, sk)
        if where is None:
            return self._stored.get(pk, sk)
        memory = self._temporaries.find(where, looks=True)
        return memory.item((pk, sk)) if memory else None

    def get_many(self, pk: str, sort_keys: Sequence[str], names: Sequence[str] = ()) -> dict[str, Item]:
        """As of any table."""
        others = [sk for sk in sort_keys if _where(pk, sk) is None]
        found = self._stored.get_many(pk, others, names) if others else {}
        for sk in sort_keys:
            where = _where(pk, sk)
            memory = self._temporaries.find(where) if where else None
            if memory and (item := memory.item((pk, sk))) is not None:
                found[sk] = _projected(item, names)
        return found

    def query(
        self, pk: str, between: tuple[str, str] | None = None, *, prefix: str = "", **others: Any
    ) -> Iterator[Item]:
        """As of any table."""
        first, last = between or (prefix, prefix + LAST)
        where = _where(pk, first)
        if where is None:
            return self._stored.query(pk, between, prefix=prefix, **others)
        memory = self._temporaries.find(where)
        keys = list(memory.items) if memory else []
        keys = sorted(
            (key for key in keys if key[0] == pk and first <= key[1] <= last),
            reverse=others.get("newest_first", False),
        )
        found = (memory.item(key) for key in keys) if memory else ()
        return (_projected(item, others.get("names", ())) for item in found if item is not None)

    def delete_all(self, pk: str, sort_keys: Iterable[str]) -> None:
        """As of any table, and of no temporary conversation."""
        self._stored.delete_all(pk, sort_keys)

    def write(self, action: Put | Update | Delete, *, returns: bool = True) -> Item | None:
        """As of any table."""
        key = _key(action)
        where = _where(*key)
        if where is None:
            return self._stored.write(action, returns=returns)
        self._temporaries.find(where, looks=True)
        with self._temporaries.changing(where) as memory:
            was = memory.item(key)
            changes = _changes(memory.item, {0: action})
            self._temporaries.has_room(memory, memory.grows(changes))
            self._temporaries.change(where, memory, changes)
            if not returns:
                return None
            return memory.item(key) if isinstance(action, Update) else was

    def transact(self, actions: Sequence[Action], token: str = "") -> None:
        """As of any table; who sets tokens aside, by a Put, begins an answer: there must be room for it."""
        where = next(filter(None, (_where(*_key(action)) for action in actions)), None)
        if where is None:
            self._stored.transact(actions, token)
            return
        counted = [n for n, action in enumerate(actions) if _key(action)[1].startswith(COUNTED)]
        held = {n: action for n, action in enumerate(actions) if n not in counted}
        if counted:
            self._temporaries.come(*where)  # who asks is there, whatever another page of theirs has told
        with self._temporaries.changing(where) as memory:
            changes = _changes(memory.item, held)
            begins = any(isinstance(actions[n], Put) for n in counted)
            self._temporaries.has_room(memory, memory.grows(changes) + (ANSWER_BYTES if begins else 0))
            if counted:
                self._count(actions, counted, token)
            self._temporaries.change(where, memory, changes)

    def _count(self, actions: Sequence[Action], counted: list[int], token: str) -> None:
        try:
            self._stored.transact([actions[n] for n in counted], token)
        except ConflictError as conflict:
            raise ConflictError(*(counted[n] for n in conflict.failed)) from None


def _where(pk: str, sk: str) -> Where | None:
    """Whose temporary conversation an item belongs to; None where it belongs to none."""
    named = NAMED.search(sk)
    return (pk.partition("#")[2], named[1]) if named else None


def _key(action: Action) -> Key:
    return (action.item["pk"], action.item["sk"]) if isinstance(action, Put) else (action.pk, action.sk)


def _projected(item: Item, names: Sequence[str]) -> Item:
    return {name: item[name] for name in names if name in item} if names else item


def _changes(find: Callable[[Key], Item | None], actions: Mapping[int, Action]) -> Changes:
    """What actions do, by their positions; raises ConflictError with those of what forbids it."""
    found = {n: find(_key(action)) or {} for n, action in actions.items()}
    failed = [n for n, action in actions.items() if not _holds(action.condition, found[n])]
    if failed:
        raise ConflictError(*failed)
    changes: dict[Key, bytes | None] = {}
    for n, action in actions.items():
        if isinstance(action, Put):
            changes[_key(action)] = _blob(action.item)
        elif isinstance(action, Update):
            was = {"pk": action.pk, "sk": action.sk, **found[n]}
            counts = {name: was.get(name, 0) + more for name, more in action.add.items()}
            changes[_key(action)] = _blob(was | dict(action.set) | counts)
        elif isinstance(action, Delete):
            changes[_key(action)] = None
    return changes


def _blob(item: Mapping[str, Any]) -> bytes:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def _holds(condition: Condition | None, item: Item) -> bool:
    """Whether an item, empty where there is none, is as a condition of boto3's demands."""
    if condition is None:
        return True
    told = condition.get_expression()
    operator, values = told["operator"], told["values"]
    if operator == "AND":
        return _holds(values[0], item) and _holds(values[1], item)
    if operator == "OR":
        return _holds(values[0], item) or _holds(values[1], item)
    name = values[0].name
    if operator in ("attribute_exists", "attribute_not_exists"):
        return (name in item) == (operator == "attribute_exists")
    if operator not in ("=", "<="):
        raise NotImplementedError(operator)  # no store of the chat demands it
    return name in item and (item[name] == values[1] if operator == "=" else item[name] <= values[1])
