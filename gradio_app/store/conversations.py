"""Conversations in DynamoDB; the browser never holds more of one than its id.

A conversation is one item and two items per turn (question and answer), under its owner's partition key:

    USER#<user>  CONVERSATION#<id>          title, version, token totals, summary of what is old
    USER#<user>  MESSAGE#<id>#<sequence>    role, text; answers also status, reason, tokens

Each change of the turns raises `version` and is conditional on the version that the caller saw, so two tabs
cannot overwrite each other. Sequence numbers are made from versions and never used twice: a late write can
neither replace a newer message nor mix with one. Another user's conversation cannot even be named.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

from gradio_app.chat.conversation import (
    WRITING,
    Answer,
    Conversation,
    Heading,
    Turn,
    first_turns,
    now_ms,
    title_of,
    valid_id,
)

TEXT_BYTES = 380_000
"""Longest stored text in UTF-8 bytes. DynamoDB's limit for a whole item is 400 KB (409,600 bytes):
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
TURNS_AT_ONCE = 40
"""Turns dropped in one transaction, which takes 100 actions at most; a turn is two items, and the head of the
conversation and a new question are two more."""
BATCH = 25
"""Items in one BatchWriteItem, DynamoDB's limit."""
ATTEMPTS = 6
"""Tries of a transaction that met another one on the same item; the waits between add up to 0.6 s."""

ROLES = ("user", "assistant")
"""In the order in which a turn's messages are sorted."""

_to_wire = TypeSerializer().serialize
_from_wire = TypeDeserializer().deserialize


class ConflictError(Exception):
    """The conversation is not at the version that the caller saw: it was changed or deleted elsewhere."""


class Conversations:
    """The store. `client` is a low-level DynamoDB client, whose errors pass through."""

    def __init__(self, client: Any, table_name: str) -> None:
        self._client = client
        self._table = table_name

    def headings(self, user_id: str, skip: int, limit: int) -> list[Heading]:
        """At most `limit` of the user's conversations, the newest first, without the first `skip`."""
        found = self._query(user_id, "CONVERSATION#", limit=skip + limit, newest_first=True)
        page = islice(found, skip, None)
        return [Heading(item["sk"].rpartition("#")[2], item["title"]) for item in page]

    def read(self, user_id: str, conversation_id: str) -> Conversation | None:
        """The conversation with all its turns, or None when this user has none of that id."""
        if not valid_id(conversation_id):
            return None
        key = _key(user_id, f"CONVERSATION#{conversation_id}")
        wire = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if wire is None:
            return None
        item = _plain(wire)
        messages = self._query(user_id, f"MESSAGE#{conversation_id}#")
        return Conversation(
            id=conversation_id,
            title=item["title"],
            version=item["version"],
            turns=tuple(_turns(messages)),
            input_tokens=item.get("input_tokens", 0),
            output_tokens=item.get("output_tokens", 0),
            summary=item.get("summary", ""),
            summarized_to=item.get("summarized_to", 0),
        )

    def ask(self, user_id: str, seen: Conversation, question: str, keep: int | None = None) -> int:
        """Store a question after the first `keep` turns, or after all, and return its turn's number.

        What followed goes in the same transaction, so that no death of this process can lose both the old
        question and the new one. Raises ConflictError when the conversation is not at `seen.version`.
        """
        keep = len(seen.turns) if keep is None else keep
        seen = self.keep(user_id, seen, keep + TURNS_AT_ONCE)
        # A conversation made anew under a deleted one's id starts above every number of the old one.
        number = seen.version + 1 if seen.version else now_ms()
        changes: dict[str, Any] = {
            "version": number,
            "title": seen.title or title_of(question),
            "updated_at": int(time.time()),
        }
        if keep < len(seen.turns):  # or else a summary that was written meanwhile stays
            changes |= _summary(first_turns(seen, keep))
        put = self._put(
            user_id, seen.id, number, {"role": "user", "text": cut_to_bytes(question, TEXT_BYTES)}
        )
        self._transact([self._advance(user_id, seen, changes), put, *self._drop(user_id, seen, keep)])
        return number

    def keep(self, user_id: str, seen: Conversation, turns: int) -> Conversation:
        """Drop every turn after the first `turns` and return what is left; raises ConflictError like `ask`.

        A long tail goes piece by piece from its end, each piece in one transaction, so that a process that
        dies in between leaves a shorter conversation and never a torn one.
        """
        while len(seen.turns) > turns:
            cut = max(turns, len(seen.turns) - TURNS_AT_ONCE)
            left = replace(first_turns(seen, cut), version=seen.version + 1)
            changes = {"version": left.version, **_summary(left)}
            self._transact([self._advance(user_id, seen, changes), *self._drop(user_id, seen, cut)])
            seen = left
        return seen

    def answer(self, user_id: str, conversation_id: str, number: int, answer: Answer) -> None:
        """Store the answer of a turn, or what there is of it while it is WRITING; then no tokens are counted.

        Raises ConflictError when that turn is not the conversation's latest any more.
        """
        put = self._put(
            user_id,
            conversation_id,
            number,
            {
                "role": "assistant",
                "text": cut_to_bytes(answer.text, TEXT_BYTES),
                "status": answer.status,
                "reason": answer.reason,
                "input_tokens": answer.input_tokens,
                "output_tokens": answer.output_tokens,
            },
        )
        latest: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(user_id, f"CONVERSATION#{conversation_id}"),
            "ConditionExpression": "#version = :number",
            "ExpressionAttributeNames": {"#version": "version"},
            "ExpressionAttributeValues": {":number": _to_wire(number)},
        }
        if answer.status == WRITING:
            self._transact([{"ConditionCheck": latest}, put])
            return
        latest["UpdateExpression"] = "SET updated_at = :now ADD input_tokens :input, output_tokens :output"
        latest["ExpressionAttributeValues"] |= {
            ":now": _to_wire(int(time.time())),
            ":input": _to_wire(answer.input_tokens),
            ":output": _to_wire(answer.output_tokens),
        }
        self._transact([{"Update": latest}, put])

    def summarize(
        self, user_id: str, conversation_id: str, number: int, summary: str, summarized_to: int
    ) -> None:
        """Store the summary of all turns to `summarized_to`; ConflictError when `number` is not the last."""
        changes = {"summary": cut_to_bytes(summary, TEXT_BYTES), "summarized_to": summarized_to}
        head = Conversation(conversation_id, version=number)
        self._transact([self._advance(user_id, head, changes)])

    def rename(self, user_id: str, conversation_id: str, title: str) -> None:
        """Give the conversation another title; raises ConflictError when there is none to rename."""
        update = self._set(user_id, conversation_id, {"title": title_of(title)})
        self._transact([{"Update": update | {"ConditionExpression": "attribute_exists(pk)"}}])

    def delete(self, user_id: str, conversation_id: str) -> None:
        """Delete the conversation with its messages; deleting what is not there is fine.

        The head goes first: from then on nobody can read the rest nor add to it.
        """
        if not valid_id(conversation_id):
            return
        self._client.delete_item(TableName=self._table, Key=_key(user_id, f"CONVERSATION#{conversation_id}"))
        messages = self._query(user_id, f"MESSAGE#{conversation_id}#")
        deletes = [{"DeleteRequest": {"Key": _key(user_id, item["sk"])}} for item in messages]
        for start in range(0, len(deletes), BATCH):
            left = {self._table: deletes[start : start + BATCH]}
            while left:
                left = self._client.batch_write_item(RequestItems=left).get("UnprocessedItems")

    def _drop(self, user_id: str, seen: Conversation, keep: int) -> list[dict[str, Any]]:
        """Deletes of both messages of every turn after the first `keep`."""
        keys = [
            _key(user_id, _message(seen.id, turn.number, role))
            for turn in seen.turns[keep:]
            for role in ROLES
        ]
        return [{"Delete": {"TableName": self._table, "Key": key}} for key in keys]

    def _advance(self, user_id: str, seen: Conversation, changes: dict[str, Any]) -> dict[str, Any]:
        """The change of a conversation's head, on condition that it still is as it was seen."""
        update = self._set(user_id, seen.id, changes)
        if not seen.version:
            return {"Update": update | {"ConditionExpression": "attribute_not_exists(pk)"}}
        update["ExpressionAttributeNames"]["#version"] = "version"
        update["ExpressionAttributeValues"][":seen"] = _to_wire(seen.version)
        return {"Update": update | {"ConditionExpression": "#version = :seen"}}

    def _set(self, user_id: str, conversation_id: str, changes: dict[str, Any]) -> dict[str, Any]:
        return {
            "TableName": self._table,
            "Key": _key(user_id, f"CONVERSATION#{conversation_id}"),
            "UpdateExpression": "SET " + ", ".join(f"#{name} = :{name}" for name in changes),
            # Names stand apart: DynamoDB reserves hundreds of words, "title" may be one tomorrow.
            "ExpressionAttributeNames": {f"#{name}": name for name in changes},
            "ExpressionAttributeValues": {f":{name}": _to_wire(value) for name, value in changes.items()},
        }

    def _put(self, user_id: str, conversation_id: str, number: int, item: dict[str, Any]) -> dict[str, Any]:
        key = _key(user_id, _message(conversation_id, number, item["role"]))
        return {
            "Put": {"TableName": self._table, "Item": key | {name: _to_wire(v) for name, v in item.items()}}
        }

    def _transact(self, actions: list[dict[str, Any]]) -> None:
        """All or nothing; raises ConflictError when a condition does not hold."""
        for attempt in range(ATTEMPTS):
            try:
                self._client.transact_write_items(TransactItems=actions)
                return
            except self._client.exceptions.TransactionCanceledException as canceled:
                reasons = {reason.get("Code") for reason in canceled.response.get("CancellationReasons", ())}
                if "ConditionalCheckFailed" in reasons:
                    raise ConflictError from None
                # Another transaction is at the same item just now; botocore does not retry that.
                if "TransactionConflict" not in reasons or attempt == ATTEMPTS - 1:
                    raise
            time.sleep(0.02 * 2**attempt)

    def _query(
        self, user_id: str, prefix: str, limit: int | None = None, newest_first: bool = False
    ) -> Iterator[dict[str, Any]]:
        """The user's items whose sort key begins with `prefix`, in its order, page after page (1 MB each)."""
        arguments: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk AND begins_with(sk, :prefix)",
            "ExpressionAttributeValues": {":pk": _to_wire(_partition(user_id)), ":prefix": _to_wire(prefix)},
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        while limit is None or limit > 0:
            if limit is not None:
                arguments["Limit"] = limit
            page = self._client.query(**arguments)
            yield from (_plain(item) for item in page["Items"])
            if limit is not None:
                limit -= len(page["Items"])
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def cut_to_bytes(text: str, limit: int) -> str:
    """The text, or as much of its beginning as fits into `limit` bytes of UTF-8."""
    data = text.encode("utf-8", "replace")
    return data[:limit].decode("utf-8", "ignore")


def _summary(conversation: Conversation) -> dict[str, Any]:
    return {"summary": conversation.summary, "summarized_to": conversation.summarized_to}


def _turns(messages: Iterable[dict[str, Any]]) -> Iterator[Turn]:
    """Messages in the order of their sort keys as turns; an answer follows its question."""
    turn: Turn | None = None
    for item in messages:
        number = int(item["sk"].split("#")[2])
        if item["role"] == "user":
            if turn is not None:
                yield turn
            turn = Turn(number, item["text"])
        elif turn is not None:
            fields = ("text", "status", "reason", "input_tokens", "output_tokens")
            turn = replace(turn, answer=Answer(**{name: item[name] for name in fields}))
    if turn is not None:
        yield turn


def _partition(user_id: str) -> str:
    return f"USER#{user_id}"


def _message(conversation_id: str, number: int, role: str) -> str:
    """The sort key of a message: by turn, and in a turn the question before the answer."""
    return f"MESSAGE#{conversation_id}#{number:015d}#{ROLES.index(role)}"


def _key(user_id: str, sort: str) -> dict[str, Any]:
    return {"pk": _to_wire(_partition(user_id)), "sk": _to_wire(sort)}


def _plain(wire: dict[str, Any]) -> dict[str, Any]:
    """An item as plain values; every number that is stored here is a whole one."""
    values = {name: _from_wire(value) for name, value in wire.items()}
    return {name: value if isinstance(value, str) else int(value) for name, value in values.items()}
