"""A picture beside the JSON of a run.

It is drawn in an environment of its own, for Gradio imports matplotlib where it finds it, and starts later.
"""

import subprocess
from pathlib import Path

from benchmarks.answers.rivals import ENVIRONMENTS, STAMP
from benchmarks.serving.task import REPOSITORY

ENVIRONMENT = ENVIRONMENTS / "plot"


def drawn(found: Path) -> str:
    """Draw what a JSON says; one sentence tells where it is, or why not."""
    if not (ENVIRONMENT / STAMP).exists():
        return "No plot was drawn: make .venv-bench/plot/.installed installs what draws."
    picture = found.with_suffix(".svg")
    command = [
        str(ENVIRONMENT / "bin" / "python"),
        "-m",
        "benchmarks.answers.drawing",
        str(found.resolve()),
        str(picture.resolve()),
    ]
    done = subprocess.run(command, cwd=REPOSITORY, check=False)  # noqa: S603 (a program of ours)
    return "No plot was drawn; above is why." if done.returncode else f"Drawn to {picture}"
