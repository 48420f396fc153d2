"""Failed attempts are counted in windows that begin at each quarter of an hour, whatever a test is doing."""

import pytest

from gradio_app.sessions import throttle

YEARS = 10**9
"""Seconds, for a window that ends during no test."""


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """All attempts of a test are counted together."""
    monkeypatch.setattr(throttle, "WINDOW_SECONDS", YEARS)
