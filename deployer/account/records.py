"""What the table has of a person, by the application's own schema: found, counted, deleted.

What belongs to a person lies in one partition. Beside it, open sessions and unfinished sign-ins lie under
keys of their own, and browsers know by a hash who signed in there: those are found by reading the whole
table. A browser that others use too forgets them with this person; it only counts guesses by that.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deployer.account.empty import batches
from deployer.errors import DeployError
from gradio_app.sessions.names import known_name
from gradio_app.store import schema

Key = tuple[str, str]
"""`pk` and `sk`."""

BATCH = 25
"""Items of one BatchWriteItem:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""
ATTEMPTS = 8
FIRST_WAIT_SECONDS = 0.2
"""Before what DynamoDB left over is tried again; twice as long before each later time."""

# By how a sort key begins, in the words of a list for people. The longer beginning stands first.
_KINDS = (
    (schema.CONVERSATION, "conversation"),
    (schema.MESSAGE, "message"),
    (schema.BRANCH, "message"),
    (schema.DRAFT_BEFORE, "draft"),
    (schema.UPLOAD, "upload"),
    (schema.DOCUMENT, "document"),
    (schema.PASSAGE, "passage"),
    (schema.ASSISTANT, "assistant"),
    (schema.THUMB, "thumb"),
    (schema.USAGE, "day of usage"),
    (schema.SESSION, "session"),
    (schema.BROWSER, "known browser"),
)
OTHER = "other"
_PLURALS = {"day of usage": "days of usage"}


@dataclass(frozen=True)
class Names:
    """What the table may know a person by."""

    ids: tuple[str, ...]
    """Their `sub` in the pool; more than one for who comes by single sign-on too."""
    usernames: tuple[str, ...]
    emails: tuple[str, ...]


def count(keys: Iterable[Key]) -> str:
    """Say how many there are of each kind: `2 sessions, 31 messages, 4 others`; empty for none."""
    kinds = Counter(kind for kind, _ in {(_kind(sk), _identity(pk, sk)) for pk, sk in keys})
    ordered = sorted(kinds.items(), key=lambda each: (each[0] == OTHER, each[0]))
    return ", ".join(f"{number} {kind if number == 1 else _plural(kind)}" for kind, number in ordered)


def own(dynamodb: Any, table: str, person_id: str) -> Iterator[Key]:
    """Yield what lies in a person's partitions: theirs, the words of their conversations, their library's.

    What is to be done with a document is found by the document, which says where that stands in the line; and
    what administrators see of a thumb by the thumb.
    """
    library = schema.own_library(person_id)
    partitions = (schema.person, schema.said)
    own_library = (schema.library(library), schema.passages(library))
    for partition in (*(each(person_id) for each in partitions), *own_library):
        pages = dynamodb.get_paginator("query").paginate(
            TableName=table,
            KeyConditionExpression="pk = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
            ProjectionExpression="pk, sk, told, #work",
            # A word that DynamoDB keeps for itself.
            ExpressionAttributeNames={"#work": "work"},
            ConsistentRead=True,
        )
        for item in (item for page in pages for item in page["Items"]):
            if item["sk"]["S"].startswith(schema.SHARE):
                yield from _copy(dynamodb, table, item["sk"]["S"].rpartition("#")[2])
            if work := item.get("work", {}).get("S", ""):
                yield schema.INGESTION, work
            if told := item.get("told", {}).get("S", ""):
                yield schema.THUMBS, told
            yield _key(item)


def _copy(dynamodb: Any, table: str, share_id: str) -> Iterator[Key]:
    """What a person has shared lies in a partition of its own."""
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table,
        KeyConditionExpression="pk = :partition",
        ExpressionAttributeValues={":partition": {"S": schema.shared(share_id)}},
        ProjectionExpression="pk, sk",
        ConsistentRead=True,
    )
    yield from (_key(item) for page in pages for item in page["Items"])


def is_own(key: Key) -> bool:
    """Whether it lies in a person's partitions, or is found from there."""
    own_partitions = (
        schema.person(""),
        schema.said(""),
        schema.shared(""),
        schema.library(""),
        schema.passages(""),
        schema.INGESTION,
    )
    is_told = key[0] == schema.THUMBS and key[1].startswith(schema.THUMB_TOLD)
    return is_told or key[0].startswith(own_partitions)


def elsewhere(dynamodb: Any, table: str, names: Names) -> Iterator[Key]:
    """Yield what lies outside of it: sessions and what hangs on them, sign-ins begun, browsers. Reads all."""
    sessions: set[str] = set()
    hanging: list[Key] = []
    for item in _scanned(dynamodb, table, names):
        key = _key(item)
        if key[1] == schema.AUTHENTICATOR:
            hanging.append(key)  # it says whose it is by its session only
            continue
        if key[1] == schema.SESSION:
            sessions.add(key[0])
        yield key
    yield from (key for key in hanging if key[0] in sessions)


def sessions_of(keys: Iterable[Key]) -> list[Key]:
    """What opens the door: of a person's list of sessions, the sessions themselves."""
    hashes = [sk.removeprefix(schema.SIGNED_IN) for _, sk in keys if sk.startswith(schema.SIGNED_IN)]
    return [(schema.session(each), sk) for each in hashes for sk in (schema.SESSION, schema.AUTHENTICATOR)]


def delete(
    dynamodb: Any, table: str, keys: Sequence[Key], sleep: Callable[[float], None] = time.sleep
) -> None:
    """Delete items; those that are gone count as deleted. Raises DeployError where DynamoDB gives none."""
    for batch in batches(dict.fromkeys(keys), BATCH):
        left: list[dict[str, Any]] = [
            {"DeleteRequest": {"Key": {"pk": {"S": pk}, "sk": {"S": sk}}}} for pk, sk in batch
        ]
        for attempt in range(ATTEMPTS):
            answer = dynamodb.batch_write_item(RequestItems={table: left})
            left = answer.get("UnprocessedItems", {}).get(table, [])
            if not left:
                break
            sleep(FIRST_WAIT_SECONDS * 2**attempt)
        if left:
            raise DeployError(f"The table {table} takes no more deletions for now: try again in a minute.")


def _scanned(dynamodb: Any, table: str, names: Names) -> Iterator[dict[str, Any]]:
    values = {
        ":session": schema.SESSION, ":authenticator": schema.AUTHENTICATOR,
        ":challenge": schema.CHALLENGE, ":browser": schema.BROWSER,
    }  # fmt: skip
    ids = ", ".join(_values(values, "id", names.ids))
    accounts = ", ".join(_values(values, "account", [*names.usernames, *names.emails, *names.ids]))
    hashes = _values(values, "hash", map(known_name, [*names.ids, *names.emails]))
    in_browser = " OR ".join(f"contains(accounts, {each})" for each in hashes)
    pages = dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression=f"sk = :authenticator OR (sk = :session AND user_id IN ({ids})) "
        f"OR (sk = :challenge AND (username IN ({accounts}) OR account IN ({accounts}))) "
        f"OR (sk = :browser AND ({in_browser}))",
        ExpressionAttributeValues={name: {"S": value} for name, value in values.items()},
        ProjectionExpression="pk, sk",
        ConsistentRead=True,
    )
    for page in pages:
        yield from page["Items"]


def _values(values: dict[str, str], name: str, each: Iterable[str]) -> list[str]:
    """Put these under names of an expression; return the names."""
    fresh = {f":{name}{number}": value for number, value in enumerate(dict.fromkeys(filter(None, each)))}
    values |= fresh
    return list(fresh)


def _key(item: dict[str, Any]) -> Key:
    return item["pk"]["S"], item["sk"]["S"]


def _identity(pk: str, sk: str) -> Key:
    """A session lies in two places, and is one."""
    hash_ = sk.removeprefix(schema.SIGNED_IN)
    return (schema.session(hash_), schema.SESSION) if sk != hash_ else (pk, sk)


def _kind(sk: str) -> str:
    return next((kind for beginning, kind in _KINDS if sk.startswith(beginning)), OTHER)


def _plural(kind: str) -> str:
    return _PLURALS.get(kind, f"{kind}s")
