"""What a command of `deploy.sh` says of itself; `deployer/__main__.py` lists them and runs one."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from command_line import Parser, path, text
from deployer.options import PARAMETERS_FILE, Options

Start = Callable[[Namespace, Options, Console], int | None]
"""Runs a command with what was given on its line; returns the exit code, by default 0. Raises DeployError."""


def _no_arguments(_: Parser) -> None:
    """Nothing besides what every command takes."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """One command. `summary` is its line in the list; `arguments` adds to the parser what is its own."""

    name: str
    summary: str
    start: Start
    arguments: Callable[[Parser], None] = _no_arguments
    takes_parameters: bool = False
    """Whether Key=Value may stand on its line."""

    def parser(self) -> Parser:
        """The parser of its line, without the command's name."""
        parser = Parser(prog=f"deploy.sh {self.name}", description=f"{self.summary}.")
        self.arguments(parser)
        # Listed for every command: one that takes none says so itself, and better than argparse would.
        parser.add_argument("overrides", nargs="*", metavar="Key=Value", help="a template parameter")
        parser.add_argument(
            "--stack", type=text, metavar="NAME", help="the stack's name (default: the file's)"
        )
        parser.add_argument(
            "--region", type=text, help="the AWS region (default: the file's, AWS_REGION, the profile's)"
        )
        parser.add_argument("--profile", type=text, help="the profile in ~/.aws/config to use")
        parser.add_argument(
            "--parameters",
            type=path,
            default=PARAMETERS_FILE,
            metavar="FILE",
            help="the parameters file (default: %(default)s)",
        )
        parser.add_argument("--yes", action="store_true", help="ask nothing")
        return parser
