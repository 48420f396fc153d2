"""Speaking to whoever runs a command, on a terminal or in a log."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.text import Text

from deployer.errors import UsageError

# Puts a question to the user and returns the answer; raises EOFError where nobody can answer.
Ask = Callable[[str], str]


def say(console: Console, text: str, style: str = "") -> None:
    """Print a line as it is: no markup, and no wrapping where a log's reader would have to undo it."""
    console.print(Text(text, style), soft_wrap=True)


def answered(ask: Ask, question: str) -> str:
    """What the user answers, without blanks around it; raises UsageError where nobody can answer."""
    try:
        return ask(question).strip()
    except EOFError:
        raise UsageError("There is nobody to ask: give --yes to go on without asking.") from None
