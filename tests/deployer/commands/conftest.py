"""Fixtures of the commands' tests."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from deployer.options import ROOT, Options
from tests.deployer.commands.running_deployment import Running
from tests.deployer.commands.whole import Whole
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_bedrock import FakeBedrock


@pytest.fixture
def running(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Running:
    """A deployment that runs."""
    return Running(aws, stack_name.replace("tiny", "running"), tmp_path)


@pytest.fixture
def whole(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Whole:
    """The whole product, not yet deployed."""
    options = Options(stack=stack_name.replace("tiny", "whole"), root=ROOT, out=tmp_path / "out")
    return Whole(aws, options, Console(record=True, width=250, file=io.StringIO()))


@pytest.fixture
def bedrock() -> Iterator[FakeBedrock]:
    """Models that answer."""
    with FakeBedrock() as fake:
        yield fake
