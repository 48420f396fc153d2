"""What every test of turns takes."""

import pytest

from gradio_app.chat import writing


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tried again is tried again at once."""
    monkeypatch.setattr(writing, "RETRY_SECONDS", (0.0, 0.0, 0.0))
    monkeypatch.setattr(writing, "LOADING_SECONDS", (0.0,) * 5)
