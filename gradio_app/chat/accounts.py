"""What turns cost: tokens are set aside before a call to the model, and settled once after it."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from gradio_app.chat import budget, errors, inputs
from gradio_app.chat.inputs import Said
from gradio_app.chat.line import Line
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.writing import Written
from gradio_app.store.table import Action, TableUnreachable
from gradio_app.store.usage import BudgetSpentError, Reservation, Usage

Parts = Sequence[tuple[str, Said]]
OnStop = Callable[[Callable[[], None]], None]

COUNT_SECONDS = 5.0
"""How long Bedrock may take to count a request; one that it did not count is charged by its bound."""


class Accounts:
    """Sets aside and settles. What the table does not take at once is settled by `keep`, later."""

    def __init__(self, usage: Usage, models: Models) -> None:
        self._usage = usage
        self._models = models
        self._lock = threading.Lock()
        self._open: dict[str, Reservation] = {}
        self._unsettled: dict[str, tuple[Reservation, int]] = {}

    @property
    def has_unsettled(self) -> bool:
        """Whether `keep` has something to settle."""
        return bool(self._unsettled)

    def offers(
        self,
        user_id: str,
        choice: Choice,
        system: str,
        parts: Parts,
        least: int,
        on_stop: OnStop,
        besides: int = 0,
    ) -> Iterator[Reservation]:
        """What to set aside for a call, to be tried in turn: what is enough for sure, then what is enough.

        `besides` is the most of what is not there yet: passages, and looking for them. The second takes a
        question to Bedrock, which a stop ends. When the iterator ends the budget is spent.
        """
        enough = max(budget.most_read(system, parts) + besides + choice.max_tokens, least)
        with contextlib.suppress(BudgetSpentError):
            yield self._usage.reservation(user_id, enough, least)
        counted = self._count(choice.model_id, system, parts, on_stop)
        if counted is None:
            return
        tokens = max(counted + budget.COUNTED_TOKENS + besides + choice.max_tokens, least)
        if tokens < enough:
            with contextlib.suppress(BudgetSpentError):
                yield self._usage.reservation(user_id, tokens, least)

    def writes(self, reservation: Reservation) -> Sequence[Action]:
        """What sets an offer aside, for the transaction that stores its question."""
        return self._usage.reserving(reservation)

    def reserve(self, user_id: str, choice: Choice, system: str, parts: Parts) -> Reservation | None:
        """Set aside what a call that no person asked for may take; None when the budget does not allow it."""
        tokens = budget.most_read(system, parts) + choice.max_tokens
        try:
            reservation = self._usage.reservation(user_id, tokens)
            self._usage.reserve(reservation)
        except BudgetSpentError:
            return None
        except TableUnreachable as error:
            errors.record_storage(error)
            return None
        return reservation

    def begin(self, reservation: Reservation) -> bool:
        """The call begins. False when it must not: the table cannot know of it, or took it for dead."""
        try:
            begun = self._usage.begin(reservation)
        except TableUnreachable as error:
            errors.record_storage(error)
            return False
        if begun:
            with self._lock:
                self._open[reservation.id] = reservation
        return begun

    def settle(self, reservation: Reservation, written: Written, choice: Choice) -> None:
        """Charge what a call took."""
        counted = None
        if written.is_seen and not written.counts:
            *history, (role, question) = written.parts
            read = inputs.text_in(question)
            whole = [*history, (role, inputs.with_text(question, f"{read}\n\n{written.text}".rstrip()))]
            counted = self._count(choice.model_id, written.system, whole)
        charged = budget.charge(
            reservation.tokens,
            reservation.least,
            written.counts,
            read=written.most_read if written.is_seen else 0,
            counted=None if counted is None else counted + budget.COUNTED_TOKENS,
            output=budget.written(written.text, written.pieces),
        )
        self._settle(reservation, charged + written.besides)

    def drop(self, reservation: Reservation) -> None:
        """Settle what may or may not have been set aside, and was never begun."""
        self._settle(reservation, reservation.least)

    def clear(self, user_id: str) -> None:
        """Settle what dead tasks set aside for a person; raises TableUnreachable."""
        self._usage.clear(user_id)

    def keep(self) -> None:
        """Settle what is left to settle, and vouch for the calls under way; to be called every minute."""
        with self._lock:
            unsettled, calls = list(self._unsettled.values()), list(self._open.values())
        for reservation, spent in unsettled:
            self._settle(reservation, spent)
        for reservation in calls:
            try:
                self._usage.renew(reservation)
            except TableUnreachable as error:
                errors.record_storage(error)

    def _settle(self, reservation: Reservation, spent: int) -> None:
        with self._lock:
            self._open.pop(reservation.id, None)
            self._unsettled[reservation.id] = (reservation, spent)
        try:
            self._usage.settle(reservation, spent)
        except TableUnreachable as error:
            errors.record_storage(error)
            return
        with self._lock:
            # `keep` may have settled the same one just now, which changes nothing.
            self._unsettled.pop(reservation.id, None)

    def _count(self, model_id: str, system: str, parts: Parts, on_stop: OnStop | None = None) -> int | None:
        line = Line()
        if on_stop:
            on_stop(line.cut)
        deadline = threading.Timer(COUNT_SECONDS, line.cut)
        deadline.daemon = True
        deadline.start()
        try:
            return self._models.count(model_id, system, parts, line)
        finally:
            deadline.cancel()
