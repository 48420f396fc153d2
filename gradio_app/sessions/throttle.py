"""Slowing down those who guess, counted in the table so that all tasks know.

An attempt is counted before it is made and given back when it was a good one: many at once cannot slip
through. Names that do not exist are counted like those that do.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

WINDOW_SECONDS = 15 * 60
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50
"""A company or a class may share one address."""
JUDGED_PASSWORDS = 300
"""New passwords, good ones too, per address or signed-in user: no guessing, but work."""


@dataclass(frozen=True)
class Limit:
    """How many attempts there may be in a window, of one kind and on one thing."""

    kind: str
    value: str
    most: int


@dataclass(frozen=True)
class Attempt:
    """What was counted, and whether the attempt may be made."""

    allowed: bool
    counted: tuple[str, ...]


class Throttle:
    """Counters of the current window. Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def attempt(self, *limits: Limit) -> Attempt:
        """Count at one limit after the other, and no further than the first that is exceeded.

        Whoever is refused for their address so leaves no trace at the accounts that they name.
        """
        counted: list[str] = []
        for limit in limits:
            counted.append(self._key(limit))
            if await self._count(counted[-1], 1) > limit.most:
                return Attempt(False, tuple(counted))
        return Attempt(True, tuple(counted))

    async def give_back(self, attempt: Attempt) -> None:
        """The attempt was a good one and does not count."""
        for key in attempt.counted:
            await self._count(key, -1)

    async def _count(self, key: str, by: int) -> int:
        return await self._table.count(key, schema.THROTTLE, by, int(self._now()) + 2 * WINDOW_SECONDS)

    def _key(self, limit: Limit) -> str:
        window = int(self._now()) // WINDOW_SECONDS
        return schema.throttle(limit.kind, limit.value, window)


def at_address(address: str) -> Limit:
    """Whatever fails from an address."""
    return Limit("address", network(address), FAILURES_PER_ADDRESS)


def at_account(kind: str, account: str) -> Limit:
    """What fails at one account; `kind` keeps apart what must not count together."""
    return Limit(kind, account, FAILURES_PER_ACCOUNT)


def at_judging(who: str) -> Limit:
    """New passwords that somebody has judged."""
    return Limit("judging", who, JUDGED_PASSWORDS)


def network(address: str) -> str:
    """What a client can choose addresses from: with IPv6, a /64."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)
