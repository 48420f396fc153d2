"""Who may import whom: commands above the account, the account above CloudFormation, and some need no AWS."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FLOORS = ("cloudformation", "account", "commands")
"""From the ground up: a module imports from its own floor and those below."""


def _imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, those imported late included."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def _folders(path: Path) -> set[str]:
    return {name.split(".")[1] for name in _imports(path) if name.startswith("deployer.")}


@pytest.mark.parametrize(("floor", "above"), [("cloudformation", FLOORS[1:]), ("account", FLOORS[2:])])
def test_no_floor_knows_the_one_above(floor: str, above: tuple[str, ...]) -> None:
    files = sorted((PROJECT / "deployer" / floor).rglob("*.py"))
    assert len(files) > 2
    assert [path.name for path in files if _folders(path) & {*above, "offline"}] == []


def test_what_needs_no_aws_asks_none() -> None:
    files = sorted((PROJECT / "deployer" / "offline").glob("*.py"))
    assert len(files) > 2
    assert [path.name for path in files if "deployer.session" in set(_imports(path))] == []


@pytest.mark.parametrize("name", ["generate.py", "source.py", "command_line.py"])
def test_what_stands_beside_the_deployer_does_not_know_it(name: str) -> None:
    assert not [module for module in _imports(PROJECT / name) if module.startswith("deployer")]
