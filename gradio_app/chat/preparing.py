"""From what was asked to a stored question with tokens set aside, or to a refusal that leaves nothing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from gradio_app.chat import budget, context, errors, grounding
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.asking import RefusedError, TurnRequest, question_of
from gradio_app.chat.attaching import Attached, Attaching
from gradio_app.chat.conversation import (
    WRITING,
    Answer,
    Conversation,
    Turn,
    before_turn,
    is_temporary,
    plain,
)
from gradio_app.chat.inputs import Question, Reading
from gradio_app.chat.instructing import Instructing
from gradio_app.chat.job import Job
from gradio_app.chat.keeper import lease_end
from gradio_app.chat.lookup import Searched
from gradio_app.chat.model import Choice, Models, context_tokens, whole_tokens
from gradio_app.chat.running import Running
from gradio_app.chat.searching import Searching
from gradio_app.chat.sources import Backing
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.store.answers import ActionRefusedError
from gradio_app.store.branches import MOST_VERSIONS, TooManyVersionsError
from gradio_app.store.conversations import Conversations, FullError
from gradio_app.store.drafts import Drafts
from gradio_app.store.reading import page_with
from gradio_app.store.table import Action, ConflictError, TableUnreachable
from gradio_app.store.temporary import TemporaryFullError
from gradio_app.store.usage import Reservation

EARLIER_TURNS = 40
"""Most turns that are read of a conversation whose end is to be replaced from further back."""


class Preparing:
    """Prepares the turns of a task, which is `holder` in the table.

    `wake` is called when there is something to look after that no answer runs for.
    """

    def __init__(
        self,
        store: Conversations,
        models: Models,
        running: Running,
        accounts: Accounts,
        *,
        attaching: Attaching,
        instructing: Instructing,
        searching: Searching,
        drafts: Drafts | None,
        holder: str,
        wake: Callable[[], None],
    ) -> None:
        self._store = store
        self._models = models
        self._running = running
        self._accounts = accounts
        self._attaching = attaching
        self._instructing = instructing
        self._searching = searching
        self._drafts = drafts
        self._holder = holder
        self._wake = wake

    def prepare(self, running: RunningAnswer) -> Job:
        """Set tokens aside and store the question, in one step; raises RefusedError, with nothing stored."""
        asked = running.asked
        try:
            if asked.continues is not None:
                return self._resume(running, asked.continues)
            if asked.uploads and is_temporary(asked.conversation_id):
                raise RefusedError("temporary_files")
            typed = question_of(asked.question)
            seen, before, replaced = self._seen(asked)
            text = typed or (replaced.question_text if replaced else "")
            reading = self._attaching.reading(asked)
            kept, uploads = self._attaching.find(asked, replaced.files if replaced else (), reading)
            if not text and not kept and not uploads:
                raise RefusedError("empty")
            searched = self._searching.where(asked)
            least = budget.least(text)
            if uploads and not self._accounts.has_room(asked.user_id, asked.choice, least):
                raise RefusedError("budget")  # before a file is copied
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
        except TemporaryFullError as full:
            raise RefusedError(full.reason) from None
        except TableUnreachable as error:
            errors.record_storage(error)
            raise RefusedError("storage") from None

    def _resume(self, running: RunningAnswer, number: int) -> Job:
        """Set tokens aside for the rest of an answer and begin to write on at it, in one transaction."""
        asked, choice = running.asked, running.asked.choice
        seen, before, _ = self._seen(asked)
        last = seen.turns[-1] if seen.turns else None
        if last is None or last.number != number or not last.answer or not last.answer.can_go_on(time.time()):
            raise ConflictError
        before, question = before_turn(before, number), Question(last.question_text, last.files)
        reading = self._attaching.reading(asked)
        running.go_on(last.answer.text)
        takes_beginning = self._models.takes_beginning(choice.model_id)
        room = self._room(choice, before)
        end = context.to_go_on(running.before, room, takes_beginning=takes_beginning)
        system = context.system_prompt(before)
        parts = [*context.messages(before, question, room, reading), *end]
        at_once = self._running.has_place
        for reservation in self._accounts.offers(asked.user_id, choice, system, parts, 0, running.on_stop, 0):
            if running.stop_requested.is_set():
                break
            try:
                actions = [
                    *self._accounts.writes(reservation, begun=at_once),
                    *self._forgetting_draft(asked),
                ]
                running.version = self._write_on(asked, seen, number, reservation, actions)
            except ActionRefusedError:
                continue
            running.number = number
            job = Job(running, before, question, number, choice, reservation, reading, None)
            return replace(job, so_far=last.answer, is_begun=at_once)
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
        self._wake()

    def _seen(self, asked: TurnRequest) -> tuple[Conversation, Conversation, Turn | None]:
        """The conversation as it is, what of it stands before the question, and the turn that it replaces."""
        model_id = asked.choice.model_id
        most_bytes = context.most_bytes(context_tokens(model_id))
        whole_bytes = context.most_bytes(whole_tokens(model_id), context.WHOLE_TURNS)
        seen, own = self._store.to_ask(asked.user_id, asked.conversation_id, most_bytes, whole_bytes)
        if not seen.version and asked.seen_version and is_temporary(asked.conversation_id):
            raise RefusedError("temporary_gone")
        if asked.seen_version not in (None, seen.version):
            raise ConflictError
        if seen.is_being_written(time.time()):
            raise RefusedError("busy")
        before, replaced = seen, None
        if asked.replaces is not None:
            before, replaced = self._before(asked, seen, asked.replaces, most_bytes)
        assistant = self._instructing.assistant(asked, seen)
        before = self._instructing.of(asked, before, assistant, own)
        return replace(seen, assisted=assistant), before, replaced

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
    ) -> Job:
        """Store the question and set the tokens aside, in one transaction."""
        asked, choice = running.asked, running.asked.choice
        system = context.system_prompt(before)
        parts = context.messages(before, question, self._room(choice, before), reading)
        least, besides = budget.least(question.text), 0
        by_blocks, at_once = False, self._running.has_place
        if searched:
            by_blocks = self._models.takes_passages(choice.model_id)
            besides = self._searching.most_tokens(question.text, before) + grounding.most_tokens(
                choice.model_id
            )
        for reservation in self._accounts.offers(
            asked.user_id, choice, system, parts, least, running.on_stop, besides
        ):
            if running.stop_requested.is_set():
                break
            try:
                actions = [*self._accounts.writes(reservation, begun=at_once), *attached.taken.actions]
                number = self._store_question(asked, seen, question, reservation, actions)
            except ActionRefusedError:
                continue
            if asked.replaces is None:
                running.page = page_with(seen, Turn(number, plain(question.text), files=question.files))
            running.number = number
            job = Job(running, before, question, number, choice, reservation, reading, searched, by_blocks)
            return replace(job, is_begun=at_once)
        raise RefusedError("stopped" if running.stop_requested.is_set() else "budget")

    def _store_question(
        self,
        asked: TurnRequest,
        seen: Conversation,
        question: Question,
        reservation: Reservation,
        actions: Sequence[Action],
    ) -> int:
        try:
            return self._store.ask(
                asked.user_id,
                seen,
                question.text,
                files=question.files,
                replaces=asked.replaces,
                actions=[*actions, *self._forgetting_draft(asked)],
                holder=self._holder,
                lease_until=lease_end(),
                answering=_begun(asked),
                **({} if asked.is_try else _kept(asked.choice, seen)),
                asks=asked.asks if asked.asks != seen.asks else None,
                assistant=seen.assisted,
                # Those of a conversation that is stored were stored when they were written.
                instructions=None if seen.version else asked.instructions,
            )
        except TableUnreachable:
            self._drop(reservation)
            raise

    def _forgetting_draft(self, asked: TurnRequest) -> Sequence[Action]:
        return [self._drafts.forgetting(asked.user_id, asked.conversation_id)] if self._drafts else []

    def _room(self, choice: Choice, conversation: Conversation) -> int:
        return context.room(conversation, context_tokens(choice.model_id), whole_tokens(choice.model_id))


def _kept(choice: Choice, seen: Conversation) -> dict[str, Any]:
    """What the conversation keeps of a choice; most never chose how much to reason, or a service tier."""
    rare = ("effort", "service_tier")
    same = {name: None for name in rare if getattr(choice, name) == getattr(seen, name)}
    return vars(choice) | same


def _begun(asked: TurnRequest) -> Answer:
    """An answer of which nothing is written; one that has to cite is backed by nothing so far."""
    choice = asked.choice
    return Answer(
        (),
        WRITING,
        model_id=choice.model_id,
        temperature=choice.temperature,
        max_tokens=choice.max_tokens,
        effort=choice.effort,
        backing=Backing() if asked.asks else None,
    )
