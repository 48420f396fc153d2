"""Answers that are being written: one thread for each, and the list of those that run in this process.

The thread owns its answer from the first byte to the last write, so an answer is saved whatever becomes of
the browser that asked for it. The page follows the text at its own pace.
"""

import asyncio
import contextlib
import contextvars
import threading
import time
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

UPDATE_SECONDS = 0.1
"""Between two updates of the page: smooth to read, and a fifth of the CPU time of one update per token."""
SAVE_SECONDS = 5.0
"""Enough for two writes to the table, tries again included."""


class RunningAnswer:
    """The text of one answer while it is written, shared by its thread and by those who follow it."""

    def __init__(self, user_id: str, conversation_id: str) -> None:
        self.user_id = user_id
        self.conversation_id = conversation_id
        self.holder = uuid4().hex
        """By which the table knows whose the answer is."""
        self.stop_requested = threading.Event()
        self.done = threading.Event()
        self.problem = ""
        """A key of `texts.REFUSALS` when the answer could not be saved."""
        self.size = 0
        """Bytes of the text in UTF-8."""
        self.began = time.monotonic()
        self.first_written: float | None = None
        """When the first piece came, on the same clock."""
        self._pieces: list[str] = []
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = threading.Event()
        self._abort: Callable[[], None] = lambda: None

    @property
    def text(self) -> str:
        """What has been written so far."""
        return "".join(self._pieces)

    def write(self, piece: str) -> None:
        """Add to the text; called by the answer's thread only."""
        if self.first_written is None:
            self.first_written = time.monotonic()
        self.size += len(piece.encode("utf-8", "replace"))
        self._pieces.append(piece)
        self._wake()

    def finish(self) -> None:
        """Nothing more will come, and what came is saved."""
        self.done.set()
        self._wake()

    def on_stop(self, abort: Callable[[], None]) -> None:
        """What `stop` calls to end a read that waits for the network."""
        self._abort = abort

    def stop(self) -> None:
        """Ask the answer's thread to end soon; without effect on one that has ended."""
        if not self.done.is_set():
            self.stop_requested.set()
            self._abort()

    async def follow(self) -> AsyncIterator[str]:
        """The whole text so far, each time there is more of it but not too often, until it is finished."""
        self._loop = asyncio.get_running_loop()
        shown = 0
        while True:
            finished = self.done.is_set()
            if len(self._pieces) > shown:
                shown = len(self._pieces)
                yield self.text
                await asyncio.sleep(UPDATE_SECONDS)
            elif finished:
                return
            else:
                await self._changed.wait()
            self._changed.clear()
            self._woken.clear()

    def _wake(self) -> None:
        # One wake-up of the event loop for any number of pieces that come before it looks again.
        if self._loop is None or self._woken.is_set():
            return
        self._woken.set()
        # A closed loop raises: the process ends, and nobody follows any more.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._changed.set)


class Running:
    """The answers that this process writes just now. A browser stays with one process (sticky sessions)."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._answers: list[RunningAnswer] = []
        self._threads = 0
        self._waiters = 0

    @property
    def draining(self) -> bool:
        """Whether somebody waits for the end of all answers: no time for anything that can be left out."""
        return self._waiters > 0

    def admit(self, user_id: str, conversation_id: str, limit: int) -> RunningAnswer:
        """List a new answer.

        Raises BusyError for a second one in a conversation, TooManyAnswersError beyond `limit` per user.
        """
        with self._changed:
            if self._find(user_id, conversation_id):
                raise BusyError
            if sum(answer.user_id == user_id for answer in self._answers) >= limit:
                raise TooManyAnswersError
            answer = RunningAnswer(user_id, conversation_id)
            self._answers.append(answer)
            return answer

    def start(self, answer: RunningAnswer, work: Callable[[], None]) -> None:
        """Run the work of an admitted answer in a thread; `wait_idle` waits for all of it."""
        with self._changed:
            self._threads += 1
        # In the context of the request, whose id the thread's lines in the log carry.
        run = contextvars.copy_context().run
        threading.Thread(target=run, args=(self._run, answer, work), daemon=True, name="answer").start()

    def release(self, answer: RunningAnswer) -> None:
        """Finish an answer and take it off the list."""
        with self._changed:
            if answer in self._answers:
                self._answers.remove(answer)
            self._changed.notify_all()
        answer.finish()

    def find(self, user_id: str, conversation_id: str) -> RunningAnswer | None:
        """The answer that is being written in this conversation, if any."""
        with self._changed:
            return self._find(user_id, conversation_id)

    def wait_idle(self, timeout: float) -> bool:
        """Block until nothing runs, at most `timeout` seconds; whether that came true.

        Answers that run even then are stopped, and get SAVE_SECONDS to save what there is of them.
        """
        with self._changed:
            self._waiters += 1
            try:
                if self._changed.wait_for(self._idle, timeout):
                    return True
                for answer in self._answers:
                    answer.stop()
                self._changed.wait_for(self._idle, SAVE_SECONDS)
                return False
            finally:
                self._waiters -= 1

    def _idle(self) -> bool:
        return not self._answers and not self._threads

    def _find(self, user_id: str, conversation_id: str) -> RunningAnswer | None:
        wanted = (user_id, conversation_id)
        return next((a for a in self._answers if (a.user_id, a.conversation_id) == wanted), None)

    def _run(self, answer: RunningAnswer, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            self.release(answer)
            with self._changed:
                self._threads -= 1
                self._changed.notify_all()


class BusyError(Exception):
    """An answer is still being written in this conversation."""


class TooManyAnswersError(Exception):
    """The user has as many answers running as one user may."""
