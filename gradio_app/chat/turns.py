"""One turn from question to stored answer, without any knowledge of the page that shows it."""

import contextlib
import logging
import time
from dataclasses import dataclass, replace

from gradio_app.chat import context, errors
from gradio_app.chat.budget import Budget, BudgetSpentError, Reservation
from gradio_app.chat.conversation import (
    COMPLETE,
    FAILED,
    STOPPED,
    WRITING,
    Answer,
    Conversation,
    before_turn,
    plain,
)
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models, context_tokens
from gradio_app.chat.streaming import BusyError, Running, RunningAnswer, TooManyAnswersError
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.messages import TEXT_BYTES
from gradio_app.store.table import ConflictError, TableUnreachable

log = logging.getLogger(__name__)

QUESTION_CHARACTERS = 32_000
"""Longest question; about 10 000 tokens."""
ANSWERS_AT_ONCE = 3
"""Answers that one user may have running at the same time, in several tabs."""
WHOLE = {"turns": 100_000, "most_bytes": 1_000_000_000}
"""All of a conversation."""
LEASE_SECONDS = 420
"""Longer than a call may take before its first byte, tries again included."""
CHECKPOINT_SECONDS = 5.0
"""Between two writes of an unfinished answer: what a dying process loses at most."""
SUMMARY_TEMPERATURE = 0.2
CONTEXT_SHARES = (1, 2, 4)
"""Parts of the context budget that are tried while a model finds the request too long."""

LENGTH = "length"
FILTERED = "filtered"
EARLY_ENDS = {
    "max_tokens": LENGTH,
    "model_context_window_exceeded": LENGTH,
    "guardrail_intervened": FILTERED,
    "content_filtered": FILTERED,
}
"""Bedrock's stop reasons that a reader should hear of, as keys of `texts.REASONS`."""


class RefusedError(Exception):
    """The turn does not take place and nothing was spent; `reason` is a key of `texts.REFUSALS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Request:
    """What a page asks for.

    Attributes:
        seen_version: the version of the conversation that the page shows; None if it shows none yet.
        question: what to ask; empty to repeat the question after the first `keep` turns.
        keep: drop every turn after that many first; None keeps all.
    """

    user_id: str
    conversation_id: str
    seen_version: int | None
    question: str
    choice: Choice
    keep: int | None = None


@dataclass(frozen=True)
class Started:
    """A turn under way: the conversation before it, the question, and the answer to follow."""

    before: Conversation
    question: str
    answer: RunningAnswer


@dataclass(frozen=True)
class _Job:
    user_id: str
    number: int
    before: Conversation
    question: str
    choice: Choice
    reservation: Reservation
    running: RunningAnswer


class Turns:
    """Starts turns; their answers are written and saved by threads that outlive the request."""

    def __init__(
        self, store: Conversations, budget: Budget, models: Models, running: Running, metrics: Metrics
    ) -> None:
        self._store = store
        self._budget = budget
        self._models = models
        self._running = running
        self._metrics = metrics

    def start(self, request: Request) -> Started:
        """Reserve the tokens, store the question, and let the model answer; raises RefusedError."""
        if len(request.question) > QUESTION_CHARACTERS:
            raise RefusedError("too_long")
        try:
            answer = self._running.admit(request.user_id, request.conversation_id, ANSWERS_AT_ONCE)
        except BusyError:
            raise RefusedError("busy") from None
        except TooManyAnswersError:
            raise RefusedError("too_many") from None
        try:
            job = self._prepare(request, answer)
        except BaseException:
            self._running.release(answer)
            raise
        self._running.start(answer, lambda: self._work(job))
        return Started(job.before, job.question, answer)

    def _prepare(self, request: Request, answer: RunningAnswer) -> _Job:
        try:
            seen = self._store.page(request.user_id, request.conversation_id, **WHOLE)
            seen = seen or Conversation(request.conversation_id)
            if request.seen_version not in (None, seen.version):
                raise ConflictError
            keep = len(seen.turns) if request.keep is None else request.keep
            question = request.question.strip() or _question_at(seen, keep)
            replaces = seen.turns[keep].number if 0 <= keep < len(seen.turns) else None
            before = seen if replaces is None else before_turn(seen, replaces)
            reservation = self._budget.reserve(
                request.user_id, _most_tokens(before, question, request.choice)
            )
            try:
                number = self._store.ask(
                    request.user_id,
                    seen,
                    question,
                    replaces=replaces,
                    holder=answer.holder,
                    lease_until=_lease(),
                    **vars(request.choice),
                )
            except BaseException:
                self._settle(reservation, 0)
                raise
        except ConflictError:
            raise RefusedError("changed") from None
        except BudgetSpentError:
            raise RefusedError("budget") from None
        except FullError as full:
            raise RefusedError(f"full_{full.which}") from None
        except TableUnreachable as error:
            errors.record_storage(error)
            raise RefusedError("storage") from None
        return _Job(request.user_id, number, before, question, request.choice, reservation, answer)

    def _work(self, job: _Job) -> None:
        """The whole life of an answer's thread."""
        answer = self._write(job)
        self._settle(job.reservation, answer.input_tokens + answer.output_tokens)
        self._save(job, answer)
        self._measure(job, answer)
        self._running.release(job.running)
        if answer.status != FAILED and not self._running.draining:
            self._sum_up(job)

    def _write(self, job: _Job) -> Answer:
        """Let the model answer; with less of the history as long as it finds the request too long."""
        answer = Answer((), FAILED)
        for share in CONTEXT_SHARES:
            budget = context_tokens(job.choice.model_id) // share
            parts = context.messages(job.before, job.question, budget)
            answer = self._stream(job, context.system_prompt(job.before), parts)
            if answer.reason != errors.TOO_LONG or answer.text or len(parts) == 1:
                break
        return answer

    def _stream(self, job: _Job, system: str, parts: list[tuple[str, str]]) -> Answer:
        stream = self._models.stream(job.choice, system, parts)
        job.running.on_stop(stream.abort)
        status, reason, used = COMPLETE, "", (0, 0)
        saved_at = time.monotonic()
        try:
            with contextlib.closing(stream.pieces()) as pieces:
                for piece in pieces:
                    if piece.text:
                        job.running.write(piece.text)
                    used = (used[0] + piece.input_tokens, used[1] + piece.output_tokens)
                    reason = EARLY_ENDS.get(piece.stop_reason, reason)
                    if job.running.stop_requested.is_set():
                        status = STOPPED
                        break
                    if job.running.size > TEXT_BYTES:
                        reason = LENGTH
                        break
                    if time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                        self._save(job, Answer(plain(job.running.text), WRITING))
                        saved_at = time.monotonic()
        except Exception as error:  # noqa: BLE001 (whatever it is, what has arrived is kept and the reader told)
            status, reason = FAILED, errors.reason_of(error)
            if job.running.stop_requested.is_set():
                status, reason = STOPPED, ""
            else:
                errors.record(error, job.choice.model_id)
        text = job.running.text
        if text or status == STOPPED or reason in errors.WORKED_ON:
            used = _charged(used, system, parts, text)
        choice = job.choice
        return Answer(
            plain(text),
            status,
            reason,
            *used,
            model_id=choice.model_id,
            temperature=choice.temperature,
            max_tokens=choice.max_tokens,
        )

    def _save(self, job: _Job, answer: Answer) -> None:
        try:
            whose = (job.user_id, job.before.id, job.number, job.running.holder)
            if answer.status == WRITING:
                if self._store.write(*whose, answer.text, _lease()):
                    job.running.stop()
            else:
                self._store.answer(*whose, answer)
        except ConflictError:
            # Deleted, or the question was taken back meanwhile: nobody waits for this answer.
            job.running.stop_requested.set()
        except TableUnreachable as error:
            errors.record_storage(error)
            if answer.status != WRITING:
                job.running.problem = "not_saved"

    def _measure(self, job: _Job, answer: Answer) -> None:
        began, first = job.running.began, job.running.first_written
        first_token = None if first is None else first - began
        self._metrics.answer(job.choice.model_id, answer, time.monotonic() - began, first_token)

    def _settle(self, reservation: Reservation, spent: int) -> None:
        try:
            self._budget.settle(reservation, spent)
        except TableUnreachable as error:
            # The reservation stays counted until the day ends: the user loses a little, never the owner.
            errors.record_storage(error)

    def _sum_up(self, job: _Job) -> None:
        """Have the model sum up what does not fit into its context any more; failing leaves it out only."""
        budget = context_tokens(job.choice.model_id)
        choice = replace(job.choice, temperature=SUMMARY_TEMPERATURE, max_tokens=context.SUMMARY_TOKENS)
        try:
            conversation = self._store.page(job.user_id, job.before.id, **WHOLE)
            turns = context.to_sum_up(conversation, budget) if conversation else []
            if not conversation or not turns:
                return
            parts = [("human", context.summary_request(conversation, turns, budget))]
            most = context.request_tokens(context.SYSTEM_PROMPT, parts) + context.SUMMARY_TOKENS
            reservation = self._budget.reserve(job.user_id, most)
        except (BudgetSpentError, TableUnreachable):
            return
        text, used = self._write_summary(choice, parts)
        self._settle(reservation, sum(used))
        self._metrics.summary(choice.model_id, *used)
        try:
            if text:
                self._store.summarize(job.user_id, conversation.id, job.number, text, turns[-1].number)
        except ConflictError:
            pass  # The conversation went on; the next answer tries again.
        except TableUnreachable as error:
            errors.record_storage(error)

    def _write_summary(self, choice: Choice, parts: list[tuple[str, str]]) -> tuple[str, tuple[int, int]]:
        """The summary, empty when the call failed, and the tokens of the call in any case."""
        text, used = "", (0, 0)
        try:
            for piece in self._models.stream(choice, context.SYSTEM_PROMPT, parts).pieces():
                text += piece.text
                used = (used[0] + piece.input_tokens, used[1] + piece.output_tokens)
        except Exception as error:  # noqa: BLE001 (the conversation goes on without a summary)
            errors.record(error, choice.model_id)
            if text or errors.reason_of(error) in errors.WORKED_ON:
                used = _charged(used, context.SYSTEM_PROMPT, parts, text)
            return "", used
        return text.strip(), used


def _charged(used: tuple[int, int], system: str, parts: list[tuple[str, str]], text: str) -> tuple[int, int]:
    """Tokens in and out of a call. Its counts come last: one that ended before them pays by the guess."""
    if used == (0, 0):
        return context.request_tokens(system, parts), context.estimate_tokens(text)
    return used


def _lease() -> int:
    return int(time.time()) + LEASE_SECONDS


def _question_at(conversation: Conversation, index: int) -> str:
    if not 0 <= index < len(conversation.turns):
        raise RefusedError("empty")
    return conversation.turns[index].question_text


def _most_tokens(before: Conversation, question: str, choice: Choice) -> int:
    parts = context.messages(before, question, context_tokens(choice.model_id))
    return context.request_tokens(context.system_prompt(before), parts) + choice.max_tokens
