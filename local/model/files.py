"""Small things about files that the sources of a model share."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


def sha256_of(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size_of_folder(folder: Path) -> int:
    """Return the bytes in all files below `folder`, while others write and delete there."""
    return sum(_sizes(folder))


def largest_file(folder: Path) -> int:
    """Return the bytes in the largest file below `folder`: a file and its growing copy count once."""
    return max(_sizes(folder), default=0)


def _sizes(folder: Path) -> Iterator[int]:
    for parent, _, names in os.walk(folder):  # unlike Path.rglob it passes over what vanishes
        for name in names:
            with suppress(FileNotFoundError):
                yield Path(parent, name).stat().st_size


@contextmanager
def exclusive(lock: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `lock` against other processes; call `waiting` once when another one has it.

    The lock goes with the process, however it ends.
    """
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
