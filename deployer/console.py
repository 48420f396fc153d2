"""Speaking to whoever runs a command, on a terminal or in a log."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: no markup, and no wrapping where a log's reader would have to undo it."""
    console.print(Text(text, style), soft_wrap=True)
