"""Slowing down those who guess, counted in the table so that all tasks know.

An attempt is counted before it is made and given back when it succeeds: many at once cannot slip through.
Names that do not exist are counted like those that do.
"""

import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

WINDOW_SECONDS = 15 * 60
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50
"""A company or a class may share one address."""


class Throttle:
    """Failed sign-ins in the current window, per account and per address."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def attempt(self, account: str, address: str) -> bool:
        """Count an attempt; False when there were too many. Without an account only the address counts."""
        allowed = True
        for key, most in self._keys(account, address):
            count = await self._table.count(key, schema.THROTTLE, 1, int(self._now()) + 2 * WINDOW_SECONDS)
            allowed = allowed and count <= most
        return allowed

    async def succeeded(self, account: str, address: str) -> None:
        """Give the counted attempt back."""
        for key, _ in self._keys(account, address):
            await self._table.count(key, schema.THROTTLE, -1, int(self._now()) + 2 * WINDOW_SECONDS)

    def _keys(self, account: str, address: str) -> list[tuple[str, int]]:
        window = int(self._now()) // WINDOW_SECONDS
        by_address = (schema.throttle("address", _network(address), window), FAILURES_PER_ADDRESS)
        return [(schema.throttle("account", account, window), FAILURES_PER_ACCOUNT)] * bool(account) + [
            by_address
        ]


def _network(address: str) -> str:
    """An IPv6 client has a /64 to choose addresses from."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(int(parsed) >> 64) if isinstance(parsed, IPv6Address) else str(parsed)
