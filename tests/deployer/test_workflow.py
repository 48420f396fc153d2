"""The workflow for GitHub: pinned, with the least rights, in turn, and made of commands that there are."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.__main__ import COMMANDS
from deployer.commands import outcome
from deployer.options import ROOT
from templates.stacks import github

FILE = ROOT / ".github" / "workflows" / "deploy.yml"
TEXT = FILE.read_text("utf-8")
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
JOBS: dict[str, dict[str, Any]] = WORKFLOW["jobs"]
STEPS = [(name, step) for name, job in JOBS.items() for step in job["steps"]]
RUNS = [step["run"] for _, step in STEPS if "run" in step]
MADE = sorted({line.partition(" 2>&1")[0] for run in RUNS for line in run.splitlines() if "make " in line})
ON = WORKFLOW[True]
"""YAML takes the key `on` for a truth value."""


def test_actions_are_pinned_by_commit_and_say_which_version_that_is() -> None:
    used = re.findall(r"uses: (.*)", TEXT)
    assert len(used) == sum("uses" in step for _, step in STEPS)
    for each in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", each), each
    # One version of each: who raises one raises all.
    assert len({each.partition("@")[0] for each in used}) == len(set(used))


def test_each_job_has_the_least_permissions() -> None:
    assert WORKFLOW["permissions"] == {}
    for name, job in JOBS.items():
        assert job["permissions"] == {"contents": "read", "id-token": "write"}, name
        # An environment would change the token's subject, and no role would take it.
        assert "environment" not in job, name


def test_nothing_in_it_is_a_secret_and_no_script_is_made_of_what_somebody_wrote() -> None:
    assert "secrets." not in TEXT
    assert not re.search(r"AKIA|arn:aws:iam::\d", TEXT)
    assert [run for run in RUNS if "${{" in run] == []
    for _, step in STEPS:
        if "checkout" in step.get("uses", ""):
            assert step["with"] == {"persist-credentials": False}


def test_it_runs_for_the_subjects_that_the_roles_trust() -> None:
    # pull_request_target would run with the rights of the branch on what a fork brings.
    assert ON.keys() == {"pull_request", "push", "workflow_dispatch"}
    assert ON["push"] == ON["pull_request"] == {"branches": ["main"]}
    assert JOBS["plan"]["if"].startswith("github.event_name == 'pull_request' && ")
    assert "github.event.pull_request.head.repo.full_name == github.repository" in JOBS["plan"]["if"]
    assert JOBS["deploy"]["if"].startswith("github.event_name != 'pull_request' && ")
    roles = {
        name: {step["with"]["role-to-assume"] for step in job["steps"] if "configure" in step.get("uses", "")}
        for name, job in JOBS.items()
    }
    deploying = {"${{ vars.AWS_ROLE_ARN }}"}
    assert roles == {"plan": {"${{ vars.AWS_PLAN_ROLE_ARN }}"}, "deploy": deploying, "rollback": deploying}


def test_a_clone_without_the_variables_does_nothing() -> None:
    assert "vars.AWS_PLAN_ROLE_ARN != ''" in JOBS["plan"]["if"]
    assert "vars.AWS_ROLE_ARN != ''" in JOBS["deploy"]["if"]
    assert JOBS["rollback"]["needs"] == "deploy"


def test_deployments_go_one_after_the_other_and_none_is_cut_off() -> None:
    assert WORKFLOW["concurrency"] == {
        "group": "${{ github.event_name == 'pull_request' && format('plan-{0}', github.ref) || 'deploy' }}",
        "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
    }


def test_it_goes_back_when_what_was_deployed_is_not_proved_and_only_then() -> None:
    told = {"deploy": outcome.CHANGED, "verify": outcome.PROVED}
    assert JOBS["deploy"]["outputs"] == {
        name: f"${{{{ steps.{step}.outputs.{name} }}}}" for step, name in told.items()
    }
    steps = {step["id"]: step for step in JOBS["deploy"]["steps"] if "id" in step}
    assert list(steps) == list(told)
    for name, step in steps.items():
        assert step["run"].startswith(f"make {name} ")
        assert "--outcome '$GITHUB_OUTPUT'" in step["run"]
        assert "if" not in step
    assert JOBS["rollback"]["if"] == (
        "always() && needs.deploy.outputs.changed == 'true' && needs.deploy.outputs.proved == 'false'"
    )


@pytest.mark.parametrize(
    ("deploys", "proves", "goes_back"),
    [
        ("echo changed=true >>'{}'", "echo proved=false >>'{}'; exit 1", True),
        ("echo changed=true >>'{}'", "echo proved=true >>'{}'", False),
        ("echo changed=true >>'{}'", "echo proved=asleep >>'{}'; exit 2", False),
        ("echo changed=true >>'{}'", "exit 1", False),
        ("echo changed=false >>'{}'", "echo proved=false >>'{}'; exit 1", False),
        ("exit 1", "echo proved=false >>'{}'; exit 1", False),
    ],
)
def test_other_systems_go_back_likewise(tmp_path: Path, deploys: str, proves: str, goes_back: bool) -> None:
    page = (ROOT / "docs" / "continuous-deployment.md").read_text("utf-8")
    script = page.partition("## Other systems")[2].partition("```sh\n")[2].partition("```")[0]
    said = tmp_path / "outcome.env"
    said.write_text("changed=true\nproved=false\n")  # of a run before
    making = (
        f'make() {{ case "$1" in deploy) {deploys.format(said)} ;; verify) {proves.format(said)} ;; '
        f'*) echo "$*" >>"{tmp_path}/made" ;; esac; }}'.replace("exit", "return")
    )
    done = subprocess.run(["bash", "-ec", f"{making}\n{script}"], cwd=tmp_path, check=False)
    made = (tmp_path / "made").read_text()
    assert ("rollback TO=previous ARGS=--yes" in made) is goes_back
    assert (done.returncode == 0) is ("proved=true" in proves)


def test_a_failure_before_a_pipe_is_one_of_the_step() -> None:
    # GitHub adds pipefail for `shell: bash` that is written down, and only then.
    assert WORKFLOW["defaults"]["run"]["shell"] == "bash"


def test_credentials_come_after_what_is_installed_and_last_as_long_as_the_job() -> None:
    for name, job in JOBS.items():
        order = [step.get("name") or step["uses"].partition("@")[0] for step in job["steps"]]
        assert order.index("Install") < order.index("aws-actions/configure-aws-credentials"), name
        (credentials,) = [s["with"] for s in job["steps"] if "configure" in s.get("uses", "")]
        lasting = credentials.get("role-duration-seconds", 3600)
        assert job["timeout-minutes"] * 60 <= lasting <= github.SESSION_SECONDS, name


@pytest.mark.parametrize("line", MADE)
def test_its_commands_are_there_with_their_options(line: str) -> None:
    words = shlex.split(line)
    done = subprocess.run(
        ["make", "--dry-run", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    given = dict(word.split("=", 1) for word in words[2:])
    command = next((each for each in COMMANDS if each.name == words[1]), None)
    if command is None:
        assert words[1].startswith(".venv/")
        return
    command.parser().parse_intermixed_args(shlex.split(given.get("ARGS", "")))


def test_its_commands_are_the_four() -> None:
    assert {shlex.split(line)[1] for line in MADE} == {
        ".venv/.installed-tools", "plan", "deploy", "verify", "rollback",
    }  # fmt: skip
