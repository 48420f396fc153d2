"""The thread of a task in which documents are worked on, one at a time and behind everything else."""

import logging
import os
import random
import threading
from collections.abc import Callable

from gradio_app.store.table import TableUnreachable

LOOK_SECONDS = 60.0
"""Between two looks at the line while nobody says that there is something: for what another task left when it
died. 43,200 cheap reads of each task in a month."""
AFTER_FAILURE_SECONDS = 15.0
NICENESS = 10
"""Of the thread: the kernel gives it what answers that are being written leave."""
STOP_SECONDS = 10.0
"""For work to be put down when the task stops; what is not by then is taken up when its lease runs out."""

log = logging.getLogger(__name__)


class Worker:
    """`work` does one thing, and says whether there was anything; it returns soon after `stopping` is set."""

    def __init__(
        self,
        work: Callable[[], bool],
        wake: threading.Event,
        stopping: threading.Event,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._work = work
        self._wake = wake
        self._stopping = stopping
        self._look_seconds = look_seconds
        self._thread = threading.Thread(target=self._run, name="ingestion", daemon=True)

    def start(self) -> None:
        """Begin; calling it once is enough for the life of the process."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to do."""
        self._wake.set()

    def stop(self) -> None:
        """Put the work down, so that another task takes it up at once."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(STOP_SECONDS)

    def _run(self) -> None:
        _be_nice()
        while not self._stopping.is_set():
            self._wake.clear()
            seconds = self._until_idle()
            self._wake.wait(random.uniform(0.8, 1.2) * seconds)  # noqa: S311 (so that tasks do not look together)

    def _until_idle(self) -> float:
        """Do what there is; how long to wait before the next look."""
        try:
            while not self._stopping.is_set() and self._work():
                pass
        except TableUnreachable as error:
            log.warning("Documents wait until the table and the bucket can be reached: %s", error)
            return AFTER_FAILURE_SECONDS
        except Exception:
            # Its lease runs out and somebody tries again, a few times.
            log.exception("Work on a document failed.")
            return AFTER_FAILURE_SECONDS
        return self._look_seconds


def _be_nice() -> None:
    """On Linux each thread has a niceness of its own; elsewhere the whole process would get it."""
    if hasattr(os, "setpriority") and os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
