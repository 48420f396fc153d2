"""What an event of the page looks like: all else ends here, and Gradio sees only what was understood.

A page that was left open over an upgrade sends numbers of events that are no more, or another number of
values; somebody by hand sends anything. Gradio answers much of that with a server error and a traceback.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""A Gradio session, as a page makes one up: short, and nothing that has a meaning in Gradio's own names."""
MOST_VALUES = 500
"""Values in one event, counted through all lists and objects."""
DEEPEST = 12
MOST_NUMBER = 2**53
"""Beyond it a browser's numbers are no longer exact (RFC 8259, section 6)."""
SURROGATES = re.compile(
    rb"(?<!\\)((?:\\\\)*)"  # escaped backslashes, which escape nothing
    rb"(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[dD][89a-fA-F][0-9a-fA-F]{2})"
)
"""A pair of surrogates, or a lone one, as JSON escapes them."""
LONE = len(rb"\ud800")


class Malformed(Exception):
    """The request is not one that the chat's page makes, or not today's page (HTTP 400)."""


@dataclass(frozen=True)
class Offered:
    """An event that today's page has."""

    inputs: int
    """How many values it takes."""
    queued: bool


@dataclass(frozen=True)
class Event:
    """What a POST of the page says."""

    session_hash: str = ""
    event_id: str = ""
    fn_index: int = -1
    body: bytes = b""
    """The same in our own words, for Gradio."""


def parsed(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; raises Malformed.

    Half of a surrogate pair, which a browser sends when a text was cut in the middle of a character, becomes
    U+FFFD: the person's message goes through.
    """
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            said = orjson.loads(SURROGATES.sub(_no_lone_surrogate, body))
        except orjson.JSONDecodeError:
            raise Malformed from None
    if not isinstance(said, dict):
        raise Malformed
    return said


def session_hash_in(said: Mapping[str, Any]) -> str:
    """The Gradio session that an event names; raises Malformed."""
    return checked_name(said.get("session_hash"))


def checked_name(name: object) -> str:
    """A Gradio session's name of the form that pages give them; raises Malformed."""
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise Malformed
    return name


def started(said: Mapping[str, Any], offered: Mapping[int, Offered], *, queued: bool) -> Event:
    """An event that is to run, in the queue or past it; raises Malformed."""
    session_hash, fn_index = session_hash_in(said), _index(said.get("fn_index"))
    trigger_id = None if said.get("trigger_id") is None else _index(said["trigger_id"])
    event, data, event_data = offered.get(fn_index), said.get("data"), said.get("event_data")
    if event is None or event.queued != queued or not isinstance(data, list) or len(data) != event.inputs:
        raise Malformed
    _check_values([data, event_data])
    told = {
        "session_hash": session_hash,
        "fn_index": fn_index,
        "trigger_id": trigger_id,
        "data": data,
        "event_data": event_data,
    }
    return Event(session_hash, fn_index=fn_index, body=orjson.dumps(told))


def ended(said: Mapping[str, Any], *, named_by_session: bool) -> Event:
    """An event that is to be given up (`cancel`, which names its session and its number, or `reset`)."""
    event_id = said.get("event_id")
    if not isinstance(event_id, str):
        raise Malformed
    if not named_by_session:
        return Event(event_id=event_id, body=orjson.dumps({"event_id": event_id}))
    session_hash, fn_index = session_hash_in(said), _index(said.get("fn_index"))
    told = {"session_hash": session_hash, "fn_index": fn_index, "event_id": event_id}
    return Event(session_hash, event_id, fn_index, orjson.dumps(told))


def _index(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < MOST_NUMBER:
        raise Malformed
    return value


def _check_values(values: list[Any]) -> None:
    """Bound how many there are, how deep and how large; the work ends where a bound is passed."""
    pending, left = [(values, 0)], MOST_VALUES
    while pending:
        value, depth = pending.pop()
        left -= 1
        if isinstance(value, int | float) and not abs(value) <= MOST_NUMBER:  # also for what is no number
            raise Malformed
        if isinstance(value, list | dict):
            if depth > DEEPEST or len(value) + len(pending) > left:
                raise Malformed
            inner = value.values() if isinstance(value, dict) else value
            pending += [(each, depth + 1) for each in inner]


def _no_lone_surrogate(found: re.Match[bytes]) -> bytes:
    backslashes, surrogates = found.groups()
    return backslashes + (rb"\ufffd" if len(surrogates) == LONE else surrogates)
