"""Every command is found wherever a user looks for one, and says what it takes."""

from __future__ import annotations

import re

import pytest

from deployer.__main__ import COMMANDS
from deployer.command import Command
from deployer.options import ROOT
from tests.deployer.running import DEPLOY_SH, run

each_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)


@each_command
def test_it_is_in_the_header_of_deploy_sh(command: Command) -> None:
    header = (ROOT / "deploy.sh").read_text("utf-8").partition("set -euo")[0]
    assert re.search(rf"^#   \./deploy\.sh {command.name} ", header, re.MULTILINE)


@each_command
def test_it_is_a_target_of_make(command: Command) -> None:
    targets = (ROOT / "Makefile").read_text("utf-8")
    assert re.search(rf"^{command.name}: .*## ", targets, re.MULTILINE)


@each_command
def test_it_has_help(command: Command, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        command.parser().parse_intermixed_args(["--help"])
    assert end.value.code == 0
    assert command.summary in " ".join(capsys.readouterr().out.split())


def test_their_names_are_their_modules(capsys: pytest.CaptureFixture[str]) -> None:
    listed = [each.name for each in COMMANDS]
    assert len(listed) == len(set(listed))
    for name in listed:
        assert (ROOT / "deployer" / "commands" / f"{name.replace('-', '_')}.py").is_file()
    assert DEPLOY_SH(["--help"]) == 0
    assert capsys.readouterr().out.count("\n  ") == len(listed)


@pytest.mark.parametrize("arguments", [["--yes", "destroy"], ["deploi"], ["\x1b[31m"], []])
def test_what_is_no_command_is_refused(arguments: list[str]) -> None:
    ended = run(DEPLOY_SH, *arguments)
    assert ended.is_one_sentence, ended
    assert "destroy" in ended.said
