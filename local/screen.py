"""What the local mode shows in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from local.model import Progress as Report
from local.users import DemoUser


@contextmanager
def download_bar(console: Console) -> Iterator[Report]:
    """Yield what draws the fetching of a model: one bar for each of its steps."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bars = {}

        def report(done: int, total: int, label: str) -> None:
            if label not in bars:
                bars[label] = progress.add_task(label, total=total)
            progress.update(bars[label], completed=done, total=total)

        yield report


def show_ready(console: Console, url: str, user: DemoUser, log: Path) -> None:
    """Show where the assistant is and how to get in."""
    facts = Table.grid(padding=(0, 2))
    facts.add_row("Address", f"[bold link={url}]{url}[/]")
    facts.add_row("User", f"[bold]{user.name}[/]")
    if user.temporary_password:
        facts.add_row(
            "Temporary password",
            f"[bold]{user.temporary_password}[/]  (you choose your own at first sign-in)",
        )
    else:
        facts.add_row("Password", 'the one you chose (forgotten? make local ARGS="--new-password")')
    facts.add_row("Log", escape(str(log)))
    console.print(
        Panel(
            facts, title="Your assistant is ready", subtitle="Ctrl-C stops it; nothing is lost", expand=False
        )
    )
