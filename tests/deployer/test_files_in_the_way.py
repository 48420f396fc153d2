"""Files, folders and disks that do not do what they should: one sentence, and nothing is made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.cloudformation.parameters import read_file
from deployer.commands import deploy
from deployer.errors import DeployError
from deployer.options import ROOT
from tests.deployer.running import COST, DEPLOY_SH, POLICY, run
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("content", [b"\xef\xbb\xbfstack = 'chat'", "\ufeffstack = 'chat'\r\n".encode()])
def test_a_byte_order_mark_is_no_part_of_the_file(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "parameters.toml"
    file.write_bytes(content)
    assert read_file(file).stack == "chat"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("stack = 'x'".encode("utf-16"), "is not UTF-8 text: save it as that"),
        (b"stack = '\xe9'", "is not UTF-8 text"),
        (b"\0", "is not valid TOML"),
        (b"x = " + b"[" * 5000, "is not valid TOML"),
        (b"[parameters]\nTaskCount = " + b"1" * 5000, "is not valid TOML"),
        (b"[parameters]\nTaskCount = 0x" + b"f" * 5000, "a number of more than 30 digits"),
        (b"#" * 1_000_001, "has more than 1000000 bytes"),
        (b"[parameters]\nSingleSignOnProvider = 2026-01-31", "must be a text in quotes or a number"),
        (b"[parameters.OidcClientId]", "must be a text in quotes or a number"),
        (b"[parameters]\nTaskCount = [[1], [2]]", "must be a text in quotes or a number"),
        (b"[parameters]\nTaskCount = [1, 2]", 'TaskCount cannot be "1,2"'),
        (b"[parameters]\nTaskCount = nan", 'TaskCount cannot be "nan"'),
        (b"[parameters]\nTaskCount = true", 'TaskCount cannot be "true"'),
        (b'[parameters]\n"Task\\u0007Count" = 1', "There is no parameter Task\\x07Count"),
    ],
)
def test_a_file_that_cannot_be_meant_is_explained(tmp_path: Path, content: bytes, words: str) -> None:
    file = tmp_path / "parameters.toml"
    file.write_bytes(content)
    for main in (COST, POLICY):
        ended = run(main, "--parameters", str(file))
        assert ended.is_one_sentence, ended
        assert words in ended.said


@pytest.mark.parametrize("main", [COST, POLICY])
def test_a_folder_is_no_file(tmp_path: Path, main: Any) -> None:
    ended = run(main, "--parameters", str(tmp_path))
    assert ended.is_one_sentence
    assert "Is a directory" in ended.said


def test_a_policy_that_cannot_be_written(tmp_path: Path, full_disk: Path, read_only_disk: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder, words in (
        (full_disk / "policy", "No space left on device"),
        (read_only_disk / "policy", "Read-only file system"),
        (file, "File exists"),
        (file / "policy", "Not a directory"),
    ):
        ended = run(POLICY, "--out", str(folder))
        assert ended.is_one_sentence, ended
        assert words in ended.said


def test_templates_that_cannot_be_written_deploy_nothing(full_disk: Path, tiny: Tiny) -> None:
    tiny.out = full_disk / "out"
    with pytest.raises(DeployError, match="No space left on device") as error:
        tiny.deploy()
    assert error.value.exit_code == 2
    assert tiny.printed() == ""


def test_a_source_that_is_not_there_deploys_nothing(tiny: Tiny, tmp_path: Path) -> None:
    options = tiny.options()
    object.__setattr__(options, "root", tmp_path)
    with pytest.raises(DeployError, match="build context lacks") as error:
        deploy.run(options, tiny.console)
    assert error.value.exit_code == 2
    assert tiny.printed() == ""


@pytest.mark.parametrize(("arguments", "code"), [(["template"], 1), (["destroy", "--stack", "nobodys"], 2)])
def test_words_that_nobody_can_take_in_are_no_traceback(tiny: Tiny, arguments: list[str], code: int) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [ROOT / "deploy.sh", *arguments],
            env=tiny.aws.environment | {"PYTHON": sys.executable},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, done.stderr) == (code, "This machine refuses: No space left on device.\n")


def test_a_value_that_is_no_text_is_said_as_it_can_be(tmp_path: Path) -> None:
    said = subprocess.run(
        [sys.executable, "-P", "-m", "deployer", "deploy", b"Task\xffCount=\x1b[31m"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        cwd=tmp_path,
        check=False,
    )
    assert said.returncode == 2
    assert said.stderr == b"There is no parameter Task\\udcffCount. Did you mean TaskCount?\n"


def test_a_command_line_that_is_no_text_is_said_too() -> None:
    ended = run(DEPLOY_SH, "deploi\udcff")
    assert ended.is_one_sentence
    assert "\\udcff" in ended.said
