"""The thread of a task that says each minute how many of its places for answers are taken.

A slow model fills the places while the processor has little to do, so neither CPU nor requests tell of it.
"""

from statistics import mean

from gradio_app.chat import errors
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.running import Running
from gradio_app.recurring import Recurring

LOOK_SECONDS = 10.0
LOOKS = 6
"""Of which the mean is told: what happened to be at one moment of a minute says little."""


class Gauge(Recurring):
    """Runs until it is stopped. Also tells of none, or scaling would take a quiet task for an unknown one."""

    def __init__(self, running: Running, metrics: Metrics) -> None:
        super().__init__("gauge")
        self._running = running
        self._metrics = metrics
        self._seen: list[float] = []

    def pause(self) -> float:
        """The same each time."""
        return LOOK_SECONDS

    def look(self) -> None:
        """Count once, and tell with every LOOKS-th time."""
        self._seen.append(self._running.share_taken)
        if len(self._seen) < LOOKS:
            return
        share = mean(self._seen)
        self._seen.clear()
        try:
            self._metrics.places(share)
        except Exception as error:  # noqa: BLE001 (whatever it is, the next minute is told all the same)
            errors.record_event(error)
