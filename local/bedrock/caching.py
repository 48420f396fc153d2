"""The prompt cache as Bedrock counts it: which part of a request was read from it, and which was written.

A request marks places with `cachePoint` blocks. What stands before a place is found again when an earlier
request had exactly the same before one of its own, in the time for which that is kept; each hit begins that
time anew. What follows the last hit, up to the last place, is written. A place that comes too early for the
model is read as if it were not there.

Claude also finds places that a request does not mark again, up to 20 blocks before one that it marks; here,
as with Nova, it has to mark them.

https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local.bedrock.errors import validation
from local.bedrock.shapes import constraint, structure

POINTS = 4
TTL_SECONDS = {"5m": 300.0, "1h": 3600.0}
LEAST_TOKENS = 1024
"""Before a place, as Claude Sonnet 4.5 and Nova have it; of other models the model cards say more or less."""
KEPT = 1024
"""Places that are remembered; Bedrock names no bound."""

TOO_MANY = "You have added too many cache points. Remove some so that there are at most {} and try again."


@dataclass(frozen=True)
class Point:
    """A place that a request marks: what stands before it, as a whole and in words, and its time."""

    key: str
    text: str
    ttl: str


@dataclass(frozen=True)
class Cached:
    """Tokens of a request that were read from the cache, and those written to it, with their time."""

    read: int = 0
    written: int = 0
    ttl: str = "5m"


def points(request: dict[str, Any], words: Callable[[object, str], str]) -> list[Point]:
    """The places that a Converse request marks, in order; `words` are those of a content block at a place.

    Raises ApiError for a mark that is none, and for too many.
    """
    before = hashlib.sha256()
    texts: list[str] = []
    found: list[Point] = []
    for place, block in _blocks(request):
        if is_point(block):
            found.append(Point(before.hexdigest(), "\n\n".join(texts), _ttl(block["cachePoint"], place)))
        else:
            before.update(json.dumps([place, block], sort_keys=True).encode())
            texts.append(words(block, place))
    if len(found) > POINTS:
        raise validation(TOO_MANY.format(POINTS))
    return found


def is_point(block: object) -> bool:
    """Whether a content block is such a mark, and nothing that a model reads."""
    return isinstance(block, dict) and block.keys() == {"cachePoint"}


class PromptCache:
    """What is kept of the requests to one model; `now` in seconds."""

    def __init__(self, least_tokens: int = LEAST_TOKENS, now: Callable[[], float] = time.monotonic) -> None:
        self._least = least_tokens
        self._now = now
        self._kept: OrderedDict[str, float] = OrderedDict()

    def account(self, marked: Sequence[tuple[Point, int]]) -> Cached:
        """What is read and written for a request with these places, and the tokens before each."""
        valid = [(point, tokens) for point, tokens in marked if tokens >= self._least]
        if not valid:
            return Cached()
        read = max((tokens for point, tokens in valid if self._is_kept(point)), default=0)
        for point, _ in valid:
            self._keep(point)
        last, tokens = valid[-1]
        return Cached(read, tokens - read, last.ttl)

    def _is_kept(self, point: Point) -> bool:
        return self._kept.get(point.key, float("-inf")) > self._now()

    def _keep(self, point: Point) -> None:
        self._kept[point.key] = self._now() + TTL_SECONDS[point.ttl]
        self._kept.move_to_end(point.key)
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)


def _blocks(request: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The content blocks in the order in which a model reads them, each with its place."""
    for block in request.get("system") or ():
        yield "system", block
    for number, message in enumerate(request.get("messages") or ()):
        content: list[Any] = message.get("content") or [] if isinstance(message, dict) else []
        for block in content:
            yield f"{message.get('role')} {number}", block


def _ttl(value: object, place: str) -> str:
    point = structure(value, f"{place}.cachePoint")
    if point.get("type") != "default":
        rule = "Member must satisfy enum value set: [default]"
        raise constraint(f"{place}.cachePoint.type", point.get("type"), rule)
    ttl = point.get("ttl", "5m")
    if ttl not in TTL_SECONDS:
        raise constraint(f"{place}.cachePoint.ttl", ttl, "Member must satisfy enum value set: [5m, 1h]")
    return ttl
