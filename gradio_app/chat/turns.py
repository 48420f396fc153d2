"""The turns of a task: admitted, started, stopped, and what may be changed between two of them.

Nothing here knows the page. `preparing.py` leads to a stored question, `answering.py` from there to the
answer.
"""

import secrets
import time
from dataclasses import dataclass

from gradio_app.chat import context
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.answering import Answering
from gradio_app.chat.asking import QUESTION_CHARACTERS, RefusedError, TurnRequest
from gradio_app.chat.attaching import Attaching
from gradio_app.chat.caching import Caching
from gradio_app.chat.conversation import Conversation
from gradio_app.chat.instructing import Instructing
from gradio_app.chat.keeper import Keeper
from gradio_app.chat.lookup import Documents
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Models, whole_tokens
from gradio_app.chat.preparing import Preparing
from gradio_app.chat.rewording import Rewording
from gradio_app.chat.running import (
    BusyError,
    ClosedError,
    CrowdedError,
    Running,
    StoppedError,
    TooManyAnswersError,
)
from gradio_app.chat.searching import Searching
from gradio_app.chat.streaming import RunningAnswer
from gradio_app.chat.summaries import Summaries
from gradio_app.chat.titles import Titles
from gradio_app.chat.writing import Writer
from gradio_app.store.conversations import Conversations
from gradio_app.store.drafts import Drafts
from gradio_app.store.files import AttachedFiles
from gradio_app.store.messages import TEXT_BYTES
from gradio_app.store.preferences import Preferences
from gradio_app.store.table import ConflictError
from gradio_app.store.usage import Usage

__all__ = ["QUESTION_CHARACTERS", "RefusedError", "Started", "TurnRequest", "Turns"]

ANSWERS_AT_ONCE = 3
"""Answers that one user may have running at the same time in one task, in several tabs."""


@dataclass(frozen=True)
class Started:
    """A turn under way: what the model knows of the time before it, the question, the answer to follow."""

    before: Conversation
    question: str
    number: int
    answer: RunningAnswer


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
        instructing: Instructing | None = None,
        drafts: Drafts | None = None,
        rewords: bool = False,
        names: bool = False,
    ) -> None:
        """`rewords` says whether the model may word questions anew before documents are searched, and `names`
        whether it gives conversations their titles."""
        self._models = models
        self._store = store
        self._running = running
        holder = secrets.token_hex(8)
        self._accounts = Accounts(usage, models)
        self._keeper = Keeper(running, store, self._accounts, holder)
        rewording = Rewording(self._accounts, models, running, metrics) if rewords else None
        searching = Searching(documents, running, rewording)
        self._preparing = Preparing(
            store,
            models,
            running,
            self._accounts,
            attaching=Attaching(files, models),
            instructing=instructing or Instructing(),
            searching=searching,
            drafts=drafts,
            holder=holder,
            wake=self._keeper.wake,
        )
        self._answering = Answering(
            store,
            preferences,
            models,
            running,
            self._accounts,
            metrics,
            writer=Writer(models, running, TEXT_BYTES),
            searching=searching,
            summaries=Summaries(store, self._accounts, models, metrics),
            titles=Titles(store, self._accounts, models, metrics) if names else None,
            holder=holder,
        )

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
        except CrowdedError:
            raise RefusedError("crowded") from None
        except ClosedError:
            raise RefusedError("closed") from None
        except StoppedError:
            raise RefusedError("stopped") from None

    def start(self, running: RunningAnswer) -> Started:
        """Set tokens aside and store the question, in one step, and let the model answer as soon as it can.

        Raises RefusedError, and then nothing was stored.
        """
        running.is_begun = True
        try:
            job = self._preparing.prepare(running)
        except BaseException:
            self._running.release(running)
            raise
        self._accounts.hold(job.reservation)
        self._running.start(running, lambda: self._answering.work(job))
        self._keeper.wake()
        return Started(job.before, job.question.text, job.number, running)

    def stop(self, user_id: str, conversation_id: str, ask_id: str = "") -> None:
        """Stop the answer in a conversation, here or on another task; raises TableUnreachable.

        With `ask_id`, only the one that was asked for under it, even if it is still on its way to us.
        """
        if self._running.stop(user_id, conversation_id, ask_id) or ask_id:
            return
        latest = self._store.page(user_id, conversation_id, turns=1)
        if latest and latest.is_being_written(time.time()):
            self._store.request_stop(user_id, conversation_id, latest.turns[-1].number)

    def window(self, model_id: str) -> int:
        """How many tokens the model takes, question and answer included; 0 where nobody says."""
        return self._models.window(model_id)

    def efforts(self, model_id: str) -> tuple[str, ...]:
        """How much the model may be told to reason, the least first; nothing where it cannot be told."""
        return self._models.efforts(model_id)

    def caching(self, model_id: str) -> Caching:
        """How the model's prompt cache works, if it has one."""
        return self._models.caching(model_id)

    def choose(self, user_id: str, conversation_id: str, version: int, shown: int, wanted: int) -> None:
        """Show another version of a message; raises RefusedError.

        `version` is the conversation's that the page shows, and `shown` the turn that it shows.
        """
        seen = self._store.page(user_id, conversation_id)
        try:
            if seen is None or seen.version != version:
                raise ConflictError
            if self._running.find(user_id, conversation_id) or seen.is_being_written(time.time()):
                raise RefusedError("busy")
            self._store.choose(user_id, seen, shown, wanted)
        except ConflictError:
            raise RefusedError("out_of_date") from None

    def take_back_summary(self, user_id: str, conversation_id: str, version: int, summarized_to: int) -> None:
        """Have the turns that a summary tells of go word for word again; raises RefusedError.

        `version` is the conversation's that the page shows, and the summary the one up to that turn.
        """
        head = self._store.head(user_id, conversation_id)
        if head is None or head.version != version or not 0 < summarized_to == head.summarized_to:
            raise RefusedError("out_of_date")
        if self._running.find(user_id, conversation_id):
            raise RefusedError("busy")
        room = whole_tokens(head.model_id)
        most_bytes = context.most_bytes(room, context.WHOLE_TURNS)
        whole = self._store.context(user_id, conversation_id, most_bytes, whole=True)
        if whole is None or not context.fits(whole, room):
            raise RefusedError("summary_stays")
        if whole.is_being_written(time.time()):  # by another task
            raise RefusedError("busy")
        try:
            self._store.take_back_summary(user_id, head)
        except ConflictError:
            raise RefusedError("out_of_date") from None
