"""Writes the templates, for whoever wants to read them before anything is deployed."""

from __future__ import annotations

from argparse import Namespace

from rich.console import Console

from deployer.command import Command
from deployer.commands.intended import write_templates
from deployer.console import say
from deployer.offline.profiles import checked
from deployer.options import Options


def run(options: Options, console: Console) -> None:
    """Write the templates into the options' out folder and print their paths; raises UsageError."""
    checked(options.parameters)
    write_templates(options)
    for path in sorted(options.out.glob("*.json")):
        say(console, str(path))


def _start(_: Namespace, options: Options, console: Console) -> None:
    run(options, console)


COMMAND = Command(name="template", summary="Write the templates to out/", start=_start, takes_parameters=True)
