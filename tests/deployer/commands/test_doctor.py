"""`doctor` by its command line, on the emulator, and as the first step of a deployment."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from deployer.account.checks import models, quotas
from deployer.commands import doctor
from deployer.errors import DeployError
from deployer.options import Options
from tests.emulator_fixture import REPOSITORY, RunningEmulator

pytestmark = pytest.mark.slow

KEYS = {"check", "subject", "level", "message", "remedy"}
CHECKS = {
    "account",
    "services",
    "models",
    "quotas",
    "permissions",
    "network",
    "names",
    "operation",
    "machine",
}


def run(aws: RunningEmulator, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [REPOSITORY / "deploy.sh", *arguments],
        env=aws.environment | {"PYTHON": sys.executable},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_account_where_all_is_well_has_warnings_at_most(aws: RunningEmulator, stack_name: str) -> None:
    done = run(aws, "doctor", "--stack", stack_name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "wrong" not in done.stdout
    assert f"{stack_name} in account 000000000000, region us-east-1:" in done.stdout
    assert "create-foundation-model-agreement" in done.stdout  # Anthropic's, as in a new account
    page = json.loads(run(aws, "doctor", "--json", "--stack", stack_name).stdout)
    assert (page["account"], page["region"], page["stack"], page["ok"]) == (
        "000000000000", "us-east-1", stack_name, True,
    )  # fmt: skip
    assert {frozenset(finding) for finding in page["findings"]} == {frozenset(KEYS)}
    assert {finding["check"] for finding in page["findings"]} == CHECKS


def test_what_must_be_set_right_ends_it_with_2(aws: RunningEmulator, stack_name: str) -> None:
    done = run(aws, "doctor", "--json", "--stack", stack_name, "ModelId=amazon.nothing-v1:0")
    assert done.returncode == 2
    page = json.loads(done.stdout)
    wrong = [finding for finding in page["findings"] if finding["level"] == "wrong"]
    assert (page["ok"], [finding["subject"] for finding in wrong]) == (False, ["ModelId amazon.nothing-v1:0"])


def test_a_deployment_looks_first_and_makes_nothing(aws: RunningEmulator, stack_name: str) -> None:
    done = run(aws, "deploy", "--yes", "--stack", stack_name, "ModelId=amazon.nothing-v1:0")
    assert done.returncode == 2
    assert "wrong    models: ModelId amazon.nothing-v1:0" in done.stdout
    assert "ok  " not in done.stdout
    assert "must be set right first" in done.stderr
    for name in (stack_name, f"{stack_name}-bootstrap"):
        with pytest.raises(ClientError, match="does not exist"):
            aws.client("cloudformation").describe_stacks(StackName=name)


def examined(stack: str) -> int:
    return doctor.run(Options(stack=stack), Console(file=io.StringIO()))


@pytest.mark.usefixtures("aws")
def test_credentials_that_expire_in_the_middle_are_one_sentence(
    stack_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expired(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "no"}}, "GetServiceQuota")

    monkeypatch.setattr(quotas, "check", expired)
    with pytest.raises(DeployError, match="credentials have expired") as error:
        examined(stack_name)
    assert error.value.exit_code == 2


@pytest.mark.usefixtures("aws")
@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ThrottlingException", "UnknownOperationException"]
)
def test_a_check_that_gets_no_answer_fails_nothing(
    stack_name: str, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def refused(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, "GetFoundationModelAvailability")

    for module in (quotas, models):
        monkeypatch.setattr(module, "check", refused)
    assert examined(stack_name) == 0
