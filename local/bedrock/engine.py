"""The model in a process of its own (`local.llama`), and the way to it."""

from __future__ import annotations

import select
import subprocess
import sys
from pathlib import Path

from local.llama import READY

ROOT = Path(__file__).resolve().parents[2]


class EngineError(Exception):
    """The model can't be loaded or served; the message is one clause that says why."""


class Engine:
    """A model that is being loaded from now on, which takes seconds."""

    def __init__(self, gguf: Path, *, slots: int, context_tokens: int, threads: int | None) -> None:
        """Begin to load `gguf`, to answer `slots` requests at once with `context_tokens` for each.

        `threads` None leaves their number to llama.cpp: one for each physical core.
        """
        self._gguf = gguf
        self.url = self.key = ""
        command = [sys.executable, "-m", "local.llama", "--gguf", str(gguf), "--slots", str(slots)]
        command += ["--context-tokens", str(context_tokens)]
        command += ["--threads", str(threads)] if threads else []
        self._process = subprocess.Popen(  # noqa: S603 (our own module)
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for whoever started it
        )
        assert self._process.stdout is not None  # noqa: S101 (a programming error)
        self._said = self._process.stdout

    @property
    def has_said(self) -> bool:
        """Whether `wait` would return or raise at once."""
        return bool(select.select([self._said], [], [], 0)[0])

    def wait(self) -> None:
        """Wait until it is loaded, and has an address and a key that it asks for. Raises EngineError."""
        said = self._said.readline().split()
        if not said or said[0] != READY:
            raise EngineError(
                f"llama.cpp can't load {self._gguf}: the file is damaged or of a kind it does not know"
            )
        _, self.url, self.key = said

    def close(self) -> None:
        """End it, loaded or not: it keeps nothing. What it is generating ends as a broken connection."""
        with self._process:
            self._process.kill()
