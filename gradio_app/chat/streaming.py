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
from gradio_app.chat.citations import Cited
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.readable import Readable

THOUGHT_BYTES = 64_000
"""Of the reasoning that is kept, some 16,000 tokens."""
LINE_SECONDS = 5.0
"""Between two looks at how far the line has moved: if each step of it updated every page that waits, those
who wait would slow down those who are served."""


class RunningAnswer:
    """The text of one answer while it is written, shared by its threads and by those who follow it."""

    def __init__(self, asked: TurnRequest) -> None:
        self.asked = asked
        self.user_id = asked.user_id
        self.conversation_id = asked.conversation_id
        self.number = 0
        """The number of its turn, once the question is stored."""
        self.page: Conversation | None = None
        """The page that it is the last answer of, where that is known without reading it."""
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
        self.in_line = 0
        """Which number in line it has while it waits for a place; set by `stand_in_line`."""
        self.has_waited = False
        """Whether it had to stand in line."""
        self.problem = ""
        """A key of `texts.REFUSALS` when the answer could not be saved."""
        self.cites = False
        """Whether it was asked to cite: what it writes is then shown without its citations until it ends."""
        self.size = 0
        """Bytes of the text in UTF-8."""
        self.pieces = 0
        self.looks = 0
        """How often the keeper has looked at it, whose alone this is."""
        self.saving = threading.Lock()
        """Held while it is written to the table, so that nothing unfinished is written after its end."""
        self.is_ended = False
        """Its last write to the table is under way or done; read and set with `saving` held."""
        self.began = time.monotonic()
        self.first_written: float | None = None
        """When the first piece came, on the same clock."""
        self.thought_ms = 0
        """For how long the model has reasoned, once it answers."""
        self._parts: list[str] = []
        self._readable = Readable()
        self._thoughts: list[str] = []
        self._thought_bytes = 0
        self._thought_from: float | None = None
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
        return str(self._readable) if self.cites else self.before + self.text

    @property
    def thought(self) -> str:
        """What the model has told of its reasoning."""
        return "".join(self._thoughts)

    def think(self, piece: str, pieces: int = 1) -> None:
        """Add to the reasoning, of which the beginning is kept; called by the thread that writes."""
        piece = whole(piece)
        with self._lock:
            if self._frozen:
                return
            self.waits_for = ""
            self._thought_from = self._thought_from or time.monotonic()
            self.pieces += pieces
            self._thought_bytes += len(piece.encode())
            if self._thought_bytes <= THOUGHT_BYTES:
                self._thoughts.append(piece)
        self._wake()

    def end_thought(self) -> None:
        """The model reasons no more: it answers, or its call has ended."""
        if self._thought_from and not self.thought_ms:
            self.thought_ms = max(1, round((time.monotonic() - self._thought_from) * 1000))

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

    def write(self, piece: str, pieces: int = 1) -> None:
        """Add to the text, unless it is frozen; called by one thread only. It came in so many `pieces`."""
        piece, self._half = _joined(self._half + piece)
        if not piece:
            return
        with self._lock:
            if self._frozen:
                return
            self.waits_for = ""
            self.first_written = self.first_written or time.monotonic()
            self.end_thought()
            self.size += len(piece.encode())
            self.pieces += pieces
            self._parts.append(piece)
            if self.cites:
                self._readable.add(piece)
        self._wake()

    def freeze(self) -> str:
        """Take no more, and return what there is."""
        with self._lock:
            self._frozen = True
            self.end_thought()
        return self.text

    def wait_for(self, reason: str) -> None:
        """Say why the model is asked again a little later, or with an empty reason that it is asked now."""
        self.waits_for = reason
        self._wake()

    def stand_in_line(self, number: int) -> None:
        """Say which number in line it has by now, or 0 when it waits no more.

        Beginning and end of it are told at once, and what lies between with the next look.
        """
        waited, self.in_line = self.in_line, number
        self.has_waited |= number > 0
        if bool(waited) != bool(number):
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
        """The whole text so far, each time there is more of it, until it is finished.

        What more there is comes in bursts (`bursts.BURST_SECONDS`).

        Also when `waits_for` or `in_line` has changed, with the same text once more.
        """
        self._loop = asyncio.get_running_loop()
        shown = (0, 0, "", 0)
        while True:
            finished = self.done.is_set()
            now = (len(self._parts), len(self._thoughts), self.waits_for, self.in_line)
            if now != shown:
                shown = now
                yield self.shown
            elif finished:
                return
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), LINE_SECONDS if self.in_line else None)
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
