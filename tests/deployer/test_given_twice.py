"""What would not count is refused on every command line: given twice, or left out beside another option."""

from __future__ import annotations

import pytest

from local import __main__ as local
from tests.deployer.running import COST, DEPLOY_SH, POLICY, Main, as_program, run

NOWHERE = "/dev/null/nowhere"
"""No folder can be there: what is not refused makes or forgets nothing of this machine's."""
LOCAL = as_program(local.main, "local")


@pytest.fixture(autouse=True)
def without_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is refused, nothing answers."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "x")


@pytest.mark.parametrize(
    ("main", "command"),
    [(DEPLOY_SH, [name]) for name in ("deploy", "plan", "doctor", "template")]
    + [(COST, []), (POLICY, []), (LOCAL, ["--state", NOWHERE])],
)
@pytest.mark.parametrize("second", ["2", "1"])
def test_a_parameter_given_twice(main: Main, command: list[str], second: str) -> None:
    ended = run(main, *command, "TaskCount=1", f"TaskCount={second}")
    assert ended.is_one_sentence, ended
    assert f"TaskCount is given twice, as 1 and as {second}" in ended.said


@pytest.mark.parametrize(
    ("main", "arguments"),
    [
        (DEPLOY_SH, ["status", "--stack", "one", "--stack", "other"]),
        (DEPLOY_SH, ["plan", "--region=eu-west-1", "TaskCount=1", "--region", "eu-west-1"]),
        (DEPLOY_SH, ["destroy", "--data", "delete", "--data", "keep"]),
        (DEPLOY_SH, ["rollback", "--to", "a", "--to", "b"]),
        (DEPLOY_SH, ["logs", "--level", "error", "--level", "info"]),
        (COST, ["--parameters", "a.toml", "--parameters", "b.toml"]),
        (POLICY, ["--out", f"{NOWHERE}/a", "--out", f"{NOWHERE}/b"]),
        (LOCAL, ["--state", NOWHERE, "--port", "0", "--port", "8080"]),
    ],
)
def test_an_option_given_twice(main: Main, arguments: list[str]) -> None:
    ended = run(main, *arguments)
    assert ended.is_one_sentence, ended
    assert "is given twice: leave one of the two out" in ended.said


@pytest.mark.parametrize(
    ("main", "arguments", "words"),
    [
        (
            DEPLOY_SH,
            ["github", "--remove", "--repository", "a/b"],
            "--repository says nothing beside --remove",
        ),
        (DEPLOY_SH, ["github", "--remove", "--branch", "main"], "--branch says nothing beside --remove"),
        (DEPLOY_SH, ["rollback", "--unproved"], "--unproved says nothing without --to"),
        (DEPLOY_SH, ["rollback", "--unchecked"], "--unchecked says nothing without --to"),
        (DEPLOY_SH, ["rollback", "--accept-data-loss"], "--accept-data-loss says nothing without --to"),
        (
            DEPLOY_SH,
            ["destroy", "--accept-data-loss", "--yes"],
            "--accept-data-loss says nothing without --data",
        ),
        (LOCAL, ["--state", NOWHERE, "--gguf", "x", "--model", "qwen"], "--model says nothing beside --gguf"),
        (
            LOCAL,
            ["--state", NOWHERE, "--reset", "--new-password"],
            "--new-password says nothing beside --reset",
        ),
        (LOCAL, ["--state", NOWHERE, "--reset", "TaskCount=2"], "Key=Value says nothing beside --reset"),
    ],
)
def test_an_option_that_another_leaves_out(main: Main, arguments: list[str], words: str) -> None:
    ended = run(main, *arguments)
    assert ended.is_one_sentence, ended
    assert f"{words}: leave it out" in ended.said


def test_what_may_be_repeated_still_may_be() -> None:
    """Several of the kept things, each by an option of its own."""
    ended = run(DEPLOY_SH, "plan", "--kept", "a", "--kept", "b")
    assert "give that too" in ended.said
