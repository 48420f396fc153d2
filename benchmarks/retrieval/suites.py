"""Sample files that parsers' own authors test with: out of the source packages of these parsers."""

import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.errors import CannotMeasure

PACKAGES = ("pypdf", "python-docx", "python-pptx", "openpyxl", "python-calamine", "pypdfium2")
"""Two of them read here; the others' samples are more and odder. To fetch a source package pip asks its build
system, so that one in Rust does not come without Rust: what did not come is named."""
FETCH_SECONDS = 600
MOST_BYTES = 30_000_000
"""Of one file: larger ones are no samples."""


def files(folder: Path) -> tuple[dict[str, list[tuple[str, bytes]]], list[str]]:
    """Names with contents by package, and the packages that could not be had. Raises CannotMeasure."""
    found: dict[str, list[tuple[str, bytes]]] = {}
    missing: list[str] = []
    for package in PACKAGES:
        archive = _fetched(folder / "suites", package)
        if archive:
            found[f"{package} {_version(archive)}"] = list(_within(archive))
        else:
            missing.append(package)
    if not found:
        raise CannotMeasure("None of the parsers' source packages could be fetched: is there a way to them?")
    return found, missing


def _version(archive: Path) -> str:
    return archive.name.removesuffix(".tar.gz").rpartition("-")[2]


def _fetched(folder: Path, package: str) -> Path | None:
    name = package.replace("-", "_")
    for _ in range(2):
        there = sorted([*folder.glob(f"{name}-*.tar.gz"), *folder.glob(f"{package}-*.tar.gz")])
        if there:
            return there[-1]
        folder.mkdir(parents=True, exist_ok=True)
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package]
        try:
            subprocess.run(  # noqa: S603
                [*pip, "--dest", str(folder), package],
                check=True,
                capture_output=True,
                timeout=FETCH_SECONDS,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return None
    return None


def _within(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Its files, whatever they are called: which of them are documents is for the reader to say."""
    with tarfile.open(archive) as opened:
        for member in opened:
            if member.isfile() and 0 < member.size <= MOST_BYTES:
                taken = opened.extractfile(member)
                if taken:
                    yield member.name, taken.read()
