"""Empty is not absent: what names a thing and is empty is refused before anything is asked or done."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

import generate
from command_line import NAMING
from deployer.errors import UsageError
from deployer.options import ROOT, Options, load
from local import __main__ as local
from local.bedrock import __main__ as bedrock
from local.emulator import __main__ as emulator
from tests.deployer.running import COST, DEPLOY_SH, POLICY, Main, as_program, run

GENERATE = as_program(generate.main, "generate.py")
LOCAL = as_program(local.main, "local")
BEDROCK, EMULATOR = as_program(bedrock.main, "bedrock"), as_program(emulator.main, "emulator")


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of its own and no AWS: an empty path must not come to mean what lies about."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("empty", ["", " ", "\t"])
@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        *[
            (DEPLOY_SH, [command, option])
            for command in ("deploy", "destroy", "doctor", "plan", "status", "template")
            for option in ("--stack", "--region", "--profile", "--parameters")
        ],
        (DEPLOY_SH, ["rollback", "--to"]),
        (COST, ["--parameters"]),
        *[(POLICY, [option]) for option in ("--stack", "--out", "--parameters")],
        (GENERATE, ["--out"]),
        *[
            (LOCAL, ["--reset", option])
            for option in ("--state", "--models", "--gguf", "--oidc-client-secret", "--port", "--model")
        ],
        *[(BEDROCK, ["--gguf=x", "--model-id=x", option]) for option in ("--gguf", "--model-id", "--port")],
        *[(EMULATOR, [option]) for option in ("--state", "--region", "--port")],
    ],
)
def test_an_empty_option_is_refused(main: Main, arguments: list[str], empty: str, elsewhere: Path) -> None:
    ended = run(main, *arguments, empty, *(["--yes"] if main is DEPLOY_SH else []))
    assert ended.is_one_sentence, ended
    assert arguments[-1] in ended.said
    assert not list(elsewhere.iterdir())


@pytest.mark.parametrize("option", ["--stack", "--region", "--parameters"])
def test_two_dashes_are_no_value(option: str) -> None:
    ended = run(DEPLOY_SH, "destroy", f"{option}=--", "--yes")
    assert ended.is_one_sentence, ended
    assert f"{option}=-- names nothing" in ended.said


@pytest.mark.parametrize("override", ["TaskCount=", "AllowedAddresses=", "AlternativeModelId= ", "", "="])
@pytest.mark.parametrize("main", [DEPLOY_SH, COST, POLICY, LOCAL])
def test_a_parameter_without_a_value_is_refused_on_every_command_line(main: Main, override: str) -> None:
    ended = run(main, *(["deploy"] if main is DEPLOY_SH else []), override)
    assert ended.is_one_sentence, ended


@pytest.mark.parametrize("command", ["destroy", "status"])
def test_what_takes_no_parameters_says_so(command: str) -> None:
    ended = run(DEPLOY_SH, command, "TaskCount=3")
    assert ended.is_one_sentence
    assert "takes no parameters" in ended.said


@pytest.mark.parametrize("line", ['stack = ""', 'region = ""', 'stack = "  "'])
def test_an_empty_line_of_the_file_is_refused(elsewhere: Path, line: str) -> None:
    file = elsewhere / "parameters.toml"
    file.write_text(line)
    for main, command in ((DEPLOY_SH, ["destroy", "--yes"]), (COST, []), (POLICY, [])):
        ended = run(main, *command, "--parameters", str(file))
        assert ended.is_one_sentence, ended
        assert "is empty" in ended.said


def test_the_file_may_say_that_a_parameter_is_empty(elsewhere: Path) -> None:
    file = elsewhere / "parameters.toml"
    file.write_text('[parameters]\nAlternativeModelId = ""')
    assert run(COST, "--parameters", str(file)).code == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [*NAMING, "AWS_ENDPOINT_URL_CLOUDFORMATION"])
@pytest.mark.parametrize("command", ["destroy", "status", "deploy", "doctor", "plan"])
def test_an_empty_variable_of_aws_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, command: str
) -> None:
    monkeypatch.setenv(name, "")
    ended = run(DEPLOY_SH, command, "--yes")
    assert ended.is_one_sentence, ended
    assert f"{name} is set and empty" in ended.said


def test_a_variable_that_names_nothing_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PAGER", "")
    assert "Nothing answers" in run(DEPLOY_SH, "status").said


def test_an_empty_interpreter_is_refused() -> None:
    done = subprocess.run(
        [ROOT / "deploy.sh", "status"], env={**os.environ, "PYTHON": ""}, capture_output=True, check=False
    )
    assert (done.returncode, b"PYTHON is set and empty" in done.stderr) == (2, True)


@pytest.mark.parametrize("name", ["stack", "region", "profile"])
def test_options_made_by_a_program_are_no_exception(name: str) -> None:
    empty: dict[str, Any] = {name: ""}
    with pytest.raises(UsageError):
        Options(**empty)
    with pytest.raises(UsageError):
        load(**empty)


@pytest.mark.parametrize("command", ["deploy", "destroy"])
def test_another_deployment_s_bootstrap_stack_is_no_deployment(command: str) -> None:
    ended = run(DEPLOY_SH, command, "--stack", "asistente-bootstrap", "--yes")
    assert ended.is_one_sentence
    assert "bootstrap stack of another" in ended.said
