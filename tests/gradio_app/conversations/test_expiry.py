"""The thread that deletes what is over: again and again, whatever becomes of one time, until the end."""

from collections.abc import Callable
from typing import Any

import pytest

from gradio_app.conversations import expiry
from gradio_app.conversations.expiry import Expiry
from gradio_app.store.table import TableUnreachable
from tests.gradio_app.chatting import until


class Sweeping:
    """What is over, which the first two times nobody can say."""

    def __init__(self) -> None:
        self.failures: list[Exception] = [TableUnreachable(), ValueError()]
        self.swept = 0

    def sweep(self, is_over: Callable[[], bool]) -> int:
        if self.failures:
            raise self.failures.pop()
        self.swept += not is_over()
        return 1


def test_it_goes_on_after_failures_and_stops_in_its_sleep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "LOOK_SECONDS", 0.001)
    what: Any = Sweeping()
    runs = Expiry(what)
    runs.start()
    until(lambda: what.swept > 0)
    monkeypatch.setattr(expiry, "LOOK_SECONDS", 36_000.0)
    runs.stop()
    assert not runs._thread.is_alive()
