"""A browser to look with."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser

from benchmarks.errors import CannotMeasure
from tests.browser.chromium import find, launched


@contextmanager
def browser() -> Iterator[Browser]:
    """It runs meanwhile. Raises CannotMeasure."""
    path = find()
    if not path:
        raise CannotMeasure("There is no Chromium to look with.")
    with contextmanager(launched)(path) as running:
        yield running
