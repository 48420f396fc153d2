"""One answer while it is written.

An answer belongs to a thread from the first byte to the last write, so it is saved whatever becomes of the
page that asked for it; only a stop ends it early. Pages follow the text at their own pace.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable

from gradio_app.chat.asking import TurnRequest, whole
from gradio_app.chat.citations import Cited, readable

UPDATE_SECONDS = 0.1
"""Between two updates of the page: smooth to read, and a fifth of the CPU time of one update per token."""


class RunningAnswer:
    """The text of one answer while it is written, shared by its threads and by those who follow it."""

    def __init__(self, asked: TurnRequest) -> None:
        self.asked = asked
        self.user_id = asked.user_id
        self.conversation_id = asked.conversation_id
        self.number = 0
        """The number of its turn, once the question is stored."""
        self.version = 0
        """The version that the conversation has while it is written."""
        self.before = ""
        """What there was of it already, if it goes on with one."""
        self.is_begun = False
        """Somebody works on it; until then it only has its place on the list."""
        self.stop_requested = threading.Event()
        self.done = threading.Event()
        self.waits_for = ""
        """A key of `texts.WAITS` while it waits for another try of the model; set by `wait_for`."""
        self.problem = ""
        """A key of `texts.REFUSALS` when the answer could not be saved."""
        self.cites = False
        """Whether it was asked to cite: what it writes is then shown without its citations until it ends."""
        self.size = 0
        """Bytes of the text in UTF-8."""
        self.pieces = 0
        self.saving = threading.Lock()
        """Held while it is written to the table, so that nothing unfinished is written after its end."""
        self.is_ended = False
        """Its last write to the table is under way or done; read and set with `saving` held."""
        self.began = time.monotonic()
        self.first_written: float | None = None
        """When the first piece came, on the same clock."""
        self._parts: list[str] = []
        self._cited: list[Cited] = []
        self._half = ""
        self._frozen = False
        self._lock = threading.Lock()
        self._changed = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._woken = threading.Event()
        self._on_stop: Callable[[], None] = lambda: None

    @property
    def text(self) -> str:
        """What has been written so far, without what was there before."""
        return "".join(self._parts)

    @property
    def shown(self) -> str:
        """All of it, as a reader sees it by now."""
        return readable(self.text) if self.cites else self.before + self.text

    def go_on(self, before: str) -> None:
        """Begin behind what there is of the answer already."""
        self.before = before.rstrip()
        self.size = len(self.before.encode())

    @property
    def cited(self) -> tuple[Cited, ...]:
        """What the model has cited beside its text."""
        return tuple(self._cited)

    def cite(self, source: int, words: str) -> None:
        """What was just written is backed by these words of the source with this number, from 0."""
        with self._lock:
            if not self._frozen:
                self._cited.append(Cited(len(self.text), source, words))

    def write(self, piece: str) -> None:
        """Add to the text, unless it is frozen; called by one thread only."""
        piece, self._half = _joined(self._half + piece)
        if not piece:
            return
        with self._lock:
            if self._frozen:
                return
            self.first_written = self.first_written or time.monotonic()
            self.size += len(piece.encode())
            self.pieces += 1
            self._parts.append(piece)
        self._wake()

    def freeze(self) -> str:
        """Take no more, and return what there is."""
        with self._lock:
            self._frozen = True
        return self.text

    def wait_for(self, reason: str) -> None:
        """Say why the model is asked again a little later, or with an empty reason that it is asked now."""
        self.waits_for = reason
        self._wake()

    def finish(self) -> None:
        """Nothing more will come, and what came is saved."""
        self.done.set()
        self._wake()

    def on_stop(self, end: Callable[[], None]) -> None:
        """What `stop` calls, from now on, to end a wait; called at once when there was a stop already."""
        self._on_stop = end
        if self.stop_requested.is_set():
            end()

    def stop(self) -> None:
        """End the answer where it is, at any moment of its life; without effect on one that has ended."""
        if not self.done.is_set():
            self.stop_requested.set()
            self._on_stop()

    async def follow(self) -> AsyncIterator[str]:
        """The whole text so far, each time there is more of it but not too often, until it is finished.

        Also when `waits_for` has changed, with the same text once more.
        """
        self._loop = asyncio.get_running_loop()
        shown = (0, "")
        while True:
            finished = self.done.is_set()
            now = (len(self._parts), self.waits_for)
            if now != shown:
                shown = now
                yield self.shown
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


def _joined(text: str) -> tuple[str, str]:
    """The text without lone surrogates, and the one at its end whose other half may still come."""
    half = text[-1] if text and "\ud800" <= text[-1] <= "\udbff" else ""
    return whole(text[: len(text) - len(half)]), half
