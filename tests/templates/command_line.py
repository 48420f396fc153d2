"""The deployer as a user runs it, against the emulator."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.emulator_fixture import REPOSITORY, RunningEmulator

BESIDES = {"deploy": ("--unproved",)}
"""Nobody serves what is only deployed here."""


def deployer(emulator: RunningEmulator, command: str, file: Path) -> str:
    """Run `deploy.sh` with the parameters of `file`, and return what it printed."""
    done = subprocess.run(
        [REPOSITORY / "deploy.sh", command, "--parameters", file, "--yes", *BESIDES.get(command, ())],
        env=emulator.environment | {"PYTHON": sys.executable, "COLUMNS": "200"},
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr
    return done.stdout
