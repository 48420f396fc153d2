"""The application as a process of its own, started with the environment that ECS would give its container."""

from __future__ import annotations

import ctypes
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from local.errors import LocalError

READY_SECONDS = 90  # a cold import of Gradio on a slow laptop takes tens of seconds
POLL_SECONDS = 0.1
ANSWER_SECONDS = 2  # until the process accepts it, a connection waits
STOP_SECONDS = 15  # answers that are still being written may end within this time
PR_SET_PDEATHSIG = 1  # prctl(2)


class Application:
    """The application (`local.preloaded`) on a socket that it is handed, its output in a log file.

    Nobody else can answer at the address of `listener`, which is the caller's to keep open: not before the
    process serves, and not while it is started again. `environment` is what it has of this machine's own.
    """

    def __init__(self, environment: dict[str, str], listener: socket.socket, folder: Path, log: Path) -> None:
        self._host, self._port = listener.getsockname()
        self._listener = listener
        self._environment = environment
        self._folder = folder
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where it serves, on loopback."""
        return self._port

    def preload(self) -> None:
        """Begin the process, which imports what it will need; `start` does it where nobody has."""
        self._process = self._begun()

    def start(self, environment: dict[str, str]) -> None:
        """Have the process serve with these variables besides its own, and wait until it can.

        Raises LocalError when it ends before that, or does not become ready within READY_SECONDS.
        """
        if self._process is None or self._process.poll() is not None:
            self._process = self._begun()
        here = {"BIND_HOST": self._host, "PORT": str(self._port), "LISTENER_FD": str(self._listener.fileno())}
        _tell(self._process, environment | here)
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise LocalError(
                    f"The application did not start; the end of {self._log} says why:\n{self._tail()}"
                )
            time.sleep(POLL_SECONDS)

    def wait(self) -> int:
        """Return the exit code when the process ends."""
        assert self._process is not None, "start() comes first"  # noqa: S101 (a programming error)
        return self._process.wait()

    def stop(self) -> None:
        """Ask the process to end as ECS does (SIGTERM), and kill it after STOP_SECONDS or Ctrl-C."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            self._process.kill()
            self._process.wait()

    def _begun(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "local.preloaded"],
                cwd=self._folder,
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=[self._listener.fileno()],
                start_new_session=True,  # Ctrl-C is ours to handle: we stop it in order
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=ANSWER_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-5:])


def _tell(process: subprocess.Popen[bytes], environment: dict[str, str]) -> None:
    assert process.stdin is not None  # noqa: S101 (a programming error)
    with suppress(BrokenPipeError), process.stdin as told:  # it has ended: its log says why
        told.write(json.dumps(environment).encode() + b"\n")


def _die_with_parent() -> None:
    """Have the kernel end this process when its parent is killed: nobody could stop it in order any more."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
