"""Who searches has what is new read first, in threads of its own that take turns between people.

All of somebody's conversations may be new once, when they search for the first time: a page waits for a
moment only, and says that there is more to come.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator

from gradio_app.chat import errors
from gradio_app.store.said import Said
from gradio_app.store.table import TableUnreachable

THREADS = 2
PEOPLE = 256
"""Whose conversations are read at the same time; who comes then searches in what is read already."""
STEPS = 20
"""Of one person before the next one's turn."""


class CatchingUp:
    """Reads what is new of the people who search."""

    def __init__(self, said: Said) -> None:
        self._said = said
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Iterator[None]] = OrderedDict()
        self._over: dict[str, threading.Event] = {}
        self._again: set[str] = set()
        self._at_work = 0

    def wake(self, user_id: str) -> threading.Event:
        """Have what is new of a person read; the event is set when nothing is."""
        with self._lock:
            if user_id in self._over:
                self._again.add(user_id)  # something may be new behind where the reading is by now
                return self._over[user_id]
            if len(self._over) >= PEOPLE:
                return threading.Event()
            over = self._over[user_id] = threading.Event()
            self._waiting[user_id] = self._said.catch_up(user_id)
            if self._at_work < THREADS:
                self._at_work += 1
                threading.Thread(target=self._work, daemon=True, name="search").start()
            return over

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._at_work -= 1
                    return
                user_id, reading = self._waiting.popitem(last=False)
            has_more = self._read(reading)
            with self._lock:
                if not has_more and user_id in self._again:
                    self._again.discard(user_id)
                    reading, has_more = self._said.catch_up(user_id), True
                if has_more:
                    self._waiting[user_id] = reading
                else:
                    self._over.pop(user_id).set()

    def _read(self, reading: Iterator[None]) -> bool:
        """A part of what is new; whether there is more."""
        try:
            return all(next(reading, self) is None for _ in range(STEPS))
        except TableUnreachable as error:
            errors.record_storage(error)
        except Exception as error:  # noqa: BLE001 (whatever it is, others wait for this thread)
            errors.record_event(error)
        return False
