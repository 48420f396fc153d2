"""generate.py: it writes what was reviewed, the same on every run, and says plainly what is wrong."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import generate
from tests.templates import accept_golden, stacks

PROJECT = Path(generate.__file__).parent


@pytest.mark.parametrize("name", stacks.names())
def test_stack_is_the_reviewed_one(name: str) -> None:
    golden = (stacks.GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    assert stacks.rendered()[f"{name}.json"] == golden, "make golden accepts it; review the diff"


def test_no_golden_file_without_its_stack() -> None:
    assert {path.stem for path in stacks.GOLDEN.glob("*.json")} == {*stacks.names(), "github"}


def test_another_process_renders_the_same_bytes() -> None:
    script = (
        "import generate, hashlib;"
        f"text = ''.join(generate.render({stacks.TAG!r}).values());"
        "print(hashlib.sha256(text.encode()).hexdigest())"
    )
    other = subprocess.run(
        [sys.executable, "-c", script],
        cwd=PROJECT,
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        check=True,
        capture_output=True,
        text=True,
    )
    ours = hashlib.sha256("".join(stacks.rendered().values()).encode()).hexdigest()
    assert other.stdout.strip() == ours


def test_writes_into_a_new_folder(tmp_path: Path) -> None:
    written = generate.write(tmp_path / "new" / "folder", stacks.TAG)
    assert {path.name: path.read_text(encoding="utf-8") for path in written} == stacks.rendered()


def test_who_reads_a_template_meanwhile_has_the_whole_of_it(tmp_path: Path) -> None:
    written = generate.write(tmp_path, stacks.TAG)
    with (tmp_path / "data.json").open(encoding="utf-8") as file:
        begun = file.read(10)
        generate.write(tmp_path, stacks.TAG, "no")
        assert begun + file.read() == stacks.rendered()["data.json"]
    assert sorted(tmp_path.iterdir()) == sorted(written)


def test_says_in_one_sentence_why_it_cannot_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    in_the_way = tmp_path / "out"
    in_the_way.write_text("a file where the folder should be")
    monkeypatch.setattr(sys, "argv", ["generate.py", "--out", str(in_the_way)])
    assert generate.main() == 2
    complaint = capsys.readouterr().err
    assert complaint.startswith("generate.py: ")
    assert complaint.count("\n") == 1


def test_writes_for_data_that_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["generate.py", "--out", str(tmp_path), "--keep-data", "no"])
    assert generate.main() == 0
    written = json.loads((tmp_path / "data.json").read_text(encoding="utf-8"))
    assert written["Resources"]["Table"]["DeletionPolicy"] == "Delete"


def test_accepting_says_which_files_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = tmp_path / "tests" / "golden"
    generate.write(golden, stacks.TAG)
    (golden / "github.json").write_text(accept_golden.github_stack())
    monkeypatch.setattr(accept_golden, "GOLDEN", golden)
    accept_golden.main()
    assert capsys.readouterr().out.startswith("All 16 templates are as they were")
    (golden / "root.json").write_text("{}")
    (golden / "edge.json").unlink()
    (golden / "old.json").write_text("{}")
    accept_golden.main()
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "new     tests/golden/edge.json",
        "removed tests/golden/old.json",
        "changed tests/golden/root.json",
    ]
    accepted = stacks.rendered() | {"github.json": accept_golden.github_stack()}
    assert {path.name: path.read_text() for path in golden.iterdir()} == accepted


def test_only_root_and_build_know_the_tag() -> None:
    other = generate.render("fedcba9876543210")
    changed = {name for name, text in stacks.rendered().items() if other[name] != text}
    assert changed == {"root.json", "build.json"}
