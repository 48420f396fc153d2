"""What the local mode keeps between two starts: one private folder, used by one process at a time."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError


class State:
    """The folder of one local deployment: the emulator's data, the ports it used, the application's log."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.emulator = folder / "emulator"
        self.log = folder / "app.log"
        self._facts = folder / "facts.json"
        self._lock = folder / "lock"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other process out of the folder; the lock goes with the process, however it ends.

        Raises LocalError when another one has it.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._lock.open("a+") as lock:
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

    def recall(self) -> dict[str, str]:
        """Return what `remember` kept, or nothing when there is nothing readable."""
        try:
            return json.loads(self._facts.read_text())
        except (OSError, ValueError):
            return {}

    def remember(self, **facts: str) -> None:
        """Keep `facts` for the next start, in one step: a crash leaves the old ones or the new ones."""
        fresh = self._facts.with_suffix(".new")
        fresh.write_text(json.dumps(self.recall() | facts, indent=2))
        fresh.replace(self._facts)

    def forget(self) -> None:
        """Delete users, conversations and everything else in the folder."""
        shutil.rmtree(self.folder)
