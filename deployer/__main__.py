"""The command line: `python -m deployer COMMAND ...`, as `deploy.sh` calls it."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from rich.console import Console

from command_line import EXIT_USAGE, printable, sentences, shown
from deployer.cloudformation.parameters import parse_overrides
from deployer.command import Command
from deployer.commands import (
    continue_rollback,
    deploy,
    destroy,
    doctor,
    github,
    logs,
    open,
    plan,
    rollback,
    status,
    template,
    user,
    user_forget,
    users,
    verify,
)
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_INTERRUPTED, DeployError, UsageError, explain_os
from deployer.options import load

COMMANDS = (
    doctor.COMMAND,
    plan.COMMAND,
    deploy.COMMAND,
    verify.COMMAND,
    rollback.COMMAND,
    status.COMMAND,
    destroy.COMMAND,
    template.COMMAND,
    open.COMMAND,
    logs.COMMAND,
    continue_rollback.COMMAND,
    user.COMMAND,
    users.COMMAND,
    user_forget.COMMAND,
    github.COMMAND,
)


def main(arguments: Sequence[str]) -> int:
    """Run one command; return the exit code: 0 done, 1 failed, 2 to be set right first, 130 interrupted."""
    name, *rest = arguments or ("",)
    if name in ("-h", "--help"):
        print(_list_of_commands())
        return 0
    command = next((each for each in COMMANDS if each.name == name), None)
    if command is None:
        return _end(_no_such_command(name), EXIT_USAGE)
    try:
        code = _run(command, rest)
        sys.stdout.flush()
    except DeployError as error:
        return _end(str(error), error.exit_code)
    except OSError as error:  # such as a full disk behind a log
        return _end(explain_os(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _end("Interrupted.", EXIT_INTERRUPTED)
    return code


def _run(command: Command, arguments: Sequence[str]) -> int:
    # argparse takes this for the end of the options and gives the option no value at all.
    if nothing := next((each for each in arguments if each.startswith("--") and each.endswith("=--")), ""):
        raise UsageError(f"{shown(nothing)} names nothing: give a value, or leave the option out.")
    # Intermixed: options may stand before, between and after Key=Value.
    given = command.parser().parse_intermixed_args(arguments)
    if given.overrides and not command.takes_parameters:
        raise UsageError(f"{command.name} takes no parameters: leave {shown(given.overrides[0])} out.")
    options = load(
        given.parameters,
        stack=given.stack,
        region=given.region,
        profile=given.profile,
        overrides=parse_overrides(given.overrides),
    )
    return command.start(given, options, Console()) or 0


def _no_such_command(name: str) -> str:
    names = ", ".join(each.name for each in COMMANDS)
    if name.startswith("-"):
        return f"deploy.sh: the command comes first, then {shown(name)}: {names}"
    return f"deploy.sh: invalid choice: '{shown(name)}' (choose from {names})"


def _list_of_commands() -> str:
    width = max(len(each.name) for each in COMMANDS)
    lines = [f"  {each.name:<{width}}  {each.summary}" for each in COMMANDS]
    return "\n".join(["deploy.sh COMMAND [OPTIONS] [Key=Value ...]", "", *map(printable, lines)])


def _end(sentence: str, code: int) -> int:
    say(Console(stderr=True), sentences(sentence), "red")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
