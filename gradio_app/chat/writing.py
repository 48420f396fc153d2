"""Letting the model write one answer: its calls, the waits between them, and how they end.

Each call runs in a thread of its own that may hang for minutes in the network; the answer's thread waits for
the end of the call or for a stop, whichever comes first, and leaves the call behind in the second case.
"""

import contextlib
import logging
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gradio_app.chat import budget, caching, context, errors
from gradio_app.chat.conversation import COMPLETE, FAILED, LENGTH, STOPPED, Conversation
from gradio_app.chat.filling import Filling, filling
from gradio_app.chat.grounding import Grounded, Grounding
from gradio_app.chat.inputs import Question, Reading, Said
from gradio_app.chat.model import Choice, Counts, Models, ModelStream, context_tokens, whole_tokens
from gradio_app.chat.running import Running
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.table import TableUnreachable

log = logging.getLogger(__name__)

CONTEXT_SHARES = (1, 2, 4)
"""Parts of the context budget that are tried while a model finds the request too long."""
RETRY_SECONDS = (1.0, 2.0, 4.0)
"""Waits before another try when the model was too busy to look at the request, at most; a stop ends them."""
LOADING_SECONDS = (1.0,) * 10 + (5.0,) * 22
"""The same while it is being loaded, which takes seconds here and up to two minutes there."""
FILTERED = "filtered"
EARLY_ENDS = {
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "guardrail_intervened": FILTERED,
    "content_filtered": FILTERED,
}
"""Bedrock's stop reasons that a reader should hear of, as keys of `texts.REASONS`."""


@dataclass(frozen=True)
class Written:
    """How a call ended.

    Attributes:
        counts: Bedrock's own, which come last: None for a call that ended before them.
        is_seen: whether the model may have worked on the request.
        system, parts: the request.
        pieces: of how many pieces the text is.
        most_read: no model reads more tokens for the request.
        oldest: the number of the oldest turn in the request.
        besides: tokens that were spent besides this call.
        grounded: the passages that it was made from; None when no documents were asked.
        searched_for: what was searched for beside the question.
        sent: what the request consisted of.
        thought: what the model told of its reasoning.
    """

    text: str
    status: str
    reason: str = ""
    counts: Counts | None = None
    is_seen: bool = False
    system: str = field(default="", repr=False)
    parts: Sequence[tuple[str, Said]] = field(default=(), repr=False)
    pieces: int = 0
    most_read: int = 0
    oldest: int = 0
    besides: int = 0
    grounded: Grounded | None = field(default=None, repr=False)
    searched_for: str = field(default="", repr=False)
    sent: Filling | None = None
    thought: str = field(default="", repr=False)

    @property
    def output(self) -> int:
        """A guess of the tokens that were written, reasoning included."""
        return budget.written(f"{self.thought}{self.text}", self.pieces)


def told_counts(written: Written) -> Counts:
    """What people are told that a call took: Bedrock's counts, or guesses where it ended before them."""
    if written.counts or not written.is_seen:
        return written.counts or Counts()
    read = context.request_tokens(written.system, written.parts)
    return Counts(read, written.output)


class Writer:
    """Has the model write answers; `most_bytes` is the longest text that is kept of one."""

    def __init__(self, models: Models, running: Running, most_bytes: int) -> None:
        self._models = models
        self._running = running
        self._most_bytes = most_bytes

    def write(
        self,
        running: RunningAnswer,
        before: Conversation,
        question: Question,
        choice: Choice,
        reading: Reading | None = None,
        grounding: Grounding | None = None,
    ) -> Written:
        """Let the model answer; with less of history, files and passages while it finds that too long.

        It goes on with what the answer had before, if there is any.
        """
        system = context.system_prompt(before)
        system = grounding.system(system) if grounding else system
        running.cites = grounding is not None
        written = Written("", FAILED)
        takes_beginning = self._models.takes_beginning(choice.model_id)
        cache = self._models.caching(choice.model_id)
        whole = context.room(before, context_tokens(choice.model_id), whole_tokens(choice.model_id))
        for share in CONTEXT_SHARES:
            room = whole // share
            end = context.to_go_on(running.before, room, takes_beginning=takes_beginning)
            less = reading and replace(reading, tokens=reading.tokens // share)
            try:
                parts = context.messages(before, question, room - context.request_tokens("", end), less)
            except TableUnreachable as error:
                errors.record_storage(error)
                return Written("", FAILED, errors.FILES)
            oldest = context.oldest_sent(before, parts, running.number)
            given = grounding and grounding.less(share)
            points: frozenset[int] = frozenset()
            if not before.has_gap:
                points = caching.points(
                    cache, context.unsummed(before), parts, grounded=grounding is not None
                )
            alone = parts
            parts = given.into(parts) if given else parts
            passages = context.request_tokens("", parts) - context.request_tokens("", alone)
            sent = filling(before, question, alone, system, passages)
            most_read = budget.most_read_after(before, oldest, choice.model_id, system, parts)
            is_least = len(parts) == 1 and not question.files and not (given and len(given.sources) > 1)
            if end:
                parts, most_read = [*parts, *end], most_read + budget.most_read("", end)
            written = self._with_patience(running, lambda: self.call(running, choice, system, parts, points))  # noqa: B023
            grounded = given and Grounded(given.sources, running.cited)
            written = replace(written, most_read=most_read, oldest=oldest, grounded=grounded, sent=sent)
            if written.reason != errors.TOO_LONG or written.text or is_least:
                break
        return written

    def call(
        self,
        running: RunningAnswer,
        choice: Choice,
        system: str,
        parts: Sequence[tuple[str, Said]],
        points: frozenset[int],
    ) -> Written:
        """One call, until it ends or the answer is stopped."""
        if running.stop_requested.is_set():
            return Written("", STOPPED)
        stream = self._models.stream(choice, system, parts, points)
        call = _Call(stream, running, choice.model_id, self._most_bytes)
        running.on_stop(call.leave)
        self._running.call(running, call.run)
        call.is_over.wait()
        ended = call.ended
        if running.stop_requested.is_set() and not (ended and ended.counts):
            text, is_seen = running.freeze(), call.stream.is_sent
            stopped = Written(text, STOPPED, "", call.counts, is_seen, system, parts, running.pieces)
            return replace(stopped, thought=running.thought)
        if ended is None:
            raise AssertionError("a call that nobody left has ended")
        running.end_thought()
        ended = replace(ended, text=running.text, thought=running.thought, pieces=running.pieces)
        return replace(ended, system=system, parts=parts)

    def _with_patience(self, running: RunningAnswer, call: Callable[[], Written]) -> Written:
        """Call again, now and then, while the model has no time to look at the request or is being loaded."""
        tries = 0
        while True:
            written = call()
            is_loading = written.reason == errors.NOT_READY
            waits = LOADING_SECONDS if is_loading else RETRY_SECONDS
            is_passing = written.status == FAILED and written.reason in errors.PASSING
            if written.is_seen or not is_passing or self._running.draining or tries >= len(waits):
                return written
            log.info("model is asked again in %.0f s at most: %s", waits[tries], written.reason)
            running.wait_for(written.reason)
            if running.stop_requested.wait(waits[tries] * random.uniform(0.5, 1)):  # noqa: S311
                return Written("", STOPPED)
            if not is_loading:  # what is being loaded is so until it answers: it is said once
                running.wait_for("")
            tries += 1


class _Call:
    """One call, as its own thread sees it."""

    def __init__(self, stream: ModelStream, running: RunningAnswer, model_id: str, most_bytes: int) -> None:
        self.stream = stream
        self.is_over = threading.Event()
        """It has ended, or nobody waits for it any more."""
        self.ended: Written | None = None
        """How it ended, without its text."""
        self.counts: Counts | None = None
        """What Bedrock has counted, once it has said so."""
        self._running = running
        self._model_id = model_id
        self._most_bytes = most_bytes

    def run(self) -> None:
        """Read the answer to its end."""
        try:
            self.ended = self._read()
        except Exception as error:  # noqa: BLE001 (whatever it is, what has arrived is kept and the reader told)
            if not self._running.stop_requested.is_set():
                errors.record(error, self._model_id)
            is_seen = self.stream.is_sent and not errors.is_unseen(error)
            self.ended = Written("", FAILED, errors.reason_of(error), self.counts, is_seen=is_seen)
        self.is_over.set()

    def leave(self) -> None:
        """Wait for it no more, and have its connection closed."""
        self.stream.abort()
        self.is_over.set()

    def _read(self) -> Written:
        stop_reason = ""
        with contextlib.closing(self.stream.pieces()) as pieces:
            for piece in pieces:
                for source, words in piece.cited:
                    self._running.cite(source, words)
                if piece.thought:
                    self._running.think(piece.thought, piece.pieces)
                if piece.text:
                    self._running.write(piece.text, piece.pieces)
                self.counts = piece.counts or self.counts
                stop_reason = piece.stop_reason or stop_reason
                if self._running.size > self._most_bytes:
                    return Written("", COMPLETE, LENGTH, is_seen=True)
        if not stop_reason:
            return Written("", FAILED, errors.CUT, self.counts, is_seen=True)
        return Written("", COMPLETE, EARLY_ENDS.get(stop_reason, ""), self.counts, is_seen=True)
