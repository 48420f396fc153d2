"""Looks after all answers of the process: saves them, keeps them ours, and hears of stops.

A task that writes an answer vouches for it in the table, from before the first byte on: as long as its lease
is good, other tasks show the answer as it grows; only one whose lease ran out was interrupted.
"""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from math import ceil

from gradio_app.chat import errors
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.running import Running
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, TableUnreachable
from gradio_app.store.temporary import TemporaryFullError

KEEP_SECONDS = 1.0
"""Between two writes of an unfinished answer, one of few and not long: what a dying process loses at most."""
FEW = 5
"""So many are written each second: a write takes the processor as long as some updates of a page."""
CHEAP_BYTES = 4096
"""A write takes a unit for each KiB of the whole text: a longer one is written less often in proportion."""
LONGEST_PAUSE = 5
"""Times `KEEP_SECONDS`; so often the conversation is looked at, too, and what waits in line is written."""
LEASE_SECONDS = 20
"""How long an answer counts as being written after a write; clocks may differ a little."""
WRITERS = 8
"""Threads that write, so that one person's table that is slow keeps nobody else's answers waiting."""
VOUCH_SECONDS = 60.0
"""Between two looks at what is set aside, whose lease is minutes long."""


class Keeper:
    """Looks after the answers while there are any; `holder` is this process' name in the table."""

    def __init__(self, running: Running, store: Conversations, accounts: Accounts, holder: str) -> None:
        self._running = running
        self._store = store
        self._accounts = accounts
        self._holder = holder
        self._lock = threading.Lock()
        self._writers = ThreadPoolExecutor(WRITERS, "keeper")
        self._begun: set[RunningAnswer] = set()
        """Those whose last write is not over: with a table that does not answer they do not pile up."""
        self._is_awake = False
        self._vouched = time.monotonic()

    def wake(self) -> None:
        """There is something to look after: the thread runs until there is nothing more."""
        with self._lock:
            if not self._is_awake:
                self._is_awake = True
                threading.Thread(target=self._run, daemon=True, name="keeper").start()

    def look(self) -> list[Future[None]]:
        """Look after everything once; what is being written for it now."""
        self._running.sweep()
        begun = list[Future[None]]()
        answers = [answer for answer in self._running.answers if answer.number]
        count = sum(not answer.in_line for answer in answers)
        for answer in answers:
            answer.looks += 1
            looks = answer.looks % LONGEST_PAUSE == 0
            is_due = looks or answer.looks % pause_of(answer, count) == 0
            if is_due and answer not in self._begun:
                self._begun.add(answer)
                begun.append(self._writers.submit(self._keep, answer, looks=looks))
        if time.monotonic() - self._vouched > VOUCH_SECONDS:
            self._vouched = time.monotonic()
            self._accounts.keep()
        return begun

    def _keep(self, answer: RunningAnswer, *, looks: bool) -> None:
        try:
            if not answer.saving.acquire(blocking=False):
                return  # it ends
            try:
                if not answer.is_ended and self._is_stopped(answer, looks=looks):
                    answer.stop()
            finally:
                answer.saving.release()
        except Exception as error:  # noqa: BLE001 (whatever it is, the other answers must be looked after)
            errors.record_event(error)
        finally:
            self._begun.discard(answer)

    def _is_stopped(self, answer: RunningAnswer, *, looks: bool) -> bool:
        """Write the answer as it is; whether somebody wants it to end."""
        try:
            return self._store.write(
                answer.user_id,
                answer.conversation_id,
                answer.number,
                self._holder,
                answer.shown,
                lease_end(),
                answer.version,
                looks=looks,
            )
        except ConflictError:
            return True  # deleted or taken back meanwhile: nobody waits for it
        except TemporaryFullError:
            pass  # there is room for the answer when it has ended, or its person is told
        except TableUnreachable as error:
            errors.record_storage(error)
        return False

    def _run(self) -> None:
        looked = time.monotonic()
        while self._goes_on():
            time.sleep(max(0.0, looked + KEEP_SECONDS - time.monotonic()))
            looked = time.monotonic()
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 (whatever it is, the next look must come)
                errors.record_event(error)

    def _goes_on(self) -> bool:
        with self._lock:
            self._is_awake = bool(self._running.answers) or self._accounts.has_unsettled
            return self._is_awake


def pause_of(answer: RunningAnswer, count: int) -> int:
    """Between two writes of one of so many answers that are written, in times of `KEEP_SECONDS`."""
    if answer.in_line:
        return LONGEST_PAUSE
    return min(LONGEST_PAUSE, max(ceil(count / FEW), 1 + answer.size // CHEAP_BYTES))


def lease_end() -> int:
    """Until when an answer that is saved now counts as being written, in epoch seconds."""
    return int(time.time()) + LEASE_SECONDS
