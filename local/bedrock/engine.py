"""llama.cpp's own HTTP server inside this process, on loopback and with a key that nobody else knows."""

from __future__ import annotations

import importlib
import os
import secrets
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
PROMPT_CACHE_MIB = 256  # beside the slots; llama.cpp's own default is 8 GiB
KEEP_QUIET = -1
OUT_OF_THE_WAY = 0  # percent of the time in which an idle thread spins


class EngineError(Exception):
    """The model can't be loaded or served; the message is one clause that says why."""


class Engine:
    """A loaded model. Loading takes seconds; `close` frees the memory and stops llama.cpp's threads."""

    def __init__(self, gguf: Path, *, slots: int, context_tokens: int, threads: int | None) -> None:
        """Load `gguf` to answer `slots` requests at once with `context_tokens` for each.

        `threads` None leaves their number to llama.cpp: one for each physical core. Raises EngineError.
        """
        # Read when libgomp loads, thus before the import: threads that spin while they wait bring a busy
        # machine down to one token a second.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        xllamacpp = importlib.import_module("xllamacpp")

        self.key = secrets.token_hex()
        parameters = xllamacpp.CommonParams()
        parameters.model.path = str(gguf)
        parameters.n_parallel = slots
        parameters.n_ctx = slots * context_tokens
        parameters.n_gpu_layers = 0
        # Without mmap the weights, which are repacked for the processor, are not in memory twice.
        parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
        parameters.cache_ram_mib = PROMPT_CACHE_MIB
        parameters.enable_reasoning = 0  # answers are for people: a model that thinks aloud is asked not to
        for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
            cpu.n_threads = threads or -1
            cpu.poll = OUT_OF_THE_WAY
        parameters.hostnames, parameters.port = [LOOPBACK], 0
        parameters.api_keys, parameters.ui = [self.key], False
        parameters.verbosity = KEEP_QUIET
        try:
            self._server: Any = xllamacpp.Server(parameters)
        except RuntimeError as error:
            raise EngineError(
                f"llama.cpp can't load {gguf}: the file is damaged or of a kind it does not know"
            ) from error
        self.url: str = self._server.listening_address

    def close(self) -> None:
        """Stop llama.cpp. What it is generating ends as a broken connection."""
        self._server = None  # its destructor does it
