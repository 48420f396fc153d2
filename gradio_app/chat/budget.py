"""How many tokens a user may spend per UTC day: reserved before the model is called, settled after.

One item per user and day, `USER#<user>` / `USAGE#<yyyy-mm-dd>`, changed by atomic updates only, so that any
number of tabs and tasks share one count. What a dying process had reserved stays counted until the day ends.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from gradio_app.store import schema
from gradio_app.store.table import Attr, ConflictError, Table, Update

KEPT_DAYS = 90
"""Days after which DynamoDB removes a day's count."""


class BudgetSpentError(Exception):
    """The user's tokens of today do not suffice for this call."""


@dataclass(frozen=True)
class Reservation:
    """Tokens set aside on a day; they are settled on that day's count even after midnight."""

    user_id: str
    day: str
    tokens: int


class Budget:
    """The counts; a `limit` of 0 tokens is no limit."""

    def __init__(self, table: Table, limit: int) -> None:
        self._table = table
        self._limit = limit

    def reserve(self, user_id: str, tokens: int) -> Reservation:
        """Set tokens aside for a call, or raise BudgetSpentError and change nothing."""
        if self._limit and tokens > self._limit:
            raise BudgetSpentError
        reservation = Reservation(user_id, datetime.now(UTC).date().isoformat(), tokens)
        try:
            self._add(reservation, tokens, most=self._limit - tokens if self._limit else None)
        except ConflictError:
            raise BudgetSpentError from None
        return reservation

    def settle(self, reservation: Reservation, spent: int) -> None:
        """Replace what was reserved by what was spent, in tokens."""
        self._add(reservation, spent - reservation.tokens)

    def _add(self, reservation: Reservation, tokens: int, most: int | None = None) -> None:
        """Add to the day's count, on condition that it is at most `most` before."""
        expires = datetime.now(UTC) + timedelta(days=KEPT_DAYS)
        room = None if most is None else Attr("tokens").not_exists() | Attr("tokens").lte(most)
        self._table.write(
            Update(
                schema.person(reservation.user_id),
                schema.usage(reservation.day),
                set={"expires_at": int(expires.timestamp())},
                add={"tokens": tokens},
                condition=room,
            )
        )
