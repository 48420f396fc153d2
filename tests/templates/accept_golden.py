"""Accept the templates as they are now as the golden ones: `python -m tests.templates.accept_golden`."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import generate
from deployer.offline import github
from deployer.options import DEFAULT_STACK, PARAMETERS_FILE
from templates.parameters.documents import as_table, as_toml
from tests.templates.stacks import GOLDEN, TAG

TABLE_FILE = PARAMETERS_FILE.parent / "docs" / "parameters.md"


def documents_made() -> dict[Path, str]:
    """The files that are made of the parameters' declarations; what people set in theirs stays set."""
    settings = tomllib.loads(PARAMETERS_FILE.read_text(encoding="utf-8"))
    return {PARAMETERS_FILE: as_toml(settings), TABLE_FILE: as_table()}


def github_stack() -> str:
    """The stack that `generate.py` does not write, because it holds what a deployer may do."""
    return json.dumps(github.template(DEFAULT_STACK), indent=1, sort_keys=True) + "\n"


def main() -> None:
    """Make tests/golden what the templates render now, and say which files that changes."""
    before = {path: path.read_text(encoding="utf-8") for path in GOLDEN.glob("*.json")}
    written = [*generate.write(GOLDEN, TAG), GOLDEN / "github.json"]
    written[-1].write_text(github_stack(), encoding="utf-8")
    gone = before.keys() - set(written)
    for stale in gone:
        stale.unlink()
    changed = {path for path in written if before.get(path) != path.read_text(encoding="utf-8")}
    for path, text in documents_made().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"changed {path.name}")
    for path in sorted(changed | gone):
        what = "removed" if path in gone else "changed" if path in before else "new"
        print(f"{what:<8}{path.relative_to(GOLDEN.parents[1])}")
    if changed or gone:
        print("The diff is what an upgrade does to deployed stacks: CHANGELOG.md says what one notices.")
    else:
        print(f"All {len(written)} templates are as they were.")


if __name__ == "__main__":
    main()
