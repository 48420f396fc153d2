"""What a part of the benchmark is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

USUAL = "qwen"
"""The model of `make local`."""


@dataclass(frozen=True)
class Given:
    """Where what is fetched lies, which books are asked, and the local model that is named, if any."""

    out: Path
    books: Sequence[str]
    model: str = ""
    each: bool = False
