"""Disks that are full or cannot be written to, for real: file systems in memory, which root may mount."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE = 256 * 1024


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system without a free byte."""
    with_disk = tmp_path / "full"
    _mount(with_disk, f"size={SIZE}")
    try:
        with (with_disk / "filling").open("wb", buffering=0) as file:
            while shutil.disk_usage(with_disk).free:
                file.write(bytes(4096))
        yield with_disk
    finally:
        _unmount(with_disk)


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system that cannot be written to."""
    disk = tmp_path / "read-only"
    _mount(disk, "ro")
    try:
        yield disk
    finally:
        _unmount(disk)


def _mount(folder: Path, options: str) -> None:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "asistente-test", folder]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting takes root")


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", folder], check=True)
