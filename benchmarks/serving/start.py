"""The part `start`: the CPU time until a task serves, beside one that imports all of it first."""

import re
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.errors import CannotMeasure
from benchmarks.serving.task import PROGRAM, serving

ALL_FIRST = "import gradio, langchain_aws, runpy; runpy.run_module('gradio_app', run_name='__main__')"
"""Gradio before its switches are set: with its type stubs and its commands; and nothing late."""
PROGRAMS = {"as it is": PROGRAM, "all first": ("-c", ALL_FIRST)}
SERVES = re.compile(r"Serving, after ([0-9.]+) s of CPU time")


def run(pairs: int) -> dict[str, Any]:
    """Start both by turns; seconds of CPU until they serve, as the tasks say themselves."""
    used: dict[str, list[float]] = {name: [] for name in PROGRAMS}
    for _ in range(pairs):
        for name, program in PROGRAMS.items():
            used[name].append(_start(program))
    for name, seconds in used.items():
        print(
            f"{name}: {median(seconds):.2f} s of CPU until it serves, the median of {pairs} starts "
            f"({min(seconds):.2f} to {max(seconds):.2f})"
        )
    ratios = sorted(one / other for one, other in zip(*used.values(), strict=True))
    print(f"{median(ratios):.2f} times as much ({ratios[0]:.2f} to {ratios[-1]:.2f})")
    return {"pairs": pairs, "processor seconds": used, "ratios": ratios}


def _start(program: tuple[str, ...]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with serving(program, log):
            found = SERVES.search(log.read_text())
    if not found:
        raise CannotMeasure("The application did not say when it served.")
    return float(found[1])
