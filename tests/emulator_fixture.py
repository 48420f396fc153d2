"""The AWS emulator as a pytest fixture: one process for each test worker, on a free port."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from local.emulator import CONFLICTING_VARIABLES, PYTHON, environment

REPOSITORY = Path(__file__).parents[1]
COMMAND = (str(PYTHON), "-m", "local.emulator")
REGION = "us-east-1"


@dataclass(frozen=True)
class RunningEmulator:
    """An emulator in a process of its own.

    Attributes:
        endpoint_url: where it answers, `http://127.0.0.1:PORT`.
        environment: a whole environment for a child process whose AWS is this emulator.
    """

    endpoint_url: str
    environment: dict[str, str] = field(repr=False)
    process: subprocess.Popen[str] = field(repr=False)
    _clients: dict[str, Any] = field(default_factory=dict, repr=False)

    def client(self, service: str) -> Any:
        """A boto3 client of this emulator, whatever the environment of the test says."""
        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.endpoint_url,
                aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}),
            )
        return self._clients[service]


@contextmanager
def run_emulator(*arguments: str, command: Sequence[str] = COMMAND) -> Iterator[RunningEmulator]:
    """Run the command with these arguments; stops it on leaving."""
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        word, _, endpoint_url = process.stdout.readline().strip().partition(" ")
        assert word == "ready", f"the emulator ended with code {process.wait()}"
        inherited = {k: v for k, v in os.environ.items() if k not in CONFLICTING_VARIABLES}
        yield RunningEmulator(endpoint_url, inherited | environment(endpoint_url, REGION), process)
    finally:
        process.terminate()
        process.wait(timeout=60)
        if process.stdout:
            process.stdout.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[RunningEmulator]:
    """An emulator that keeps nothing and reports every image build as done."""
    with run_emulator("--play-builds") as running:
        yield running
