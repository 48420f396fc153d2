"""The build context's tag and zip follow from its files alone."""

from __future__ import annotations

import io
import os
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from source import image_tag, source_zip

CONTEXT = {
    ".dockerignore": b"*\n",
    "Dockerfile": b"FROM scratch\n",
    "buildspec.yml": b"version: 0.2\n",
    "requirements/app.txt": b"gradio\n",
    "gradio_app/__main__.py": b"print()\n",
}
names = st.from_regex(r"gradio_app/[a-z]{1,8}(/[a-z]{1,8})?\.py", fullmatch=True)
# Files are written for each example, and the disk is as busy as it is.
quick = settings(max_examples=30, deadline=None)
trees = st.dictionaries(names, st.binary(max_size=40), max_size=4)


def tree(root: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@quick
@given(trees)
def test_same_files_same_tag_and_bytes_whenever_and_in_whatever_order_they_were_written(more):
    files = CONTEXT | more
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first = tree(Path(one), files)
        second = tree(Path(other), dict(reversed(files.items())))
        for path in second.rglob("*.py"):
            os.utime(path, (0, 0))
        assert image_tag(first) == image_tag(second)
        assert source_zip(first) == source_zip(second)


@quick
@given(trees, trees)
def test_different_files_have_different_tags(one_more, other_more):
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        same = image_tag(tree(Path(one), CONTEXT | one_more)) == image_tag(
            tree(Path(other), CONTEXT | other_more)
        )
    assert same == (one_more == other_more)


def test_bytes_do_not_move_between_files_unnoticed(tmp_path: Path):
    one = tree(tmp_path / "one", CONTEXT | {"gradio_app/a.py": b"1", "gradio_app/b.py": b""})
    other = tree(tmp_path / "other", CONTEXT | {"gradio_app/a.py": b"", "gradio_app/b.py": b"1"})
    assert image_tag(one) != image_tag(other)


def test_one_file_cannot_pass_for_two(tmp_path: Path):
    one = tree(tmp_path / "one", CONTEXT | {"gradio_app/a.py": b"1gradio_app/b.py\x00644\x002"})
    two = tree(tmp_path / "two", CONTEXT | {"gradio_app/a.py": b"1", "gradio_app/b.py": b"2"})
    assert image_tag(one) != image_tag(two)


def test_the_executable_bit_counts_and_the_rest_of_the_mode_does_not(tmp_path: Path):
    root = tree(tmp_path, CONTEXT)
    script = root / "gradio_app/__main__.py"
    script.chmod(0o644)
    plain = image_tag(root)
    script.chmod(0o600)
    assert image_tag(root) == plain
    script.chmod(0o700)
    assert image_tag(root) != plain


def test_what_tools_leave_behind_and_what_is_not_in_the_image_changes_nothing(tmp_path: Path):
    root = tree(tmp_path, CONTEXT)
    before = image_tag(root)
    litter = {
        "gradio_app/__pycache__/x.cpython-311.pyc": b"1",
        "gradio_app/chat/.x.py.swp": b"1",
        "templates/root.py": b"1",
        "README.md": b"1",
    }
    tree(root, litter)
    assert image_tag(root) == before


def test_the_zip_holds_the_context_with_its_modes(tmp_path: Path):
    root = tree(tmp_path, CONTEXT)
    (root / "gradio_app/__main__.py").chmod(0o755)
    with zipfile.ZipFile(io.BytesIO(source_zip(root))) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == CONTEXT
        assert archive.namelist() == sorted(CONTEXT)
        modes = {entry.filename: oct(entry.external_attr >> 16) for entry in archive.infolist()}
    assert modes["gradio_app/__main__.py"] == "0o755"
    assert modes["Dockerfile"] == "0o644"


@pytest.mark.parametrize("name", CONTEXT)
def test_a_missing_part_is_named(tmp_path: Path, name: str):
    root = tree(tmp_path, CONTEXT)
    (root / name).unlink()
    with pytest.raises(FileNotFoundError, match=name.split("/__")[0]):
        image_tag(root)
