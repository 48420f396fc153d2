"""Whether what the emulator has is what a deployment would give it: then a start needs none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MADE_OF = ("deploy.sh", "generate.py", "requirements", "templates", "deployer", "local")
"""All that decides what is deployed, but for the application's own code, of which its process is anyway."""


def fingerprint(root: Path, *told: str) -> str:
    """Of what a deployment would be made: the files below `root`, and what it is told."""
    digest = hashlib.sha256("\0".join(told).encode())
    for path in sorted(file for name in MADE_OF for file in _files(root / name)):
        content = path.read_bytes()
        # The length in front of the content keeps two different trees from feeding the same bytes.
        digest.update(f"\0{path.relative_to(root)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def mark(made_of: str, stack: Mapping[str, Any]) -> str:
    """A deployment and what it left: `stack` is what CloudFormation says, nothing where there is none.

    Whoever else changes the stack, or loses it, changes the mark.
    """
    known = ("StackId", "StackStatus", "CreationTime", "LastUpdatedTime")
    return " ".join([made_of, *(str(stack.get(name)) for name in known)])


def _files(path: Path) -> list[Path]:
    found = path.rglob("*") if path.is_dir() else [path]
    return [each for each in found if each.is_file() and each.suffix != ".pyc"]
