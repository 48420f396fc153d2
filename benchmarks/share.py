"""A share of one processor for a process, as a container's limit gives it: by control groups of Linux."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.errors import CannotMeasure

GROUPS = Path("/sys/fs/cgroup")
PERIOD = 100_000
"""Microseconds, in each of which a group may use its part."""


@contextmanager
def limited(pid: int, share: float) -> Iterator[None]:
    """The process may use so much of one processor, until the block ends. Raises CannotMeasure."""
    root = GROUPS if (GROUPS / "cgroup.controllers").exists() else GROUPS / "cpu"
    group, quota = root / f"bench-{pid}", int(PERIOD * share)
    try:
        group.mkdir()
        if root == GROUPS:
            (group / "cpu.max").write_text(f"{quota} {PERIOD}")
        else:
            (group / "cpu.cfs_period_us").write_text(f"{PERIOD}")
            (group / "cpu.cfs_quota_us").write_text(f"{quota}")
        (group / "cgroup.procs").write_text(f"{pid}")
    except OSError as error:
        if group.exists():
            group.rmdir()
        raise CannotMeasure(f"Nobody can be given a share of the processor here: {error}.") from error
    try:
        yield
    finally:
        (root / "cgroup.procs").write_text(f"{pid}")
        group.rmdir()
