"""The container's build context: which files it is made of, its content hash (the image tag) and its zip.

`image_tag` is a function of nothing but paths, executable bits and bytes, so the same source has the same
tag on every machine, and an unchanged source needs no new image. Standard library only: `generate.py` imports
this too.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

CONTEXT_FILES = (".dockerignore", "Dockerfile", "buildspec.yml", "requirements/app.txt")
CONTEXT_FOLDERS = ("gradio_app",)

TAG_HEX_DIGITS = (
    16  # 64 bits: enough to tell the versions of one repository apart, short enough to read aloud
)
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip entry can carry
UNIX = 3  # `create_system` of a zip entry: without it unzip would not restore the modes


class SourceFile(NamedTuple):
    """One file of the build context: its path with forward slashes, 0o755 or 0o644, its bytes."""

    path: str
    mode: int
    content: bytes


def image_tag(root: Path) -> str:
    """Return the first 16 hex digits of the SHA-256 over the build context below `root`.

    Raises FileNotFoundError when a file of the context is missing.
    """
    digest = hashlib.sha256()
    for path, mode, content in source_files(root):
        # The length in front of the content keeps two different trees from feeding the same bytes.
        digest.update(f"{path}\0{mode:o}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:TAG_HEX_DIGITS]


def source_zip(root: Path) -> bytes:
    """Return the build context below `root` as a zip whose bytes depend on the files alone.

    Raises FileNotFoundError when a file of the context is missing.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, mode, content in source_files(root):
            entry = zipfile.ZipInfo(path, ZIP_EPOCH)
            entry.create_system = UNIX
            entry.external_attr = mode << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return buffer.getvalue()


def source_files(root: Path) -> list[SourceFile]:
    """Return the files of the build context below `root`, sorted by path.

    Raises FileNotFoundError when one is missing.
    """
    return sorted(_read(root, path) for path in _paths(root))


def _paths(root: Path) -> Iterator[Path]:
    for name in CONTEXT_FILES:
        if not (root / name).is_file():
            raise FileNotFoundError(f"the container's build context lacks {name}")
        yield root / name
    for name in CONTEXT_FOLDERS:
        found = [path for path in (root / name).rglob("*") if path.is_file() and not _is_litter(path, root)]
        if not found:
            raise FileNotFoundError(f"the container's build context lacks {name}/")
        yield from found


def _is_litter(path: Path, root: Path) -> bool:
    """Whether tools left it there: byte code, caches, an editor's or a file manager's hidden files."""
    parts = path.relative_to(root).parts
    return path.suffix == ".pyc" or any(part == "__pycache__" or part.startswith(".") for part in parts)


def _read(root: Path, path: Path) -> SourceFile:
    # Only the owner's executable bit: the rest of the mode depends on the umask of whoever checked it out.
    mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
    return SourceFile(path.relative_to(root).as_posix(), mode, path.read_bytes())
