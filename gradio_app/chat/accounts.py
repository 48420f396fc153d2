"""What turns cost: tokens are set aside before a call to the model, and settled once after it."""

import contextlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence

from gradio_app.chat import budget, errors, inputs, service_tiers
from gradio_app.chat.inputs import Said
from gradio_app.chat.line import Line
from gradio_app.chat.model import Choice, Models
from gradio_app.chat.writing import Written
from gradio_app.store.table import Action, TableUnreachable
from gradio_app.store.usage import BudgetSpentError, Reservation, Usage

Parts = Sequence[tuple[str, Said]]
OnStop = Callable[[Callable[[], None]], None]

CLEAR_SECONDS = 3600.0
"""Between two looks at what dead tasks have left of a person's: a turn need not make each of them. A person
whose tokens do not suffice does not wait for the next."""
REMEMBERED = 4096
"""People of whom the last look is remembered."""
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
        self._cleared: OrderedDict[str, float] = OrderedDict()

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

        `besides` is the most of what is not there yet: passages, and looking for them. All that is read
        counts as if it were written to the model's prompt cache. The second takes a question to Bedrock,
        which a stop ends, unless the day has no room for its answer anyway. What dead tasks left is settled
        before the first, where that was not done lately, or else before the last. When the iterator ends the
        budget is spent.
        """
        is_cleared = self._is_cleared(user_id)
        if not is_cleared:
            self.clear(user_id)
        cache = self._models.caching(choice.model_id)
        read = cache.most(budget.most_read(system, parts) + besides)
        enough = max(service_tiers.most(read + choice.max_tokens, choice.service_tier), least)
        with contextlib.suppress(BudgetSpentError):
            yield self._usage.reservation(user_id, enough, least)
        if not self.has_room(user_id, choice, least):
            return
        tokens = enough
        counted = self._count(choice.model_id, system, parts, on_stop)
        if counted is not None:
            read = cache.most(counted + budget.COUNTED_TOKENS + besides)
            tokens = service_tiers.most(read + choice.max_tokens, choice.service_tier)
            tokens = min(enough, max(tokens, least))
        if is_cleared:
            self.clear(user_id)
        if is_cleared or tokens < enough:
            with contextlib.suppress(BudgetSpentError):
                yield self._usage.reservation(user_id, tokens, least)

    def has_room(self, user_id: str, choice: Choice, least: int) -> bool:
        """Whether a call may fit into the day at all, however little it reads: more is not worth a look."""
        tokens = max(least, service_tiers.most(choice.max_tokens, choice.service_tier))
        if self._usage.has_room(user_id, tokens):
            return True
        self.clear(user_id)
        return self._usage.has_room(user_id, tokens)

    def writes(self, reservation: Reservation, *, begun: bool) -> Sequence[Action]:
        """What sets an offer aside, for the transaction that stores its question.

        `begun` is of a call that follows at once: it is not to `begin` then.
        """
        return self._usage.reserving(reservation, begun=begun)

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

    def hold(self, reservation: Reservation) -> None:
        """Vouch for what is set aside for a call that may have to wait in line before it begins."""
        with self._lock:
            self._open[reservation.id] = reservation

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
        self.pay(reservation, self.charge(reservation, written, choice))

    def charge(self, reservation: Reservation, written: Written, choice: Choice) -> int:
        """The tokens that a call took; Bedrock is asked to count where it has not."""
        counted = None
        if written.is_seen and not written.counts:
            *history, (role, question) = written.parts
            read = inputs.text_in(question)
            told = "\n\n".join(filter(None, [read, written.thought, written.text]))
            whole = [*history, (role, inputs.with_text(question, told.rstrip()))]
            counted = self._count(choice.model_id, written.system, whole)
        charged = budget.charge(
            reservation.tokens,
            reservation.least,
            written.counts,
            self._models.caching(choice.model_id),
            read=written.most_read if written.is_seen else 0,
            counted=None if counted is None else counted + budget.COUNTED_TOKENS,
            output=written.output,
            tier=choice.service_tier,
        )
        return charged + written.besides

    def paying(self, reservation: Reservation, spent: int) -> Sequence[Action]:
        """What charges so many tokens, for the transaction that stores the answer; then `paid` or `pay`."""
        with self._lock:
            self._open.pop(reservation.id, None)
            self._unsettled[reservation.id] = (reservation, spent)
        return self._usage.settling(reservation, spent)

    def paid(self, reservation: Reservation) -> None:
        """That transaction has taken place."""
        with self._lock:
            # `keep` may have settled the same one just now, which changes nothing.
            self._unsettled.pop(reservation.id, None)

    def drop(self, reservation: Reservation) -> None:
        """Settle what may or may not have been set aside, and was never begun."""
        self.pay(reservation, reservation.least)

    def clear(self, user_id: str) -> None:
        """Settle what dead tasks set aside for a person; raises TableUnreachable."""
        self._usage.clear(user_id)
        with self._lock:
            self._cleared[user_id] = time.monotonic()
            self._cleared.move_to_end(user_id)
            if len(self._cleared) > REMEMBERED:
                self._cleared.popitem(last=False)

    def _is_cleared(self, user_id: str) -> bool:
        with self._lock:
            return time.monotonic() - self._cleared.get(user_id, -CLEAR_SECONDS) < CLEAR_SECONDS

    def keep(self) -> None:
        """Settle what is left to settle, and vouch for the calls under way; to be called every minute."""
        with self._lock:
            unsettled, calls = list(self._unsettled.values()), list(self._open.values())
        for reservation, spent in unsettled:
            self.pay(reservation, spent)
        for reservation in calls:
            try:
                self._usage.renew(reservation)
            except TableUnreachable as error:
                errors.record_storage(error)

    def pay(self, reservation: Reservation, spent: int) -> None:
        """Charge so many tokens, now or, where the table does not answer, with `keep`."""
        with self._lock:
            self._open.pop(reservation.id, None)
            self._unsettled[reservation.id] = (reservation, spent)
        try:
            self._usage.settle(reservation, spent)
        except TableUnreachable as error:
            errors.record_storage(error)
            return
        self.paid(reservation)

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
