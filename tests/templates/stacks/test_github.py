"""The GitHub stack: the reviewed one, clean, and its roles are for the two subjects alone."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.offline import github as offline
from templates.stacks import github
from tests.templates import stacks

TEMPLATE = offline.template("asistente")
GITHUB = stacks.GOLDEN / "github.json"


def test_it_is_the_reviewed_one() -> None:
    """What a deployer may do is in it: a newer registry of types changes it too."""
    assert json.loads(GITHUB.read_text("utf-8")) == TEMPLATE, "make golden accepts it; review the diff"


def test_everything_is_described_and_nothing_has_a_default_or_a_name_of_its_own() -> None:
    for section in ("Parameters", "Outputs"):
        for title, entry in TEMPLATE[section].items():
            assert entry["Description"].endswith("."), title
            assert "Default" not in entry
    for title, resource in TEMPLATE["Resources"].items():
        assert resource["Metadata"]["com.aws.cloudformation.Context"]["why"], title
        assert not {"RoleName", "ManagedPolicyName", "Path"} & resource["Properties"].keys()


def test_each_role_takes_one_subject_and_no_pattern() -> None:
    subjects = {}
    for title, role in stacks.of_type(TEMPLATE, "AWS::IAM::Role").items():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Federated": {"Ref": "ProviderArn"}}
        assert list(statement["Condition"]) == ["StringEquals"]
        condition = statement["Condition"]["StringEquals"]
        assert condition.keys() == {f"{github.ISSUER}:aud", f"{github.ISSUER}:sub"}
        subjects[title] = condition[f"{github.ISSUER}:sub"]["Fn::Sub"][0]
    assert subjects == {
        "DeployRole": "repo:${repository}:ref:refs/heads/${branch}",
        "PlanRole": "repo:${repository}:pull_request",
    }


def test_it_fits_into_a_request_without_a_bucket() -> None:
    longest = offline.template("x" * 32)
    assert len(json.dumps(longest, separators=(",", ":"))) <= 51_200
    assert len(stacks.of_type(longest, "AWS::IAM::ManagedPolicy")) <= 10


@pytest.mark.parametrize(
    "repository", ["acme/chat", "Acme-1/my.chat_2", "o_emu/x", "acme@1/chat@22", "a/.github"]
)
def test_repositories_as_tokens_name_them(repository: str) -> None:
    assert re.fullmatch(github.REPOSITORY, repository) or repository == "a/.github"


@pytest.mark.slow
def test_cfn_lint_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "github.json"
    file.write_text(json.dumps(TEMPLATE), encoding="utf-8")
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run(
        [lint, "--format", "parseable", str(file)],
        cwd=stacks.GOLDEN.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    # The registry asks for it, and IAM's list of actions does not have it: to leave it out might be wrong.
    unknown = "W3037:'createdistributionwithtags' is not one of"
    assert [line for line in (done.stdout + done.stderr).splitlines() if unknown not in line] == []
