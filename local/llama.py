"""`python -m local.llama`: llama.cpp's own HTTP server with one model, until standard input ends.

A process of its own, for loading lets no other thread of its process run, for seconds. It listens on loopback
and prints `ready`, its address and the key that it asks for, which nobody else knows. Exit code 1: the file
cannot be loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import secrets
import sys
from typing import Any

READY = "ready"
LOOPBACK = "127.0.0.1"
PROMPT_CACHE_MIB = 256  # beside the slots; llama.cpp's own default is 8 GiB
KEEP_QUIET = -1
OUT_OF_THE_WAY = 0  # percent of the time in which an idle thread spins


def main() -> int:
    """Load, serve, and end with whoever holds the other end of standard input."""
    given = _options()
    # Read when libgomp loads, thus before the import: threads that spin while they wait bring a busy machine
    # down to one token a second.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    xllamacpp: Any = importlib.import_module("xllamacpp")

    key = secrets.token_hex()
    try:
        server = xllamacpp.Server(_parameters(xllamacpp, given, key))
    except RuntimeError:
        return 1
    with contextlib.suppress(BrokenPipeError):
        print(READY, server.listening_address, key, flush=True)
        sys.stdin.read()
    del server  # stops llama.cpp's threads, which must be gone before the interpreter is
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local.llama", description=__doc__)
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--slots", type=int, required=True, help="requests answered at once")
    parser.add_argument("--context-tokens", type=int, required=True, help="for each of them")
    parser.add_argument("--threads", type=int, default=-1, help="-1: one for each physical core")
    return parser.parse_args()


def _parameters(xllamacpp: Any, given: argparse.Namespace, key: str) -> Any:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = given.gguf
    parameters.n_parallel = given.slots
    parameters.n_ctx = given.slots * given.context_tokens
    parameters.n_gpu_layers = 0
    # Without mmap the weights, which are repacked for the processor, are not in memory twice.
    parameters.load_mode = xllamacpp.llama_load_mode.LLAMA_LOAD_MODE_NONE
    parameters.cache_ram_mib = PROMPT_CACHE_MIB
    parameters.enable_reasoning = 0  # answers are for people: a model that thinks aloud is asked not to
    for cpu in (parameters.cpuparams, parameters.cpuparams_batch):
        cpu.n_threads = given.threads
        cpu.poll = OUT_OF_THE_WAY
    parameters.hostnames, parameters.port = [LOOPBACK], 0
    parameters.api_keys, parameters.ui = [key], False
    parameters.verbosity = KEEP_QUIET
    return parameters


if __name__ == "__main__":
    sys.exit(main())
