"""docs/security.md lists what is asked and where it is shown; the marks on the tests say the same."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DOCUMENT = TESTS.parent / "docs" / "security.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| (.+?) \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
REASONS = ("Chosen:", "Does not apply:", "Partly:", "Documented:")
"""How an item's line begins that no test shows."""


def marked() -> dict[str, set[str]]:
    """For each item, the files with a test that is marked with it."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in TESTS.rglob("test_*.py"):
        for item in _items(ast.parse(path.read_text(encoding="utf-8"))):
            found[item].add(path.relative_to(TESTS).as_posix())
    return found


def _items(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(attr="asvs"), args=[*values]):
                yield from (str(value.value) for value in values if isinstance(value, ast.Constant))


def rows() -> list[tuple[str, str, str, set[str]]]:
    """Item, what it asks, how it is met, and the files that are named for it."""
    return [
        (item, asked, met, set(re.findall(r"`([^`]+)`", where)))
        for item, asked, met, where in ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    ]


def test_the_table_names_the_tests_that_there_are() -> None:
    assert {item: files for item, _, _, files in rows() if files} == marked()


def test_what_no_test_shows_has_a_reason() -> None:
    for item, _, met, files in rows():
        assert files or met.startswith(REASONS), item


def test_items_are_in_order_and_each_is_there_once() -> None:
    numbers = [tuple(map(int, item.split("."))) for item, _, _, _ in rows()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) > 70


@pytest.mark.parametrize(
    "number", ["10", "50", "512 KiB", "16 KiB", "30 minutes", "12 hours", "5 minutes", "10 minutes"]
)
def test_the_document_says_the_numbers_of_the_code(number: str) -> None:
    from gradio_app.gate.limits import EVENT_BYTES, FORM_BYTES
    from gradio_app.sessions.departures import DEPARTURE_SECONDS
    from gradio_app.sessions.sessions import CHECK_SECONDS
    from gradio_app.sessions.throttle import FAILURES_PER_ACCOUNT, FAILURES_PER_ADDRESS
    from gradio_app.settings import Settings

    code = {
        f"{FAILURES_PER_ACCOUNT}",
        f"{FAILURES_PER_ADDRESS}",
        f"{EVENT_BYTES // 2**10} KiB",
        f"{FORM_BYTES // 2**10} KiB",
        f"{Settings.session_idle_minutes} minutes",
        f"{Settings.session_max_hours} hours",
        f"{CHECK_SECONDS // 60} minutes",
        f"{DEPARTURE_SECONDS // 60} minutes",
    }
    assert number in code
    assert number in DOCUMENT.read_text(encoding="utf-8")
