"""How the fetching of a model tells its progress; whoever starts it draws the bar."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called a few times a second, from the thread that fetches."""

    def __call__(self, done: int, total: int, label: str, /) -> None:
        """Of the step named `label`, `done` of `total` bytes are there."""


def silent(done: int, total: int, label: str) -> None:
    """Show nothing."""
