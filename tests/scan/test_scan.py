"""The scan's verdict: nothing slips through, neither a finding nor a waiver that is no longer needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.cloudformation.intrinsics import Json
from deployer.offline.profiles import flat, load
from tests.scan.__main__ import TOOLS, Waiver, verdict, waivers
from tests.scan.findings import Finding, ScannerFailed, scan
from tests.scan.policies import policies

pytestmark = pytest.mark.long
OPEN_BUCKET = Finding("checkov", "CKV_AWS_18", "Logs")
WAIVED = Waiver("checkov", "CKV_AWS_18", "Logs|Artifacts", "A log of a log has no end.")


def test_a_finding_without_a_waiver_is_named_with_its_profile() -> None:
    assert verdict({"default": {OPEN_BUCKET}}, [], {}) == ["default: checkov CKV_AWS_18 on Logs"]
    assert verdict({"default": {OPEN_BUCKET}}, [WAIVED], {}) == []


@pytest.mark.parametrize("field", ["tool", "rule", "resource"])
def test_a_waiver_covers_nothing_else(field: str) -> None:
    other = Waiver(**{**vars(WAIVED), field: "Log"})
    lines = verdict({"default": {OPEN_BUCKET}}, [other], {})
    assert len(lines) == 2
    assert lines[1].startswith("needless waiver: ")


def test_one_profile_is_enough_to_need_a_waiver() -> None:
    assert verdict({"default": set(), "cheapest": {OPEN_BUCKET}}, [WAIVED], {}) == []


def test_a_waiver_is_no_way_around_the_most_that_is_allowed() -> None:
    found = {"default": {OPEN_BUCKET, Finding("checkov", "CKV_AWS_18", "Artifacts")}, "cheapest": set()}
    assert verdict(found, [WAIVED], {"default": {"checkov": 2}, "cheapest": {"checkov": 0}}) == []
    assert verdict(found, [WAIVED], {"default": {"checkov": 1}}) == [
        "default: 2 findings of checkov, waived or not, and at most 1 are allowed"
    ]


def test_every_waiver_has_its_reason_and_its_place() -> None:
    every = waivers()
    assert all(waiver.reason.endswith(".") for waiver in every)
    places = [(waiver.tool, waiver.rule, waiver.resource) for waiver in every]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("profile", load())
def test_a_flattened_template_refers_to_nothing_that_is_not_in_it(profile: str) -> None:
    template, _ = flat(load()[profile])
    for title, resource in template["Resources"].items():
        for name in _references(resource):
            assert name.startswith("AWS::") or name in template["Resources"], (title, name)


def test_policies_are_whole_without_functions() -> None:
    found = dict(policies(flat({})[0]))
    assert set(found) >= {"ServiceTaskRole", "ServiceExecutionRole", "BuildProjectRole", "BuildPipelineRole"}
    assert "Fn::" not in json.dumps(found)
    assert "${" not in json.dumps(found)


@pytest.mark.slow
def test_a_missing_scanner_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScannerFailed, match="make scan installs it"):
        scan({"default": flat({})[0]}, tmp_path / "nothing-here")


@pytest.mark.slow
@pytest.mark.skipif(not TOOLS.exists(), reason="make scan installs the scanners")
def test_every_profile_is_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.scan"],
        cwd=TOOLS.parent,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _references(value: Json | list[Json] | str) -> set[str]:
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), _]}:
            return {name}
        case dict():
            return {name for item in value.values() for name in _references(item)}
        case list():
            return {name for item in value for name in _references(item)}
    return set()
