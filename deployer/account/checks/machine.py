"""Whether this machine can deploy: its Python, and the disk that the templates are written to."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from deployer.account.checks.findings import Finding, ok, warning, wrong

NAME = "machine"
OLDEST = (3, 11)
NEEDED_BYTES = 20_000_000
"""The templates, the policies and a log; the zipped source is made in memory."""
COMFORTABLE_BYTES = 10 * NEEDED_BYTES


def check(folder: Path, version: tuple[int, ...] = sys.version_info[:3]) -> Iterator[Finding]:
    """Yield what is found; `folder` is where the templates are written, or will be."""
    written = ".".join(map(str, version))
    if version < OLDEST:
        remedy = "Install a newer one, and name it: make PYTHON=python3.12 …"
        yield wrong(NAME, "Python", f"It is {written}, and {'.'.join(map(str, OLDEST))} is needed.", remedy)
    else:
        yield ok(NAME, "Python", f"It is {written}.")
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    message = f"{free // 1_000_000:,} MB are free at {there}."
    if free < NEEDED_BYTES:
        yield wrong(NAME, "disk", message, f"Make room: {NEEDED_BYTES // 1_000_000} MB are needed.")
    elif free < COMFORTABLE_BYTES:
        yield warning(NAME, "disk", message, "Make room: a full disk ends a deployment in the middle.")
    else:
        yield ok(NAME, "disk", message)
