"""Shows an operation while CloudFormation works: a live table on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from deployer.cloudformation.durations import typical
from deployer.cloudformation.events import Event, Watch
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import EXIT_INTERRUPTED, DeployError, explain
from deployer.options import BOOTSTRAP_SUFFIX
from deployer.session import is_loopback

POLL_SECONDS = 3.0  # DescribeStackEvents is throttled for the whole account: leave room for others
POLL_SECONDS_LOOPBACK = 0.2
SILENCE_SECONDS = 60.0  # a log without a line for longer looks hung, and some CI systems end the job
ACTIVE_SHOWN = 3
LONG_SECONDS = 60
"""From here on it is worth knowing how long something typically takes."""

_COLORS = {"FAILED": "red", "ROLLBACK": "yellow", "COMPLETE": "green"}


class GoesOn(DeployError):
    """Nobody watches any more, and CloudFormation goes on."""


@dataclass(frozen=True)
class Outcome:
    """How an operation ended: the stack's status, and everything that happened."""

    status: str
    events: list[Event]


# Is given what is new at each look at the events, with nothing new too.
Look = Callable[[Sequence[Event]], None]


def nothing_more(_: Sequence[Event]) -> None:
    """Look at nothing besides."""


def follow(
    cloudformation: Any, watch: Watch, stack: str, console: Console, look: Look = nothing_more
) -> Outcome:
    """Show what happens until the stack comes to rest, and have a `look` at what else there is to see.

    Raises GoesOn when AWS cannot be asked any more and on Ctrl-C: CloudFormation goes on without us.
    """
    seconds = POLL_SECONDS_LOOPBACK if is_loopback(cloudformation) else POLL_SECONDS
    events: list[Event] = []
    try:
        with Progress(console, stack) as progress:
            while True:
                fresh = watch.poll()
                progress.show(fresh)
                events += fresh
                if end := next((event for event in fresh if event.is_end), None):
                    return Outcome(end.status, events)
                look(fresh)
                time.sleep(seconds)
    except KeyboardInterrupt:
        raise GoesOn(f"Interrupted, but {_how(stack)}", EXIT_INTERRUPTED) from None
    except (BotoCoreError, ClientError) as error:
        raise GoesOn(f"{explain(error)} {_how(stack)}") from error


class Progress:
    """The view of one operation; use it as a context manager."""

    def __init__(self, console: Console, stack: str) -> None:
        self._console = console
        self._name = stack
        self._rows: dict[str, _Row] = {}
        self._live = Live(console=console, get_renderable=self._table, refresh_per_second=4)
        self._last_line = time.monotonic()

    def __enter__(self) -> Progress:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, events: Iterable[Event]) -> None:
        """Take in what happened, and print what is worth a line."""
        for event in events:
            self._rows.setdefault(event.stack, _Row()).take(event)
            if event.failed or (not self._console.is_terminal and self._worth_a_line(event)):
                self._line(event)
        if not self._console.is_terminal and time.monotonic() - self._last_line > SILENCE_SECONDS:
            self._say(f"{_clock(datetime.now(UTC))}  still busy: {self._active() or self._name}")

    def _worth_a_line(self, event: Event) -> bool:
        """Resources when they are done; stacks, by their own events, also when they begin."""
        return event.is_stack or (event.is_over and not event.is_nested_stack)

    def _line(self, event: Event) -> None:
        where = (event.stack or self._name) if event.is_stack else event.path
        reason = f"  {event.reason}" if event.reason and event.failed else ""
        self._say(f"{_clock(event.time)}  {event.status:<20}  {where}{reason}", _color(event.status))

    def _say(self, text: str, style: str = "") -> None:
        say(self._console, text, style)
        self._last_line = time.monotonic()

    def _active(self) -> str:
        return ", ".join(
            f"{path}/{_lasting(event)}" if path else _lasting(event)
            for path, row in self._rows.items()
            for event in row.active.values()
        )

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 2))
        for path, row in self._rows.items():
            active = list(map(_lasting, row.active.values()))
            more = f" +{len(active) - ACTIVE_SHOWN}" if len(active) > ACTIVE_SHOWN else ""
            table.add_row(
                path or self._name,
                Text(row.status, _color(row.status)),
                f"{len(row.done)} done",
                row.elapsed(),
                Text(", ".join(active[:ACTIVE_SHOWN]) + more, "dim", overflow="ellipsis", no_wrap=True),
            )
        return table


@dataclass
class _Row:
    """One stack in the table."""

    status: str = ""
    done: set[str] = field(default_factory=set)
    active: dict[str, Event] = field(default_factory=dict)  # with which each began, in order
    begun: datetime | None = None
    ended: datetime | None = None

    def take(self, event: Event) -> None:
        if event.is_stack:
            self.status = event.status
            self.begun = self.begun or event.time
            self.ended = event.time if event.is_over else None
        elif event.is_over:
            self.active.pop(event.resource, None)
            if not event.failed:
                self.done.add(event.resource)
        elif event.kind != STACK_TYPE:  # a nested stack has a row of its own
            self.active.setdefault(event.resource, event)
            self.done.discard(event.resource)

    def elapsed(self) -> str:
        if not self.begun:
            return ""
        return _duration(((self.ended or datetime.now(UTC)) - self.begun).total_seconds())


def _lasting(begun: Event) -> str:
    """What is going on since an event; of what takes its time also for how long, and what is typical."""
    typically = typical(begun.kind) if begun.status == "CREATE_IN_PROGRESS" else 0
    if typically < LONG_SECONDS:
        return begun.resource
    elapsed = (datetime.now(UTC) - begun.time).total_seconds()
    return f"{begun.resource} ({_duration(elapsed)} of about {_duration(typically)})"


def _duration(seconds: float) -> str:
    """Minutes and seconds; a clock here that is behind AWS's shows none."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    return f"{minutes}:{rest:02}"


def _clock(moment: datetime) -> str:
    return moment.astimezone().strftime("%H:%M:%S")


def _color(status: str) -> str:
    return next((color for word, color in _COLORS.items() if word in status), "")


def perhaps(stack: str) -> str:
    """That an operation may have begun, and what to do then."""
    return f"Whether CloudFormation has begun with {stack} is not known: the same command takes it up if so."


def _how(stack: str) -> str:
    """That an operation goes on, and what to do then."""
    root = stack.removesuffix(BOOTSTRAP_SUFFIX)
    return (
        f"CloudFormation goes on with {stack}: `./deploy.sh status --stack {root}` shows how, and the same "
        "command takes it up again."
    )
