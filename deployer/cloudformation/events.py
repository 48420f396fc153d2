"""What happens in a stack and its nested stacks, told once and in order, and which failure came first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import dropwhile, takewhile
from typing import Any

from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE

# Reasons that only pass on a failure from elsewhere: a sibling was stopped, a parent reports its child.
_CASCADE = re.compile(
    r"^(Resource (creation|update|deletion) cancell?ed|Embedded stack .* was not successfully|"
    r"The following resource\(s\) failed to)",
    re.IGNORECASE,
)

BEFORE_EVERYTHING = datetime(2006, 1, 1, tzinfo=UTC)
"""There was no AWS yet."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event: `stack` is the path of logical IDs below the root stack, empty for the root itself."""

    time: datetime
    stack: str
    stack_id: str
    resource: str
    resource_id: str
    kind: str
    status: str
    reason: str

    @property
    def is_stack(self) -> bool:
        """Whether the event is about the stack that it is in, as a whole."""
        return self.resource_id == self.stack_id

    @property
    def is_nested_stack(self) -> bool:
        """Whether the event is about a stack nested in the one that it is in."""
        return self.kind == STACK_TYPE and not self.is_stack and bool(self.resource_id)

    @property
    def is_over(self) -> bool:
        """Whether nothing more follows from this."""
        return not self.status.endswith("_IN_PROGRESS")

    @property
    def is_end(self) -> bool:
        """Whether the whole operation, the root stack's, is over."""
        return self.is_stack and not self.stack and self.is_over

    @property
    def failed(self) -> bool:
        """Whether something went wrong."""
        return self.status.endswith("_FAILED")

    @property
    def path(self) -> str:
        """Where it happened, for people: `Network/Vpc`."""
        return f"{self.stack}/{self.resource}" if self.stack else self.resource


def root_cause(events: Iterable[Event]) -> Event | None:
    """Return the earliest failure that is nobody else's consequence, or the earliest of all, or None."""
    failures = sorted((event for event in events if event.failed), key=lambda event: event.time)
    causes = [event for event in failures if not event.is_stack and not _CASCADE.match(event.reason)]
    return next(iter(causes or failures), None)


class Watch:
    """The events of a stack and everything nested in it, from its making on, or `since` an earlier time."""

    def __init__(self, cloudformation: Any, stack_id: str, since: datetime | None = None) -> None:
        self._cloudformation = cloudformation
        self._paths: dict[str, str] = {stack_id: ""}
        self._last_seen: dict[str, str | None] = {}
        self._busy = {stack_id}
        self._since = since or BEFORE_EVERYTHING
        if since is None:
            self._skip_history(stack_id, "")

    def poll(self) -> list[Event]:
        """Return what happened since the last call, oldest first."""
        found: list[Event] = []
        pending = set(self._busy)
        while pending:
            stack_id = pending.pop()
            fresh = self._fresh(stack_id)
            found += fresh
            for child in filter(lambda event: event.is_nested_stack, fresh):
                # A child that began and ended between two polls still has its events to tell.
                pending.add(child.resource_id)
                self._note(child)
        # Within one millisecond the end of it all comes last.
        return sorted(found, key=lambda event: (event.time, event.is_end))

    def _note(self, child: Event) -> None:
        """Watch a nested stack as long as its parent says that it is busy."""
        self._paths.setdefault(child.resource_id, child.path)
        if child.is_over:
            self._busy.discard(child.resource_id)
        else:
            self._busy.add(child.resource_id)

    def _skip_history(self, stack_id: str, path: str) -> None:
        self._paths[stack_id] = path
        newest = self._cloudformation.describe_stack_events(StackName=stack_id)["StackEvents"]
        self._last_seen[stack_id] = newest[0]["EventId"] if newest else None
        for child in _nested_stacks(self._cloudformation, stack_id):
            title = child["LogicalResourceId"]
            self._skip_history(child["PhysicalResourceId"], f"{path}/{title}" if path else title)

    def _fresh(self, stack_id: str) -> list[Event]:
        """The events of one stack that were not told yet, oldest first."""
        last_seen = self._last_seen.get(stack_id)
        pages = self._cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
        every = (raw for page in pages for raw in page["StackEvents"])
        fresh = list(
            takewhile(
                lambda raw: raw["EventId"] != last_seen and raw["Timestamp"] >= self._since,
                every,
            )
        )
        if fresh:
            self._last_seen[stack_id] = fresh[0]["EventId"]
        return [self._event(raw, stack_id) for raw in reversed(fresh)]

    def _event(self, raw: dict[str, Any], stack_id: str) -> Event:
        return Event(
            time=raw["Timestamp"],
            stack=self._paths[stack_id],
            stack_id=stack_id,
            resource=raw["LogicalResourceId"],
            resource_id=raw.get("PhysicalResourceId", ""),
            kind=raw["ResourceType"],
            status=raw["ResourceStatus"],
            reason=" ".join(raw.get("ResourceStatusReason", "").split()),
        )


def begun(cloudformation: Any, stack_id: str) -> datetime | None:
    """When the creation or update began that a stack is in, its rollback included; None without one."""
    for raw in own(cloudformation, stack_id):
        if raw["ResourceStatus"] in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"):
            return raw["Timestamp"]
        if not raw["ResourceStatus"].endswith("_IN_PROGRESS"):
            return None  # whatever goes on began by other means: a deletion, a rollback that is continued
    return None


def latest(cloudformation: Any, stack_id: str) -> datetime | None:
    """When the operation began, of whatever kind, that a stack is in or was in last."""
    ends_first = dropwhile(lambda raw: not is_busy(raw["ResourceStatus"]), own(cloudformation, stack_id))
    busy = takewhile(lambda raw: is_busy(raw["ResourceStatus"]), ends_first)
    return min((raw["Timestamp"] for raw in busy), default=None)


def own(cloudformation: Any, stack_id: str) -> Iterator[dict[str, Any]]:
    """Yield a stack's events about itself, the newest first, as DescribeStackEvents has them."""
    for page in cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id):
        yield from (raw for raw in page["StackEvents"] if raw.get("PhysicalResourceId") == stack_id)


def is_busy(status: str) -> bool:
    """Whether CloudFormation is at work on a stack of that status; a change set in the making is no work."""
    return status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _nested_stacks(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    """Return the summaries of the existing stacks nested directly in a stack."""
    return [
        summary
        for summary in resources(cloudformation, stack_id)
        if summary["ResourceType"] == STACK_TYPE
        and summary.get("PhysicalResourceId")
        and summary["ResourceStatus"] != "DELETE_COMPLETE"
    ]
