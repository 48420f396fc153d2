"""Everything that is installed is named, in one version, by what it must look like."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHOSEN = sorted((ROOT / "requirements").glob("*.in"))


@pytest.mark.asvs("15.1.2", "15.2.1")
@pytest.mark.parametrize("chosen", CHOSEN, ids=lambda chosen: chosen.stem)
def test_every_python_package_is_pinned_by_hash(chosen: Path) -> None:
    lock = chosen.with_suffix(".txt").read_text()
    entries = re.split(r"\n(?=\S)", re.sub(r"(?m)^ *#.*\n?", "", lock).strip())
    assert entries
    for entry in entries:
        assert re.match(r"[\w.\[\]-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.asvs("15.2.1")
def test_every_node_package_is_pinned_by_hash() -> None:
    lock = json.loads((ROOT / "tests/security/observatory/package-lock.json").read_text())
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert len(packages) > 100
    assert [name for name, each in packages.items() if not each["integrity"].startswith("sha512-")] == []
