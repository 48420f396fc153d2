"""When a start of the local mode deploys, and when what is there is what it would deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.deployed import MADE_OF, fingerprint, mark

ROOT = Path(__file__).parents[2]
STACK = {"StackId": "one", "StackStatus": "UPDATE_COMPLETE", "CreationTime": "noon", "LastUpdatedTime": "one"}


def a_tree(root: Path) -> Path:
    """What a deployment is made of, small."""
    for name in MADE_OF:
        path = root / name if "." in name else root / name / "deep" / "file.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return root


def test_all_that_a_deployment_is_made_of_is_there() -> None:
    assert all((ROOT / name).exists() for name in MADE_OF)


def test_any_other_content_name_or_wish_is_another_deployment(tmp_path: Path) -> None:
    root = a_tree(tmp_path)
    seen = [fingerprint(root, "a"), fingerprint(root, "a", "b"), fingerprint(root, "b", "a")]
    for name in MADE_OF:
        file = root / name if "." in name else root / name / "deep" / "file.py"
        file.write_text(f"{name} changed")
        seen.append(fingerprint(root, "a"))
    (root / "templates" / "deep" / "file.py").rename(root / "templates" / "deep" / "other.py")
    seen.append(fingerprint(root, "a"))
    assert len(set(seen)) == len(seen)


def test_what_python_leaves_beside_its_files_is_none(tmp_path: Path) -> None:
    root = a_tree(tmp_path)
    before = fingerprint(root)
    (root / "templates" / "__pycache__").mkdir()
    (root / "templates" / "__pycache__" / "file.pyc").write_text("byte code")
    assert fingerprint(root) == before


def test_a_stack_that_somebody_else_changed_or_lost_is_not_what_was_deployed() -> None:
    others: list[dict[str, Any]] = [{**STACK, name: "other"} for name in STACK]
    marks = {mark("made of", stack) for stack in (STACK, {}, *others)}
    assert len(marks) == 2 + len(others)
    assert mark("made of", STACK) != mark("made of other", STACK)
