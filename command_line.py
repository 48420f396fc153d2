"""What every command line here has in common: one sentence about a mistake, and no value that names nothing.

A shell variable that is not set leaves "" where a name was meant. Taken for "not given", it would mean the
default: another deployment, another account, this folder. So an empty value is refused wherever one is given.
Standard library only: `generate.py` and the local mode use this too.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

EXIT_USAGE = 2
HIGHEST_PORT = 65535
SHOWN_CHARACTERS = 80

# Those of AWS's variables that name who, where or what. AWS_PAGER="", for one, is common and right.
NAMING = (
    "AWS_ACCESS_KEY_ID",
    "AWS_CA_BUNDLE",
    "AWS_CONFIG_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_DEFAULT_PROFILE",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
)
NAMING_PREFIX = "AWS_ENDPOINT_URL_"


class Parser(argparse.ArgumentParser):
    """Says a mistake in one sentence, without the usage around it, and ends with exit code 2.

    An option that would not count is a mistake: given twice, or beside another that leaves it out.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for name in (None, "store"):
            self.register("action", name, _Once)
        self._rules: list[tuple[str, str, bool]] = []

    def only_with(self, option: str, *others: str) -> None:
        """Each of the others says something only beside that option."""
        self._rules += [(option, other, False) for other in others]

    def never_with(self, option: str, *others: str) -> None:
        """None of the others, options or arguments by name, says anything beside that option."""
        self._rules += [(option, other, True) for other in others]

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does, with these rules."""
        return self._checked(super().parse_args(args, namespace))

    def parse_intermixed_args(self, args: Any = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse does, with these rules."""
        return self._checked(super().parse_intermixed_args(args, namespace))

    def _checked(self, found: argparse.Namespace) -> argparse.Namespace:
        for option, other, excludes in self._rules:
            if self._is_given(other, found) and self._is_given(option, found) == excludes:
                self.error(
                    f"{other} says nothing {'beside' if excludes else 'without'} {option}: leave it out"
                )
        return found

    def _is_given(self, name: str, found: argparse.Namespace) -> bool:
        """Whether it has another value than by default."""
        [action] = [each for each in self._actions if name in (*each.option_strings, each.metavar)]
        return getattr(found, action.dest, action.default) not in (action.default, [])

    def error(self, message: str) -> NoReturn:
        """Print the sentence and leave."""
        self.exit(EXIT_USAGE, f"{self.prog}: {printable(message)} (--help shows what there is)\n")


class _Once(argparse.Action):
    """Keeps a value, and refuses a second one, which argparse would take instead without a word."""

    _is_given = False

    def __call__(self, _: Any, namespace: Any, values: Any, option_string: str | None = None) -> None:
        """Keep it; raises ArgumentError at the second one."""
        if self._is_given and option_string:
            raise argparse.ArgumentError(self, "is given twice: leave one of the two out")
        self._is_given = True
        setattr(namespace, self.dest, values)


def text(value: str) -> str:
    """The type of an option that names something."""
    if not value.strip():
        raise argparse.ArgumentTypeError("is empty: give a value, or leave the option out for its default")
    return value


def path(value: str) -> Path:
    """The type of an option that names a file or a folder."""
    return Path(text(value))


def port(value: str) -> int:
    """The type of an option that is a TCP port; 0 stands for any that is free."""
    if not (value.isascii() and value.isdigit() and len(value) <= len(str(HIGHEST_PORT))):
        raise argparse.ArgumentTypeError(f"is no port: {shown(value)}; give a number up to {HIGHEST_PORT}")
    if int(value) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"cannot be above {HIGHEST_PORT}, the highest port there is")
    return int(value)


def empty_variables(environment: Mapping[str, str]) -> list[str]:
    """The names of AWS's variables that are there and name nothing."""
    return sorted(
        name
        for name, value in environment.items()
        if (name in NAMING or name.startswith(NAMING_PREFIX)) and not value.strip()
    )


def printable(value: str) -> str:
    """`value` as any terminal can print it: no control characters, no halves of characters."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in value)


def sentences(value: str) -> str:
    """Lines as any terminal can print them."""
    return "\n".join(map(printable, value.splitlines()))


def shown(value: str) -> str:
    """`value` as a part of a sentence: printable, and of a long one the beginning."""
    safe = printable(value)
    return safe if len(safe) <= SHOWN_CHARACTERS else f"{safe[:SHOWN_CHARACTERS]}…"
