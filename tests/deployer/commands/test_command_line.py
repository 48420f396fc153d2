"""`deploy.sh` as a user runs it: its words on stderr, its exit codes, and the real templates through it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployer.cloudformation.parameters import read_file
from deployer.commands.intended import write_templates
from deployer.options import ROOT, Options
from local.emulator.builds import signal_build
from tests.emulator_fixture import RunningEmulator, run_emulator

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 60


def start(environment: dict[str, str], *arguments: str, cwd: Path = ROOT) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [ROOT / "deploy.sh", *arguments],
        env=environment,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(environment: dict[str, str], *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    process = start(environment, *arguments, cwd=cwd)
    out, errors = process.communicate(timeout=DEADLINE_SECONDS)
    return subprocess.CompletedProcess(arguments, process.returncode, out, errors)


@pytest.fixture
def bare(tmp_path: Path) -> dict[str, str]:
    """An environment without any AWS settings."""
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}


KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
NOBODY = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_REGION": "eu-west-1"}  # discard: nobody listens


@pytest.mark.parametrize(
    ("settings", "arguments", "words"),
    [
        ({"AWS_REGION": "eu-west-1"}, ["deploy"], "No AWS credentials were found"),
        (KEYS, ["deploy"], "No AWS region is chosen"),
        (KEYS | NOBODY, ["deploy"], "Nothing answers at http://127.0.0.1:9"),
        (KEYS | NOBODY, ["destroy", "--yes"], "Nothing answers at http://127.0.0.1:9"),
        (KEYS | NOBODY, ["status"], "Nothing answers at http://127.0.0.1:9"),
        (
            KEYS | {"AWS_ENDPOINT_URL": "localhost"},
            ["status", "--region", "eu-west-1"],
            "AWS_ENDPOINT_URL must look",
        ),
        (KEYS, ["deploy", "--region", "eu west"], "is not the name of an AWS region"),
        (KEYS, ["deploy", "--profile", "work"], "no profile named work"),
        ({}, ["deploy", "TaskCuont=3"], "Did you mean TaskCount?"),
        ({}, ["deploy", "FrontDoor=domain"], "FrontDoor domain needs DomainName and HostedZoneId"),
        ({}, ["deploy", "three"], '"three" is not of the form Key=Value'),
        ({}, ["deploy", "--stack", "a_b"], "cannot be the name of a stack"),
        ({}, ["deploy", "--parameters", "nowhere.toml"], "nowhere.toml cannot be read"),
        ({}, ["deploi"], "invalid choice: 'deploi'"),
        ({}, [], "./deploy.sh destroy"),
        ({"PYTHON": "/nowhere/python"}, ["status"], "There is no Python at /nowhere/python"),
    ],
)
def test_what_has_to_be_set_right_first_is_said_with_exit_code_2(
    bare: dict[str, str], settings: dict[str, str], arguments: list[str], words: str
):
    done = run(bare | settings, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_help_is_the_script_s_own_header(bare: dict[str, str]):
    done = run(bare, "--help")
    assert done.returncode == 0
    assert "Exit codes: 0 done, 1 failed" in done.stdout


def test_the_templates_are_written_without_any_aws(bare: dict[str, str], tmp_path: Path):
    done = run(bare, "template", cwd=tmp_path)
    assert done.returncode == 0
    assert str(ROOT / "out" / "root.json") in done.stdout.splitlines()


def test_the_templates_are_those_that_the_parameters_would_deploy(tmp_path: Path):
    settings = tmp_path / "trial.toml"
    settings.write_text('[parameters]\nKeepData = "no"\n')
    options = Options(out=tmp_path / "out", parameters=read_file(settings).parameters)
    write_templates(options)
    table = json.loads((tmp_path / "out" / "data.json").read_text())["Resources"]["Table"]
    assert table["DeletionPolicy"] == "Delete"


@pytest.mark.slow
def test_the_product_s_whole_life(emulator: RunningEmulator, tmp_path: Path):
    settings = tmp_path / "trial.toml"
    settings.write_text('stack = "whole-life"\n[parameters]\nKeepData = "no"\n')
    environment = emulator.environment
    here: dict[str, Any] = {"cwd": tmp_path}  # a file on the command line is relative to where the user is

    none = run(environment, "status", "--parameters", "trial.toml", **here)
    assert (none.returncode, "There is no stack whole-life" in none.stderr) == (2, True)

    planned = run(environment, "plan", "--parameters", "trial.toml", **here)
    assert planned.returncode == 0, planned.stderr
    assert re.search(r"^ *Network +[0-9]+ to add", planned.stdout, re.MULTILINE)
    assert "It costs about " in planned.stdout

    unconfirmed = run(environment, "deploy", "--parameters", "trial.toml", **here)
    assert (unconfirmed.returncode, "give --yes" in unconfirmed.stderr) == (2, True)

    created = run(environment, "deploy", "--yes", "--unproved", "--parameters", "trial.toml", **here)
    assert created.returncode == 0, created.stderr
    assert "ServiceUrl" in created.stdout
    assert "CREATE_COMPLETE       Network/Vpc" in created.stdout

    again = run(environment, "deploy", "--yes", "--unproved", "--parameters", "trial.toml", **here)
    assert again.returncode == 0
    assert "whole-life: nothing has changed." in again.stdout

    more = run(environment, "plan", "TaskCount=3", "--parameters", "trial.toml", **here)
    assert more.returncode == 0, more.stderr
    assert "Service  " in more.stdout
    assert "USD a month instead of" in more.stdout
    assert "LOST" not in more.stdout

    updated = run(
        environment,
        "deploy",
        "--unproved",
        "--yes",
        "TaskCount=3",
        "--parameters",
        "trial.toml",
        "LogRetentionDays=7",
        **here,
    )
    assert updated.returncode == 0, updated.stderr
    outputs = dict(
        line.split(maxsplit=1) for line in updated.stdout.splitlines() if line.startswith(("Cl", "Se"))
    )
    ecs = emulator.client("ecs")
    [service] = ecs.describe_services(cluster=outputs["ClusterName"], services=[outputs["ServiceName"]])[
        "services"
    ]
    assert service["desiredCount"] == 3

    asked = run(environment, "destroy", "--parameters", "trial.toml", **here)
    assert (asked.returncode, "give --yes" in asked.stderr) == (2, True)

    destroyed = run(environment, "destroy", "--yes", "--parameters", "trial.toml", **here)
    assert destroyed.returncode == 0, destroyed.stderr
    assert "whole-life is gone" in destroyed.stdout
    assert "Kept on purpose" not in destroyed.stdout
    assert run(environment, "destroy", "--yes", "--parameters", "trial.toml", **here).returncode == 0


@pytest.fixture
def idle() -> Iterator[RunningEmulator]:
    """An emulator in which no build comes to an end: the test plays it."""
    with run_emulator("--hold-builds") as running:
        yield running


def build_environment(running: RunningEmulator) -> dict[str, str]:
    """Wait until the build project is there; return its variables."""
    codebuild = running.client("codebuild")
    end = time.monotonic() + DEADLINE_SECONDS
    while not (names := codebuild.list_projects()["projects"]):
        assert time.monotonic() < end, "the build project did not appear"
        time.sleep(0.1)
    [project] = codebuild.batch_get_projects(names=names)["projects"]
    return {item["name"]: item["value"] for item in project["environment"]["environmentVariables"]}


def deploy_while(running: RunningEmulator, act: Any, stack: str) -> subprocess.CompletedProcess[str]:
    """Deploy the real templates and do something in the meantime."""
    process = start(running.environment, "deploy", "--yes", "--unproved", "--stack", stack, "KeepData=no")
    watchdog = threading.Timer(DEADLINE_SECONDS, process.kill)
    watchdog.start()
    try:
        act(process)
        out, errors = process.communicate()
    finally:
        watchdog.cancel()
    return subprocess.CompletedProcess([], process.returncode, out, errors)


@pytest.mark.slow
def test_a_failed_build_is_the_reason_and_the_next_attempt_starts_afresh(idle: RunningEmulator):
    def fail(_: Any) -> None:
        signal_build(build_environment(idle), "FAILURE", "line 3: no such package")

    failed = deploy_while(idle, fail, "trial")
    assert failed.returncode == 1
    assert "trial could not be created: Build/Image" in failed.stderr
    assert "line 3: no such package" in failed.stderr
    assert "rolled back" in failed.stderr

    def succeed(_: Any) -> None:
        signal_build(build_environment(idle), "SUCCESS", "done", data="image")

    second = deploy_while(idle, succeed, "trial")
    assert second.returncode == 0, second.stderr
    assert "Removing what an earlier attempt left of trial (ROLLBACK_COMPLETE)" in second.stdout


@pytest.mark.slow
def test_a_build_that_never_ran_ends_the_wait_with_the_pipeline_s_reason():
    with run_emulator() as without_builds:
        failed = run(
            without_builds.environment, "deploy", "--yes", "--unproved", "--stack", "trial", "KeepData=no"
        )
    assert failed.returncode == 1
    reason = "Build: This emulator was started without anyone who plays builds."
    assert f"failed: {reason}" in failed.stdout
    assert "trial could not be created: Build/Image" in failed.stderr
    assert reason in failed.stderr
    assert "_ministack/cfn-signal" not in failed.stdout + failed.stderr


@pytest.mark.slow
def test_ctrl_c_leaves_cloudformation_at_work_and_says_so(idle: RunningEmulator):
    def interrupt(process: subprocess.Popen[str]) -> None:
        build_environment(idle)
        process.send_signal(signal.SIGINT)

    stopped = deploy_while(idle, interrupt, "trial")
    assert stopped.returncode == 130
    assert "CloudFormation goes on with trial: `./deploy.sh status --stack trial` shows how" in stopped.stderr

    other = run(idle.environment, "deploy", "--stack", "trial")
    assert other.returncode == 1
    assert (
        "Another operation on the stack trial is in progress (CREATE_IN_PROGRESS, begun by " in other.stderr
    )
    assert "CREATE_IN_PROGRESS" in run(idle.environment, "status", "--stack", "trial").stdout
    signal_build(build_environment(idle), "SUCCESS", "done", data="image")
