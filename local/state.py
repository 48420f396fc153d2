"""What the local mode keeps between two starts: one private folder, used by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from local.errors import LocalError, SetRightFirst

TRIAL = "room"
ROOM = 1_000_000
"""Bytes that must be free: less than one start writes."""


class State:
    """The folder of one local deployment: the emulator's data, the ports it used, the application's log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.emulator = folder / "emulator"
        self.emulator_log = folder / "emulator.log"
        self.log = folder / "app.log"
        self.deploy_log = folder / "deploy.log"
        self._facts = folder / "facts.json"
        self._lock = folder / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process out of the folder; the lock goes with the process, however it ends.

        Raises LocalError when another one has it, SetRightFirst when nothing can be kept there.
        """
        with self._ready() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                pid = lock.read().strip() or "another process"
                where = f" at {url}" if (url := self.recall().get("url")) else ""
                raise LocalError(
                    f"Asistente is already running{where} (process {pid}): use that one, or stop it first."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def _ready(self) -> IO[str]:
        """Make the folder and see that it can be written to, with some room; return its lock's file."""
        trial = self.folder / TRIAL
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with trial.open("wb") as file:
                    file.write(bytes(ROOM))
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                trial.unlink(missing_ok=True)
            return self._lock.open("a+")
        except OSError as error:
            raise SetRightFirst(
                f"Nothing can be kept in {self.folder}: {error.strerror}. Set that right, or name another "
                "folder with --state."
            ) from error

    def recall(self) -> dict[str, str]:
        """Return what `remember` kept, or nothing when there is nothing readable."""
        try:
            facts = json.loads(self._facts.read_text())
        except (OSError, ValueError, RecursionError):
            return {}
        readable = isinstance(facts, dict) and all(isinstance(value, str) for value in facts.values())
        return facts if readable else {}

    def remember(self, **facts: str) -> None:
        """Keep `facts` for the next start, in one step: a crash leaves the old ones or the new ones."""
        fresh = self._facts.with_suffix(".new")
        fresh.write_text(json.dumps(self.recall() | facts, indent=2))
        fresh.replace(self._facts)

    def forget(self) -> None:
        """Delete users, conversations and all else of ours; the folder too unless others use it."""
        if self.emulator.exists():
            shutil.rmtree(self.emulator)
        logs = (self.emulator_log, self.log, self.deploy_log)
        for file in (*logs, self._facts, self._facts.with_suffix(".new"), self._lock):
            file.unlink(missing_ok=True)
        with suppress(OSError):
            self.folder.rmdir()
