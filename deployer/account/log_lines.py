"""What the tasks' log says, line by line: read from CloudWatch, put together to records, made readable.

The application writes two kinds of lines: its log (gradio_app/logs.py), in which what follows a line without
its form, such as a stack trace, belongs to it; and JSON objects, security events and numbers of answers
(gradio_app/lines.py). Read with FilterLogEvents: the Live Tail of CloudWatch cannot look back, and costs by
the minute.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LATE_SECONDS = 60
"""How late a line may come in behind others: it is looked for again for so long."""
_LOG = re.compile(
    r"\d{4}-\d{2}-\d{2} [\d:,]+ (?P<level>[A-Z]+) (?P<name>\S+) request=(?P<request>\S+): (?P<text>.*)",
    re.DOTALL,
)
_OTHER_LEVEL = {"WARN": "WARNING", "FATAL": "CRITICAL"}


@dataclass(frozen=True)
class Record:
    """One line of the log with what it says, or what the line says that it belongs to."""

    event: Mapping[str, Any]
    """As FilterLogEvents gives it."""
    level: str
    request: str
    person: str
    text: str
    follows: bool = False
    """Whether it has no form of its own: a line of a stack trace."""

    @property
    def when(self) -> datetime:
        """When it was written."""
        return datetime.fromtimestamp(self.event["timestamp"] / 1000, UTC)


@dataclass(frozen=True)
class Wanted:
    """Which records; what is empty does not matter. `level` is the least, `people` are ids."""

    level: str = ""
    request: str = ""
    people: Collection[str] = ()

    def takes(self, record: Record) -> bool:
        """Whether it is one of those."""
        rank = LEVELS.index(record.level) if record.level in LEVELS else LEVELS.index("INFO")
        return (
            (not self.level or rank >= LEVELS.index(self.level))
            and (not self.request or record.request == self.request)
            and (not self.people or record.person in self.people)
        )


class Reader:
    """Reads on from a moment, each line once."""

    def __init__(self, logs: Any, group: str, since: datetime) -> None:
        self._logs = logs
        self._group = group
        self._from = _milliseconds(since)
        self._seen: dict[str, int] = {}

    def fresh(self) -> Iterator[Mapping[str, Any]]:
        """Yield what came in since the last call, in the order of time as far as it is known."""
        newest = self._from
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=self._group, startTime=self._from
        )
        for page in pages:
            for event in page["events"]:
                newest = max(newest, event["timestamp"])
                if event["eventId"] not in self._seen:
                    self._seen[event["eventId"]] = event["timestamp"]
                    yield event
        self._from = max(self._from, newest - LATE_SECONDS * 1000)
        self._seen = {name: when for name, when in self._seen.items() if when >= self._from}


class Parser:
    """Makes records of events; remembers each stream's last line that has a form."""

    def __init__(self) -> None:
        self._last: dict[str, Record] = {}

    def parse(self, event: Mapping[str, Any]) -> Record:
        """The record of the next event; a stream is one task's, and its lines follow each other."""
        stream = event.get("logStreamName", "")
        record = _parsed(event)
        if record is None:
            before = self._last.get(stream) or Record(event, "INFO", "", "", "")
            return replace(before, event=event, text=_message(event), follows=stream in self._last)
        self._last[stream] = record
        return record


def _parsed(event: Mapping[str, Any]) -> Record | None:
    message = _message(event)
    if found := _LOG.fullmatch(message):
        request = "" if found["request"] == "-" else found["request"]
        level = _OTHER_LEVEL.get(found["level"], found["level"])
        return Record(event, level, request, "", f"{found['name']}: {found['text']}")
    if message.startswith("{"):
        try:
            values = json.loads(message)
        except ValueError:
            return None
        if isinstance(values, dict):
            return _of_object(event, values)
    return None


def _of_object(event: Mapping[str, Any], values: Mapping[str, Any]) -> Record:
    def word(name: str) -> str:
        value = values.get(name, "")
        return value if isinstance(value, str) else json.dumps(value)

    kind = word("type")
    if kind == "audit":
        level = "INFO" if word("outcome") in ("ok", "asked") else "WARNING"
        words = [word("event"), word("outcome"), word("detail"), word("client")]
    elif kind in ("answer", "summary", "rewording", "title"):
        level = "WARNING" if values.get("Failures") else "INFO"
        seconds = f"{word('AnswerSeconds')} s" if "AnswerSeconds" in values else ""
        tokens = f"{word('InputTokens')} tokens in, {word('OutputTokens')} out"
        words = [kind, word("status"), word("reason"), word("Model"), tokens, seconds]
    elif kind == "places":
        level, words = "DEBUG", [kind, f"{word('PlacesTaken')} % taken"]
    else:
        level, words = word("level").upper() or "INFO", [_message(event)]
    return Record(event, level, word("request"), word("user_id"), "  ".join(filter(None, words)))


def _message(event: Mapping[str, Any]) -> str:
    return str(event["message"]).rstrip("\n")


def _milliseconds(moment: datetime) -> int:
    return max(0, int(moment.timestamp() * 1000))
