"""Fixtures of the commands' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployer.commands.running_deployment import Running
from tests.emulator_fixture import RunningEmulator


@pytest.fixture
def running(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Running:
    """A deployment that runs."""
    return Running(aws, stack_name.replace("tiny", "running"), tmp_path)
