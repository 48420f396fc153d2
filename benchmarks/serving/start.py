"""The part `start`: the CPU time until a task serves, beside one that imports all of it first.

And what nobody who serves Gradio's pages gets below: its import alone, without what we keep it from.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.errors import CannotMeasure
from benchmarks.serving.task import PROGRAM, REPOSITORY, serving

ALL_FIRST = "import gradio, langchain_aws, runpy; runpy.run_module('gradio_app', run_name='__main__')"
"""Gradio before its switches are set: with its type stubs and its commands; and nothing late."""
PROGRAMS = {"as it is": PROGRAM, "all first": ("-c", ALL_FIRST)}
ALONE = "import gradio_app.page, gradio, time; print(time.process_time())"
SERVES = re.compile(r"Serving, after ([0-9.]+) s of CPU time")


def run(pairs: int) -> dict[str, Any]:
    """Start both by turns; seconds of CPU until they serve, as the tasks say themselves."""
    used: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    alone: list[float] = []
    for _ in range(pairs):
        alone.append(_imported())
        for name, program in PROGRAMS.items():
            used[name].append(_start(program))
    for name, seconds in used.items():
        print(
            f"{name}: {median(seconds):.2f} s of CPU until it serves, the median of {pairs} starts "
            f"({min(seconds):.2f} to {max(seconds):.2f})"
        )
    ratios = sorted(one / other for one, other in zip(*used.values(), strict=True))
    print(f"{median(ratios):.2f} times as much ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    print(f"Importing Gradio alone: {median(alone):.2f} s ({min(alone):.2f} to {max(alone):.2f})")
    return {"pairs": pairs, "processor seconds": used, "ratios": ratios, "importing Gradio": alone}


def _imported() -> float:
    """Seconds of CPU for Gradio, in a process that does nothing else."""
    done = subprocess.run(  # noqa: S603 (this module's own words)
        [sys.executable, "-c", ALONE], cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    return float(done.stdout)


def _start(program: tuple[str, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with serving(program, log):
            found = SERVES.search(log.read_text())
    if not found:
        raise CannotMeasure("The application did not say when it served.")
    return float(found[1])
