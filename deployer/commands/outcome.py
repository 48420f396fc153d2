"""What a command tells the one after it: NAME=value, a line at the end of a file.

So it is read by GitHub from $GITHUB_OUTPUT, by GitLab as a dotenv report, and by a shell with `. FILE`.
"""

from __future__ import annotations

from pathlib import Path

from command_line import Parser, path
from deployer.errors import EXIT_USAGE, explained

CHANGED, PROVED = "changed", "proved"


def argument(parser: Parser, what: str) -> None:
    """Add the option that names the file."""
    parser.add_argument("--outcome", type=path, metavar="FILE", help=f"write {what} at the end of this file")


def require(file: Path | None) -> None:
    """Raise DeployError, before anything is begun, when nothing can be written there."""
    if file:
        with explained(EXIT_USAGE):
            file.open("a").close()


def tell(file: Path | None, name: str, value: str) -> None:
    """Write one line, where a file is wanted; raises OSError."""
    if file:
        with file.open("a", encoding="utf-8") as lines:
            lines.write(f"{name}={value}\n")
