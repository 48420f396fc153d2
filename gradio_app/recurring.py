"""Work that a thread of a task does again and again, from the start of the process to its end."""

import threading
from abc import ABC, abstractmethod

STOP_SECONDS = 5.0
"""How long a stopping process waits for what is being done."""


class Recurring(ABC):
    """Looks after each pause, until it is stopped; the first pause comes before the first look."""

    def __init__(self, name: str) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin; once is enough for the life of the process."""
        self._thread.start()

    def stop(self) -> None:
        """Put the work down."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    @abstractmethod
    def pause(self) -> float:
        """Seconds until the next look."""

    @abstractmethod
    def look(self) -> None:
        """Do the work once. What it raises would be its end, so it raises nothing."""

    def _run(self) -> None:
        while not self._stopping.wait(self.pause()):
            self.look()
