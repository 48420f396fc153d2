"""Fixtures of the deployer's tests."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.as_aws import as_aws
from tests.deployer.tiny import Tiny
from tests.emulator_fixture import RunningEmulator

_numbers = itertools.count(1)


@pytest.fixture
def aws(emulator: RunningEmulator) -> Iterator[RunningEmulator]:
    """The emulator, as the AWS of this process."""
    with as_aws(emulator):
        yield emulator


@pytest.fixture
def stack_name() -> str:
    """A stack name that no other test of this process has."""
    return f"tiny-{next(_numbers)}"


@pytest.fixture
def tiny(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Tiny:
    """A tiny product, not yet deployed."""
    return Tiny(stack_name, tmp_path / "out", aws)
