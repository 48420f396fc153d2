"""Processes that are measured: until they serve, what the system counts of them, and their end."""

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.errors import CannotMeasure

START_SECONDS = 120
TICKS, PAGE_BYTES = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGESIZE")


def on_linux() -> None:
    """Raises CannotMeasure anywhere else."""
    if not Path("/proc/self/statm").exists():
        raise CannotMeasure("What a process takes is read from /proc: run this on Linux.")


def resident_bytes(pid: int) -> int:
    """What a process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES


def processor_seconds(process: str) -> float:
    """What a process has counted so far, or a thread of it that is named as `PID/task/TID`."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def tree_seconds(pid: int) -> float:
    """What a process has counted so far, with all that it has started and that these have started."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fields = stat.read_text().rpartition(")")[2].split()
            each = int(stat.parent.name)
            parents[each] = int(fields[1])
            # Its own, and that of its children that have ended.
            seconds[each] = sum(map(int, fields[11:15])) / TICKS
    return sum(seconds[each] for each in seconds if pid in _line_of(each, parents))


def _line_of(process: int, parents: dict[int, int]) -> list[int]:
    """A process and those that it comes from."""
    line = [process]
    while line[-1] in parents:
        line.append(parents[line[-1]])
    return line


def free_port() -> int:
    """For a program that takes no socket that is open already."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """The process is, after the block."""
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def until_it_answers(process: subprocess.Popen[bytes], url: str, why: str) -> None:
    """Wait for it. Raises CannotMeasure, with that sentence, when the process ends or answers nothing."""
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=START_SECONDS).status_code == httpx.codes.OK:
                return
        time.sleep(0.1)
    raise CannotMeasure(why)
