"""The tokens that people spend: a count per person and day, and what is set aside for calls under way.

Every release adds to the same count, `tokens` of `USAGE#<day>`. What is set aside is in it, and stands as an
item of its own beside it until it is settled: exactly once, by who set it aside or, when that task died, by
the person's next call. So nothing is spent that was not set aside, and nothing stays set aside.
"""

import contextlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from gradio_app.store import schema
from gradio_app.store.table import Action, Attr, Condition, ConflictError, Delete, Item, Put, Table, Update

KEPT_SECONDS = 90 * 24 * 3600
"""After which DynamoDB removes a day's count."""
RESERVATION_KEPT_SECONDS = 2 * 24 * 3600
"""The same for what nobody ever settled; its tokens stay spent."""
LEASE_SECONDS = 180
"""How long a task vouches for its call; it renews that long before. Clocks may differ by some seconds."""


class BudgetSpentError(Exception):
    """The person's tokens of today do not suffice for this call."""


@dataclass(frozen=True)
class Reservation:
    """Tokens set aside on a day, and settled on it even after midnight; `least` are spent in any case."""

    id: str
    user_id: str
    day: str
    tokens: int
    least: int


class Usage:
    """The counts; a `limit` of 0 tokens is no limit. Every method but two raises TableUnreachable."""

    def __init__(self, table: Table, limit: int, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._limit = limit
        self._now = now

    def reservation(self, user_id: str, tokens: int, least: int = 0) -> Reservation:
        """What is to be set aside today; nothing is yet. BudgetSpentError for more than a day has."""
        if self._limit and tokens > self._limit:
            raise BudgetSpentError
        day = datetime.fromtimestamp(self._now(), UTC).date().isoformat()
        return Reservation(secrets.token_hex(16), user_id, day, tokens, least)

    def has_room(self, user_id: str, tokens: int) -> bool:
        """Whether so many more tokens suffice today, as far as a look can tell."""
        if not self._limit:
            return True
        of_today = self.reservation(user_id, 0).day
        item = self._table.get(schema.person(user_id), schema.usage(of_today)) or {}
        return item.get("tokens", 0) + tokens <= self._limit

    def reserving(self, reservation: Reservation, *, begun: bool = False) -> list[Action]:
        """The writes that set it aside; the first one fails when the day's tokens do not suffice.

        `begun` is of a call that follows at once and so need not `begin`: should this task die in between,
        all of it counts as spent.
        """
        tokens = Attr("tokens")
        room = tokens.not_exists() | tokens.lte(self._limit - reservation.tokens) if self._limit else None
        item = {
            "pk": schema.person(reservation.user_id),
            "sk": schema.reservation(reservation.id),
            "day": reservation.day,
            "tokens": reservation.tokens,
            "least": reservation.least,
            "begun": int(begun),
            "lease_until": self._lease(),
            "expires_at": int(self._now()) + RESERVATION_KEPT_SECONDS,
        }
        return [self._add(reservation, reservation.tokens, room), Put(item, Attr("pk").not_exists())]

    def reserve(self, reservation: Reservation) -> None:
        """Set it aside; raises BudgetSpentError and changes nothing when the day's tokens do not suffice."""
        try:
            self._table.transact(self.reserving(reservation))
        except ConflictError:
            raise BudgetSpentError from None

    def begin(self, reservation: Reservation) -> bool:
        """The call begins: from now on it may cost. False when it was given up for dead and settled."""
        return self._update(reservation, {"begun": 1, "lease_until": self._lease()})

    def renew(self, reservation: Reservation) -> bool:
        """The call is still under way. False like `begin`."""
        return self._update(reservation, {"lease_until": self._lease()})

    def settle(self, reservation: Reservation, spent: int) -> None:
        """Replace what was set aside by what was spent; what is settled already stays so."""
        with contextlib.suppress(ConflictError):
            self._table.transact(self.settling(reservation, spent))

    def settling(self, reservation: Reservation, spent: int) -> list[Action]:
        """The writes that do so; the first one fails when it is settled already."""
        released = Delete(
            schema.person(reservation.user_id), schema.reservation(reservation.id), Attr("pk").exists()
        )
        return [released, self._add(reservation, spent - reservation.tokens)]

    def clear(self, user_id: str) -> None:
        """Settle what dead tasks left: a call that began may have cost all that was set aside for it."""
        partition = schema.person(user_id)
        for item in self._table.query(partition, prefix=schema.RESERVATION):
            if item["lease_until"] < self._now():
                self._bury(partition, _reservation(user_id, item), item)

    def _bury(self, partition: str, reservation: Reservation, item: Item) -> None:
        unchanged = Attr("lease_until").eq(item["lease_until"]) & Attr("begun").eq(item["begun"])
        spent = reservation.tokens if item["begun"] else reservation.least
        try:
            self._table.transact(
                [
                    Delete(partition, item["sk"], unchanged),
                    self._add(reservation, spent - reservation.tokens),
                ]
            )
        except ConflictError:
            return  # it lives, or somebody else was faster

    def _update(self, reservation: Reservation, changes: dict[str, int]) -> bool:
        return self._table.update(
            schema.person(reservation.user_id), schema.reservation(reservation.id), changes
        )

    def _add(self, reservation: Reservation, tokens: int, condition: Condition | None = None) -> Update:
        return Update(
            schema.person(reservation.user_id),
            schema.usage(reservation.day),
            # Of the day and not of this moment: a write that is repeated must be the same to the letter.
            set={
                "expires_at": int(datetime.fromisoformat(f"{reservation.day}T00Z").timestamp()) + KEPT_SECONDS
            },
            add={"tokens": tokens},
            condition=condition,
        )

    def _lease(self) -> int:
        return int(self._now()) + LEASE_SECONDS


def _reservation(user_id: str, item: Item) -> Reservation:
    return Reservation(
        item["sk"].removeprefix(schema.RESERVATION), user_id, item["day"], item["tokens"], item["least"]
    )
