"""cfn-lint with every check on finds nothing, and would find what it is there for."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import generate
from tests.templates import stacks

pytestmark = pytest.mark.slow

PROJECT = Path(generate.__file__).parent


@pytest.mark.parametrize("keep_data", ["yes", "no"])
def test_every_stack_is_clean(tmp_path: Path, keep_data: str) -> None:
    files = generate.write(tmp_path, stacks.TAG, keep_data)
    assert _lint(*files) == ""


def test_parent_is_checked_against_child(tmp_path: Path) -> None:
    generate.write(tmp_path, stacks.TAG)
    network = stacks.stack("network")
    network["Parameters"]["NobodyGivesThis"] = {
        "Type": "String",
        "Description": "A parameter the root forgot.",
    }
    (tmp_path / "network.json").write_text(json.dumps(network))
    assert "NobodyGivesThis" in _lint(tmp_path / "root.json")


def _lint(*files: Path) -> str:
    """What cfn-lint finds, with the project's own configuration."""
    result = subprocess.run(
        [Path(sys.executable).with_name("cfn-lint"), "--format", "parseable", *map(str, files)],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )
    return result.stdout + result.stderr
