"""From a stored question to its stored answer: the whole life of an answer's thread."""

import time
from collections.abc import Sequence
from dataclasses import replace

from gradio_app.chat import context, errors, filling, grounding, service_tiers
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.citations import checked
from gradio_app.chat.conversation import COMPLETE, FAILED, STOPPED, Answer, Turn, is_temporary, plain
from gradio_app.chat.job import Job
from gradio_app.chat.lookup import NotFoundOutError
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models, context_tokens, whole_tokens
from gradio_app.chat.running import Running
from gradio_app.chat.searching import Looked, Searching
from gradio_app.chat.summaries import Summaries
from gradio_app.chat.titles import Titles
from gradio_app.chat.writing import Writer, Written, told_counts
from gradio_app.store.answers import NOTHING, ActionRefusedError
from gradio_app.store.conversations import Conversations
from gradio_app.store.preferences import Preferences, Preferred
from gradio_app.store.table import Action, ConflictError, TableUnreachable


class Answering:
    """Answers the turns of a task, which is `holder` in the table; `titles` is None where it gives none."""

    def __init__(
        self,
        store: Conversations,
        preferences: Preferences,
        models: Models,
        running: Running,
        accounts: Accounts,
        metrics: Metrics,
        *,
        writer: Writer,
        searching: Searching,
        summaries: Summaries,
        titles: Titles | None,
        holder: str,
    ) -> None:
        self._store = store
        self._preferences = preferences
        self._models = models
        self._running = running
        self._accounts = accounts
        self._metrics = metrics
        self._writer = writer
        self._searching = searching
        self._summaries = summaries
        self._titles = titles
        self._holder = holder

    def work(self, job: Job) -> None:
        """The whole life of an answer's thread: written, stored, measured and paid for."""
        written = self._write(job)
        is_counted = written.counts is not None or not written.is_seen
        spent = self._accounts.charge(job.reservation, written, job.choice) if is_counted else None
        answer = _with_filling(_answer(written, job.choice, job.so_far), written, job)
        answer = replace(answer, thought_ms=job.so_far.thought_ms + job.running.thought_ms)
        is_saved = self._save(job, answer, spent)
        self._measure(job, answer)
        # Whoever stopped it does not wait until Bedrock has counted what it did.
        self._running.release(job.running)
        if not is_counted:
            self._accounts.settle(job.reservation, written, job.choice)
        if is_saved and not self._running.draining:
            self._follow_up(job, answer)

    def _follow_up(self, job: Job, answer: Answer) -> None:
        """What an answer that is stored leads to, for which nobody waits."""
        is_kept = not is_temporary(job.before.id)
        if is_kept and not job.running.asked.is_try:
            self._remember_choice(job)
        if answer.status != COMPLETE or job.so_far is not NOTHING:
            return
        turn = Turn(job.number, plain(job.question.text), answer, files=job.question.files)
        self._summaries.take_up(job.running.user_id, job.before, turn, job.choice)
        is_first = not job.before.has_earlier and not context.answered(job.before.turns)
        if self._titles and is_kept and is_first and not job.before.is_named:
            self._titles.take_up(job.running.user_id, job.before.id, turn, job.choice)

    def _write(self, job: Job) -> Written:
        if job.running.stop_requested.is_set():
            return Written("", STOPPED)
        is_begun = job.is_begun and not job.running.has_waited
        if not is_begun and not self._accounts.begin(job.reservation):
            return Written("", FAILED, errors.INTERRUPTED)
        given, looked = None, Looked((), 0)
        if job.searched:
            try:
                looked = self._searching.look(
                    job.running, job.before, job.question.text, job.choice, job.searched
                )
            except NotFoundOutError as failed:
                return Written("", FAILED, failed.reason, besides=failed.tokens)
            if looked.sources is None:
                return Written("", STOPPED, besides=looked.tokens)
            given = grounding.grounding(job.choice.model_id, looked.sources, by_blocks=job.by_blocks)
        written = self._writer.write(job.running, job.before, job.question, job.choice, job.reading, given)
        return replace(written, besides=looked.tokens, searched_for=looked.searched_for)

    def _save(self, job: Job, answer: Answer, spent: int | None) -> bool:
        """Store the answer and, where it is known, what it took, in one step; whether it is stored."""
        reservation = job.reservation
        if spent is None:
            return self._store_answer(job, answer, ())
        actions = self._accounts.paying(reservation, spent)
        try:
            if is_saved := self._store_answer(job, answer, actions):
                self._accounts.paid(reservation)
        except ActionRefusedError:  # it is settled already: the table took this task for dead
            is_saved = self._store_answer(job, answer, ())
            self._accounts.paid(reservation)
        if not is_saved:
            self._accounts.pay(reservation, spent)
        return is_saved

    def _store_answer(self, job: Job, answer: Answer, actions: Sequence[Action]) -> bool:
        running = job.running
        where = (running.user_id, job.before.id, job.number, self._holder)
        with running.saving:
            running.is_ended = True
            try:
                self._store.answer(
                    *where,
                    answer,
                    running.version,
                    job.so_far,
                    actions,
                    cache_saved=self._cache_saved(job, answer),
                )
            except ConflictError:
                return False  # deleted, or the question was taken back: nobody waits for this answer
            except TableUnreachable as error:
                errors.record_storage(error)
                running.problem = "not_saved"
                return False
        return True

    def _cache_saved(self, job: Job, answer: Answer) -> int:
        """How many tokens less than without the prompt cache this call counts."""
        read = answer.cache_read_tokens - job.so_far.cache_read_tokens
        written = answer.cache_write_tokens - job.so_far.cache_write_tokens
        return self._models.caching(job.choice.model_id).saved(read, written)

    def _remember_choice(self, job: Job) -> None:
        """Make it the default of the next conversation; mostly it is this one's already."""
        chosen = Preferred(**vars(job.choice))
        if all(getattr(job.before, name) == value for name, value in vars(chosen).items()):
            return
        try:
            self._preferences.keep(job.running.user_id, chosen)
        except TableUnreachable as error:
            errors.record_storage(error)

    def _measure(self, job: Job, answer: Answer) -> None:
        began, first = job.running.began, job.running.first_written
        first_token = None if first is None else first - began
        answer = replace(
            answer,
            input_tokens=answer.input_tokens - job.so_far.input_tokens,
            output_tokens=answer.output_tokens - job.so_far.output_tokens,
        )
        self._metrics.answer(job.choice.model_id, answer, time.monotonic() - began, first_token)


def _answer(written: Written, choice: Choice, so_far: Answer) -> Answer:
    """What is stored: with Bedrock's counts, or with guesses where a call ended before them.

    What an answer went on with is its beginning, and its counts are part of the answer's.
    """
    counts = told_counts(written)
    text, backing = so_far.text.rstrip() + written.text, None
    if written.grounded:
        text, backing = checked(written.text, written.grounded.given, written.grounded.cited)
        backing = replace(backing, searched_for=written.searched_for)
    return Answer(
        parts=plain(text),
        status=written.status,
        reason=written.reason,
        model_id=choice.model_id,
        temperature=choice.temperature,
        max_tokens=choice.max_tokens,
        effort=choice.effort,
        # Only as Bedrock says: it may serve by the standard tier what asked for another.
        service_tier=counts.service_tier if counts.service_tier in service_tiers.TIERS else "",
        input_tokens=so_far.input_tokens + counts.input_tokens,
        output_tokens=so_far.output_tokens + counts.output_tokens,
        cache_read_tokens=so_far.cache_read_tokens + counts.cache_read_tokens,
        cache_write_tokens=so_far.cache_write_tokens + counts.cache_write_tokens,
        counted_from=written.oldest if written.counts else 0,
        backing=backing,
        thought="\n\n".join(filter(None, [so_far.thought, written.thought])),
    )


def _with_filling(answer: Answer, written: Written, job: Job) -> Answer:
    """The answer with what its request consisted of, and how full the room is behind it."""
    if not written.sent:
        return answer
    turn = Turn(job.number, plain(job.question.text), answer, files=job.question.files)
    model_id = job.choice.model_id
    room = context.room(job.before, context_tokens(model_id), whole_tokens(model_id))
    told = filling.after(written.sent, job.before, turn, room)
    return replace(answer, made_of=filling.to_json(told))
