"""Summing up what does not fit into the model's context any more, a bounded piece at a time."""

from dataclasses import replace

from gradio_app.chat import aside, context, errors
from gradio_app.chat.accounts import Accounts
from gradio_app.chat.asking import whole
from gradio_app.chat.conversation import COMPLETE, FAILED, Conversation, Turn
from gradio_app.chat.metrics import Metrics
from gradio_app.chat.model import Choice, Models, context_tokens, whole_tokens
from gradio_app.chat.writing import Written, told_counts
from gradio_app.store.conversations import Conversations
from gradio_app.store.table import ConflictError, TableUnreachable

TEMPERATURE = 0.2


class Summaries:
    """Has the model sum up; failing leaves the summary out only."""

    def __init__(self, store: Conversations, accounts: Accounts, models: Models, metrics: Metrics) -> None:
        self._store = store
        self._accounts = accounts
        self._models = models
        self._metrics = metrics

    def take_up(self, user_id: str, before: Conversation, turn: Turn, choice: Choice) -> None:
        """Sum up the oldest turns when the newest, which this one is, leaves no room for them."""
        limit = context.room(before, context_tokens(choice.model_id), whole_tokens(choice.model_id))
        conversation = replace(before, turns=(*before.turns, turn))
        turns = self._left_behind(user_id, before, turn.number, limit) if before.has_gap else []
        turns = turns or context.to_sum_up(conversation, limit)
        if not turns:
            return
        choice = Choice(choice.model_id, TEMPERATURE, context.SUMMARY_TOKENS)
        parts = [("human", context.summary_request(conversation, turns, limit))]
        reservation = self._accounts.reserve(user_id, choice, context.SYSTEM_PROMPT, parts)
        if reservation is None:
            return
        begun = self._accounts.begin(reservation)
        written = Written("", FAILED, errors.INTERRUPTED)
        if begun:
            stream = self._models.stream(choice, context.SYSTEM_PROMPT, parts)
            written = aside.read(stream, context.SYSTEM_PROMPT, parts, choice.model_id)
        self._accounts.settle(reservation, written, choice)
        counts = told_counts(written)
        self._metrics.summary(choice.model_id, counts.input_tokens, counts.output_tokens)
        if written.status == COMPLETE and (text := whole(written.text).strip()):
            self._store_summary(user_id, conversation, turn.number, text, turns[-1].number)

    def _left_behind(self, user_id: str, before: Conversation, number: int, limit: int) -> list[Turn]:
        """The oldest turns that no summary tells of, when so many are left that the newest are read only.

        Summaries failed then for long, or were not paid for; each answer makes good for a bounded piece.
        """
        try:
            turns = self._store.oldest(user_id, before, context.most_bytes(limit))
        except TableUnreachable as error:
            errors.record_storage(error)
            return []
        found = context.oldest(context.answered(turns), limit)
        if turns and not found:  # nothing that was answered, and nothing to tell of
            self._store_summary(user_id, before, number, before.summary, turns[-1].number)
        return found

    def _store_summary(
        self, user_id: str, conversation: Conversation, number: int, text: str, summarized_to: int
    ) -> None:
        try:
            self._store.summarize(user_id, conversation, number, text, summarized_to)
        except ConflictError:
            return  # the conversation went on; the next answer tries again
        except TableUnreachable as error:
            errors.record_storage(error)
