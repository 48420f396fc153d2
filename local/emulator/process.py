"""The emulator as a process with packages of its own, and the way to it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Self

from local.emulator.environment import CONFLICTING_VARIABLES, environment, task_environment

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venv-emulator" / "bin" / "python"
"""The interpreter that has MiniStack; `make` installs it there."""
READY = "ready "
STOP_SECONDS = 60
"""More than the emulator takes to save its state and to end by itself."""


class EmulatorError(Exception):
    """The emulator cannot start or stop; the message says why and what to do."""


class Emulator:
    """AWS on loopback, for this process and those it starts. A context manager."""

    def __init__(self, state_dir: Path, log: Path, port: int, region: str) -> None:
        """Prepare an emulator that plays image builds; nothing happens before `start`.

        Args:
            state_dir: where users, tables, buckets and stacks are kept, readable by its owner only.
            log: what it has to say of itself goes there.
            port: the loopback port that it had before; where another program has it, it takes another.
            region: the region of everything that does not name one.
        """
        self.region = region
        self._state_dir = state_dir
        self._log = log
        self.port = port
        self._process: subprocess.Popen[str] | None = None
        self._endpoint_url = ""

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`; empty before `start`."""
        return self._endpoint_url

    def environment(self) -> dict[str, str]:
        """The AWS variables for a child process; it must not inherit `CONFLICTING_VARIABLES`."""
        return environment(self._endpoint_url, self.region)

    def task_environment(self, role_arn: str) -> dict[str, str]:
        """`environment` for a process with the rights of a task role instead of all rights."""
        return task_environment(self._endpoint_url, self.region, role_arn)

    def start(self) -> None:
        """Serve requests when this returns. Raises EmulatorError."""
        arguments = ["--state", str(self._state_dir), "--port", str(self.port), "--or-another-port"]
        arguments += ["--region", self.region, "--play-builds", "--while-stdin-is-open"]
        inherited = {name: value for name, value in os.environ.items() if name not in CONFLICTING_VARIABLES}
        try:
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(  # noqa: S603 (our own module)
                    [PYTHON, "-m", "local.emulator", *arguments],
                    cwd=ROOT,
                    env=inherited,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                    # Ctrl-C is for whoever started it: the application needs the table until it has ended.
                    start_new_session=True,
                )
        except OSError as error:
            raise EmulatorError(
                f"The AWS emulator cannot start: {error.filename} cannot be used ({error.strerror}). What it "
                "needs is installed by `make local`."
            ) from error
        self._endpoint_url = self._announced(self._process)

    def stop(self) -> None:
        """Have it finish open requests, save its state and end.

        Raises EmulatorError when it did not end in time, and the last changes may be lost.
        """
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.communicate(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise EmulatorError(
                "The AWS emulator did not stop in time; its last changes may be lost."
            ) from None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _announced(self, process: subprocess.Popen[str]) -> str:
        """The address at which it says that it answers."""
        line = process.stdout.readline() if process.stdout else ""
        if line.startswith(READY):
            return line.removeprefix(READY).strip()
        self.stop()
        said = self._log.read_text(errors="replace").strip().rpartition("\n")[2]
        raise EmulatorError(said or f"The AWS emulator ended before it began; {self._log} may say more.")
