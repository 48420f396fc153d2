"""One turn from question to stored answer, without any knowledge of the page that shows it."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gradio_app.chat import budget, context, errors, grounding
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.asking import QUESTION_CHARACTERS, RefusedError, TurnRequest, question_of
from gradio_app.chat.attaching import Attached, Attaching
from gradio_app.chat.citations import checked
from gradio_app.chat.conversation import (
    COMPLETE,
    FAILED,
    STOPPED,
    Answer,
    Conversation,
    Turn,
    before_turn,
    plain,
)
from gradio_app.chat.inputs import Question, Reading
from gradio_app.chat.keeper import Keeper, lease_end
from gradio_app.chat.lookup import Documents, NotFoundOutError, Searched
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models, context_tokens
from gradio_app.chat.rewording import Rewording
from gradio_app.chat.running import BusyError, Running, StoppedError, TooManyAnswersError
from gradio_app.chat.searching import Looked, Searching
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.chat.summaries import Summaries
from gradio_app.chat.writing import Writer, Written, told_counts
from gradio_app.store.answers import NOTHING, ActionRefusedError
from gradio_app.store.branches import MOST_VERSIONS, TooManyVersionsError
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.files import AttachedFiles
from gradio_app.store.messages import TEXT_BYTES
from gradio_app.store.preferences import Preferences, Preferred
from gradio_app.store.table import Action, ConflictError, TableUnreachable
from gradio_app.store.usage import Reservation, Usage

__all__ = ["QUESTION_CHARACTERS", "RefusedError", "Started", "TurnRequest", "Turns"]

ANSWERS_AT_ONCE = 3
"""Answers that one user may have running at the same time in one task, in several tabs."""
EARLIER_TURNS = 40
"""Most turns that are read of a conversation whose end is to be replaced from further back."""


@dataclass(frozen=True)
class Started:
    """A turn under way: what the model knows of the time before it, the question, the answer to follow."""

    before: Conversation
    question: str
    number: int
    answer: RunningAnswer


@dataclass(frozen=True)
class _Job:
    running: RunningAnswer
    before: Conversation
    question: Question
    number: int
    choice: Choice
    reservation: Reservation
    reading: Reading | None
    searched: Searched | None
    by_blocks: bool = False
    """Whether the model takes passages as blocks."""
    so_far: Answer = NOTHING
    """What the answer goes on with."""


class Turns:
    """Starts turns; their answers are written and saved by threads that outlive the request."""

    def __init__(
        self,
        store: Conversations,
        usage: Usage,
        preferences: Preferences,
        models: Models,
        running: Running,
        metrics: Metrics,
        files: AttachedFiles | None = None,
        documents: Documents | None = None,
        *,
        rewords: bool = False,
    ) -> None:
        """`rewords` says whether the model may word questions anew before documents are searched."""
        self._attaching = Attaching(files, models)
        self._models = models
        self._store = store
        self._preferences = preferences
        self._running = running
        self._metrics = metrics
        self._holder = secrets.token_hex(8)
        self._accounts = Accounts(usage, models)
        self._writer = Writer(models, running, TEXT_BYTES)
        self._keeper = Keeper(running, store, self._accounts, self._holder)
        rewording = Rewording(self._accounts, models, running, metrics) if rewords else None
        self._searching = Searching(documents, running, rewording)
        self._summaries = Summaries(store, self._accounts, models, metrics)

    def admit(self, asked: TurnRequest) -> RunningAnswer:
        """Give a turn its place, so that it can be stopped from now on; `start` follows. Never blocks.

        Raises RefusedError.
        """
        try:
            return self._running.admit(asked, ANSWERS_AT_ONCE)
        except BusyError:
            raise RefusedError("busy") from None
        except TooManyAnswersError:
            raise RefusedError("too_many") from None
        except StoppedError:
            raise RefusedError("stopped") from None

    def start(self, running: RunningAnswer) -> Started:
        """Set tokens aside and store the question, in one step, and let the model answer.

        Raises RefusedError, and then nothing was stored.
        """
        running.is_begun = True
        try:
            job = self._prepare(running)
        except BaseException:
            self._running.release(running)
            raise
        self._running.start(running, lambda: self._work(job))
        self._keeper.wake()
        return Started(job.before, job.question.text, job.number, running)

    def stop(self, user_id: str, conversation_id: str, ask_id: str = "") -> None:
        """Stop the answer in a conversation, here or on another task; raises TableUnreachable.

        With `ask_id`, only the one that was asked for under it, even if it is still on its way to us.
        """
        if self._running.stop(user_id, conversation_id, ask_id) or ask_id:
            return
        latest = self._store.page(user_id, conversation_id, turns=1)
        if latest and _is_being_written(latest):
            self._store.request_stop(user_id, conversation_id, latest.turns[-1].number)

    def choose(self, user_id: str, conversation_id: str, version: int, shown: int, wanted: int) -> None:
        """Show another version of a message; raises RefusedError.

        `version` is the conversation's that the page shows, and `shown` the turn that it shows.
        """
        seen = self._store.page(user_id, conversation_id)
        try:
            if seen is None or seen.version != version:
                raise ConflictError
            if self._running.find(user_id, conversation_id) or _is_being_written(seen):
                raise RefusedError("busy")
            self._store.choose(user_id, seen, shown, wanted)
        except ConflictError:
            raise RefusedError("out_of_date") from None

    def _prepare(self, running: RunningAnswer) -> _Job:
        asked = running.asked
        try:
            if asked.continues is not None:
                return self._resume(running, asked.continues)
            typed = question_of(asked.question)
            seen, before, replaced = self._seen(asked)
            text = typed or (replaced.question_text if replaced else "")
            reading = self._attaching.reading(asked)
            kept, uploads = self._attaching.find(asked, replaced.files if replaced else (), reading)
            if not text and not kept and not uploads:
                raise RefusedError("empty")
            searched = self._searching.where(asked)
            attached = self._attaching.take(asked, kept, uploads)
            try:
                question = Question(text, attached.files)
                job = self._ask(running, seen, before, question, reading, attached, searched)
            except BaseException:
                self._attaching.give_up(asked, attached)
                raise
            self._attaching.stored(asked, attached)
            return job
        except ConflictError:
            raise RefusedError("changed") from None
        except FullError as full:
            raise RefusedError(f"full_{full.which}") from None
        except TooManyVersionsError:
            raise RefusedError("versions", most=MOST_VERSIONS) from None
        except TableUnreachable as error:
            errors.record_storage(error)
            raise RefusedError("storage") from None

    def _resume(self, running: RunningAnswer, number: int) -> _Job:
        """Set tokens aside for the rest of an answer and begin to write on at it, in one transaction."""
        asked, choice = running.asked, running.asked.choice
        seen, _, _ = self._seen(asked)
        last = seen.turns[-1] if seen.turns else None
        if last is None or last.number != number or not last.answer or not last.answer.can_go_on(time.time()):
            raise ConflictError
        before, question = before_turn(seen, number), Question(last.question_text, last.files)
        reading = self._attaching.reading(asked)
        running.go_on(last.answer.text)
        takes_beginning = self._models.takes_beginning(choice.model_id)
        end = context.to_go_on(
            running.before, context_tokens(choice.model_id), takes_beginning=takes_beginning
        )
        system = context.system_prompt(before)
        parts = [*context.messages(before, question, context_tokens(choice.model_id), reading), *end]
        self._accounts.clear(asked.user_id)
        for reservation in self._accounts.offers(asked.user_id, choice, system, parts, 0, running.on_stop, 0):
            if running.stop_requested.is_set():
                break
            try:
                actions = self._accounts.writes(reservation)
                running.version = self._write_on(asked, seen, number, reservation, actions)
            except ActionRefusedError:
                continue
            running.number = number
            return _Job(
                running, before, question, number, choice, reservation, reading, None, so_far=last.answer
            )
        raise RefusedError("stopped" if running.stop_requested.is_set() else "budget")

    def _write_on(
        self,
        asked: TurnRequest,
        seen: Conversation,
        number: int,
        reservation: Reservation,
        actions: Sequence[Action],
    ) -> int:
        try:
            return self._store.resume(
                asked.user_id,
                seen,
                number,
                holder=self._holder,
                lease_until=lease_end(),
                actions=actions,
            )
        except TableUnreachable:
            self._drop(reservation)
            raise

    def _drop(self, reservation: Reservation) -> None:
        """Nobody knows whether a transaction happened; if it did, it costs what it costs at least."""
        self._accounts.drop(reservation)
        self._keeper.wake()

    def _seen(self, asked: TurnRequest) -> tuple[Conversation, Conversation, Turn | None]:
        """The conversation as it is, what of it stands before the question, and the turn that it replaces."""
        most_bytes = context.most_bytes(context_tokens(asked.choice.model_id))
        seen = self._store.context(asked.user_id, asked.conversation_id, most_bytes)
        seen = seen or Conversation(asked.conversation_id)
        if asked.seen_version not in (None, seen.version):
            raise ConflictError
        if _is_being_written(seen):
            raise RefusedError("busy")
        before, replaced = seen, None
        if asked.replaces is not None:
            before, replaced = self._before(asked, seen, asked.replaces, most_bytes)
        return seen, before, replaced

    def _before(
        self, asked: TurnRequest, seen: Conversation, number: int, most_bytes: int
    ) -> tuple[Conversation, Turn]:
        """The conversation before the turn of that number, and that turn."""
        if replaced := next((turn for turn in seen.turns if turn.number == number), None):
            return before_turn(seen, number), replaced
        where = (asked.user_id, asked.conversation_id)
        replaced = self._store.turn(*where, number)
        window = self._store.page(*where, number, EARLIER_TURNS, most_bytes)
        if window is None or replaced is None or window.version != seen.version:
            raise ConflictError
        return before_turn(window, number), replaced

    def _ask(
        self,
        running: RunningAnswer,
        seen: Conversation,
        before: Conversation,
        question: Question,
        reading: Reading | None,
        attached: Attached,
        searched: Searched | None,
    ) -> _Job:
        """Store the question and set the tokens aside, in one transaction."""
        asked, choice = running.asked, running.asked.choice
        system = context.system_prompt(before)
        parts = context.messages(before, question, context_tokens(choice.model_id), reading)
        self._accounts.clear(asked.user_id)
        least, besides = budget.least(question.text), 0
        by_blocks = False
        if searched:
            by_blocks = self._models.takes_passages(choice.model_id)
            besides = self._searching.most_tokens(question.text) + grounding.most_tokens(choice.model_id)
        for reservation in self._accounts.offers(
            asked.user_id, choice, system, parts, least, running.on_stop, besides
        ):
            if running.stop_requested.is_set():
                break
            try:
                number = self._store_question(asked, seen, question, reservation, attached)
            except ActionRefusedError:
                continue
            running.number = number
            return _Job(running, before, question, number, choice, reservation, reading, searched, by_blocks)
        raise RefusedError("stopped" if running.stop_requested.is_set() else "budget")

    def _store_question(
        self,
        asked: TurnRequest,
        seen: Conversation,
        question: Question,
        reservation: Reservation,
        attached: Attached,
    ) -> int:
        try:
            return self._store.ask(
                asked.user_id,
                seen,
                question.text,
                files=question.files,
                replaces=asked.replaces,
                actions=[*self._accounts.writes(reservation), *attached.taken.actions],
                holder=self._holder,
                lease_until=lease_end(),
                **({} if asked.is_try else vars(asked.choice)),
                asks=asked.asks if asked.asks != seen.asks else None,
            )
        except TableUnreachable:
            self._drop(reservation)
            raise

    def _work(self, job: _Job) -> None:
        """The whole life of an answer's thread."""
        written = self._write(job)
        if written.counts or not written.is_seen:
            self._accounts.settle(job.reservation, written, job.choice)
        answer = _answer(written, job.choice, job.so_far)
        is_saved = self._save(job, answer)
        self._measure(job, answer)
        # Whoever stopped it does not wait until Bedrock has counted what it did.
        self._running.release(job.running)
        if written.is_seen and not written.counts:
            self._accounts.settle(job.reservation, written, job.choice)
        if is_saved and not self._running.draining:
            if not job.running.asked.is_try:
                self._remember_choice(job)
            if answer.status == COMPLETE and job.so_far is NOTHING:
                turn = Turn(job.number, plain(job.question.text), answer, files=job.question.files)
                self._summaries.take_up(job.running.user_id, job.before, turn, job.choice)

    def _write(self, job: _Job) -> Written:
        if job.running.stop_requested.is_set():
            return Written("", STOPPED)
        if not self._accounts.begin(job.reservation):
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

    def _save(self, job: _Job, answer: Answer) -> bool:
        running = job.running
        with running.saving:
            running.is_ended = True
            try:
                self._store.answer(
                    running.user_id,
                    job.before.id,
                    job.number,
                    self._holder,
                    answer,
                    running.version,
                    job.so_far,
                )
            except ConflictError:
                return False  # deleted, or the question was taken back: nobody waits for this answer
            except TableUnreachable as error:
                errors.record_storage(error)
                running.problem = "not_saved"
                return False
        return True

    def _remember_choice(self, job: _Job) -> None:
        """Make it the default of the next conversation; mostly it is this one's already."""
        before, chosen = job.before, _settings(job.choice)
        if (before.model_id, before.temperature, before.max_tokens) == chosen:
            return
        try:
            self._preferences.keep(job.running.user_id, Preferred(*chosen))
        except TableUnreachable as error:
            errors.record_storage(error)

    def _measure(self, job: _Job, answer: Answer) -> None:
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
        input_tokens=so_far.input_tokens + counts.input_tokens,
        output_tokens=so_far.output_tokens + counts.output_tokens,
        cache_read_tokens=so_far.cache_read_tokens + counts.cache_read_tokens,
        cache_write_tokens=so_far.cache_write_tokens + counts.cache_write_tokens,
        counted_from=written.oldest if written.counts else 0,
        backing=backing,
    )


def _settings(choice: Choice) -> tuple[str, float, int]:
    return choice.model_id, choice.temperature, choice.max_tokens


def _is_being_written(conversation: Conversation) -> bool:
    """Whether some task writes the last answer just now."""
    answer = conversation.turns[-1].answer if conversation.turns else None
    return answer is not None and answer.is_being_written(time.time())
