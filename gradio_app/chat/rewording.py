"""Having the conversation's own model word a question anew, to search documents once more (`other_words`).

What it writes is searched for after the question itself, so nothing that goes wrong here costs anybody an
answer: it is in the log.
"""

import logging
import threading

from gradio_app.chat import aside, errors
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.conversation import COMPLETE, FAILED, Conversation
from gradio_app.chat.lookup import Found
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models, ModelStream
from gradio_app.chat.other_words import OtherWords, Wanted, wanted
from gradio_app.chat.running import Running
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.chat.writing import LENGTH, Written, told_counts
from gradio_app.store.usage import Reservation

log = logging.getLogger(__name__)

SECONDS = 15.0
"""How long an answer waits for it: in that time a small model on two cores reads and writes 300 tokens."""
TEMPERATURE = 0.2
OUTPUT_TOKENS = 120


class Rewording:
    """Has the model word questions anew, each call paid for by a reservation of its own."""

    def __init__(self, accounts: Accounts, models: Models, running: Running, metrics: Metrics) -> None:
        self._accounts = accounts
        self._models = models
        self._running = running
        self._metrics = metrics

    def reword(
        self,
        running: RunningAnswer,
        before: Conversation,
        question: str,
        choice: Choice,
        found: Found,
    ) -> OtherWords:
        """What to search for besides, or nothing; `found` is what the question itself has found."""
        asked = wanted(question, before.turns, found)
        if asked is None or self._running.draining:
            return OtherWords()
        choice = Choice(choice.model_id, TEMPERATURE, OUTPUT_TOKENS)
        reservation = self._accounts.reserve(running.user_id, choice, asked.system, asked.parts)
        if reservation is None:
            log.info("a question is not worded anew: there are no tokens left for that")
            return OtherWords()
        stream = self._models.stream(choice, asked.system, asked.parts)
        call = _Call(self._accounts, self._metrics, stream, reservation, choice, asked)
        running.on_stop(call.leave)
        self._running.call(running, call.run)
        if not call.is_over.wait(SECONDS):
            log.warning("model=%s a question is not worded anew: it took too long", choice.model_id)
            call.leave()
        return _read(call.written, asked, question, choice.model_id)


class _Call:
    """One call. Its thread pays for it too, also when the answer has gone on without it."""

    def __init__(
        self,
        accounts: Accounts,
        metrics: Metrics,
        stream: ModelStream,
        reservation: Reservation,
        choice: Choice,
        asked: Wanted,
    ) -> None:
        self.is_over = threading.Event()
        """It has ended, or nobody waits for it any more."""
        self.written: Written | None = None
        self._left = threading.Event()
        self._accounts = accounts
        self._metrics = metrics
        self._stream = stream
        self._reservation = reservation
        self._choice = choice
        self._asked = asked

    def run(self) -> None:
        """Make the call, and settle what was set aside for it."""
        written = Written("", FAILED, errors.INTERRUPTED)
        if not self._left.is_set() and self._accounts.begin(self._reservation):
            system, parts = self._asked.system, self._asked.parts
            written = aside.read(self._stream, system, parts, self._choice.model_id, self._left)
        self.written = written
        self.is_over.set()
        self._accounts.settle(self._reservation, written, self._choice)
        counts = told_counts(written)
        self._metrics.rewording(self._choice.model_id, counts.input_tokens, counts.output_tokens)

    def leave(self) -> None:
        """Wait for it no more, and have its connection closed."""
        self._left.set()
        self._stream.abort()
        self.is_over.set()


def _read(written: Written | None, asked: Wanted, question: str, model_id: str) -> OtherWords:
    """The model's words, of how the call ended; none where they cannot be used."""
    if written is None or written.status != COMPLETE:
        return OtherWords()  # it was stopped, or what went wrong is in the log already
    try:
        is_cut = written.reason == LENGTH
        if written.reason and not is_cut:
            raise ValueError(written.reason)
        return asked.read(written.text, question, is_cut=is_cut)
    except ValueError as odd:
        log.warning("model=%s a question is not worded anew, for what came is of no use: %s", model_id, odd)
        return OtherWords()
