"""The whole assistant, started as a newcomer starts it, with the smallest model."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Queue

import pytest

ROOT = Path(__file__).parents[2]
READY_SECONDS = 300  # the first start fetches the model
STOP_SECONDS = 60


@dataclass(frozen=True)
class Assistant:
    """A running `make local`, as its terminal shows it; `password` is None once the user chose an own one."""

    url: str
    user: str
    password: str | None
    terminal: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def make_local(state: Path, *arguments: str) -> Iterator[Assistant]:
    """Run the local mode with its data in `state` until the block ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "local", "--model", "smollm2", "--no-browser", "--state", str(state), *arguments],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _assistant(process)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _assistant(process: subprocess.Popen[str]) -> Assistant:
    """Read the terminal until it says that the assistant is ready."""
    terminal = ""
    lines: Queue[str | None] = Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    while "Ctrl-C stops it" not in terminal:
        try:
            line = lines.get(timeout=READY_SECONDS)
        except Empty:
            pytest.fail(f"make local said nothing for {READY_SECONDS} s after:\n{terminal}")
        if line is None:
            pytest.fail(f"make local ended with {process.wait()}:\n{terminal}")
        terminal += line
    return Assistant(
        url=_shown(r"Address\s+(\S+)", terminal) or "",
        user=_shown(r"User\s+(\S+)", terminal) or "",
        password=_shown(r"Temporary password\s+(\S+)", terminal),
        terminal=terminal,
        process=process,
    )


def _read(process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    # To the end, also after the start: a full pipe would stop the process.
    assert process.stdout
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _shown(pattern: str, terminal: str) -> str | None:
    return found[1] if (found := re.search(pattern, terminal)) else None
