"""The deployer as a user runs it, against the emulator, but in this process: to start one takes longer."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

from deployer import __main__ as deploy_sh
from tests.as_aws import as_aws
from tests.emulator_fixture import RunningEmulator

BESIDES = {"deploy": ("--unproved",)}
"""Nobody serves what is only deployed here."""


def deployer(emulator: RunningEmulator, command: str, file: Path) -> str:
    """Run a command of `deploy.sh` with the parameters of `file`, and return what it printed."""
    arguments = [command, "--parameters", str(file), "--yes", *BESIDES.get(command, ())]
    with as_aws(emulator, COLUMNS="200"), io.StringIO() as said, redirect_stdout(said), redirect_stderr(said):
        code = deploy_sh.main(arguments)
        assert code == 0, said.getvalue()[-2000:]
        return said.getvalue()
