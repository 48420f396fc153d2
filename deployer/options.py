"""What to deploy and where: the command line over the parameters file over the defaults."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from command_line import shown
from deployer.cloudformation.parameters import Value, read_file
from deployer.errors import UsageError

ROOT = Path(__file__).resolve().parent.parent
PARAMETERS_FILE = ROOT / "parameters.toml"
DEFAULT_STACK = "asistente"

BOOTSTRAP_SUFFIX = "-bootstrap"
STACK_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
# CloudFormation names a role or a rule after its stack, in at most 64 characters: the end of a longer stack's
# name is cut off, and `role/NAME-*`, by which `make policy` confines a deployer, does not match any more.
STACK_NAME_MAX_LENGTH = 32


@dataclass(frozen=True, kw_only=True)
class Options:
    """One deployment; `parameters` are the template's. Raises UsageError for names that cannot be."""

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    parameters: Mapping[str, Value] = field(default_factory=dict)
    root: Path = ROOT
    out: Path = ROOT / "out"

    def __post_init__(self) -> None:
        for name, value in (("region", self.region), ("profile", self.profile)):
            if value is not None and not value.strip():
                raise UsageError(f"The {name} is empty: give one, or leave it out.")
        if self.stack.lower().endswith(BOOTSTRAP_SUFFIX):
            raise UsageError(
                f"{self.stack} cannot be the name of a stack: what ends so is the bootstrap stack of another."
            )
        if not STACK_NAME.fullmatch(self.stack) or len(self.stack) > STACK_NAME_MAX_LENGTH:
            raise UsageError(
                f'"{shown(self.stack)}" cannot be the name of a stack: it starts with a letter and has only '
                f"letters, digits and hyphens, at most {STACK_NAME_MAX_LENGTH}, because CloudFormation would "
                "shorten a longer one in the names that it makes of it."
            )

    @property
    def bootstrap_stack(self) -> str:
        """The stack that owns the artifact bucket."""
        return self.stack + BOOTSTRAP_SUFFIX


def load(
    file: Path = PARAMETERS_FILE,
    *,
    stack: str | None = None,
    region: str | None = None,
    profile: str | None = None,
    overrides: Mapping[str, Value] | None = None,
) -> Options:
    """Return what `file` says with these overrides; raises UsageError when it is malformed."""
    settings = read_file(file)
    return Options(
        stack=_first(stack, settings.stack, DEFAULT_STACK),
        region=_first(region, settings.region),
        profile=profile,
        parameters={**settings.parameters, **(overrides or {})},
    )


def _first(*values: str | None) -> Any:
    """The first that is given. An empty one is given too, and refused where it is used."""
    return next((value for value in values if value is not None), None)
