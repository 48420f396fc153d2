"""Fixtures of the deployer's tests."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from tests.deployer.tiny import Tiny
from tests.emulator_fixture import RunningEmulator

_numbers = itertools.count(1)


@pytest.fixture
def aws(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> RunningEmulator:
    """The emulator, as the AWS of this process."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in emulator.environment.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    return emulator


@pytest.fixture
def stack_name() -> str:
    """A stack name that no other test of this process has."""
    return f"tiny-{next(_numbers)}"


@pytest.fixture
def tiny(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Tiny:
    """A tiny product, not yet deployed."""
    return Tiny(stack_name, tmp_path / "out", aws)
