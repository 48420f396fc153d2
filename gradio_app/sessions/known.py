"""Browsers and addresses from which somebody has signed in before.

A stranger's guesses must not lock an account's owner out. So attempts that come from where the owner has been
are counted apart: https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies.
Being known lets nobody in. It is worth so many attempts of one's own, at this one account.
"""

import time
from collections.abc import Callable, Iterable

from gradio_app.sessions.names import known_name
from gradio_app.sessions.session import hashed, is_token, new_token
from gradio_app.sessions.throttle import network
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

KNOWN_SECONDS = 90 * 24 * 3600
NAMES_OF_A_BROWSER = 10
"""Those of some people who share it; each has an e-mail address and an id."""
STRANGER = ""


class Known:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def source(self, token: str, address: str, account: str) -> str:
        """Where an attempt at an account comes from: a browser or an address that it knows, or STRANGER."""
        if known_name(account) in await self._names(token):
            return f"browser {hashed(token)}"
        item = await self._table.get(_address_key(address, known_name(account)), schema.ADDRESS)
        return f"address {network(address)}" if item and item["expires_at"] > self._now() else STRANGER

    async def remember(self, token: str, address: str, accounts: Iterable[str]) -> str:
        """Know a browser and its address from now on, by all names of whoever signed in; its new cookie."""
        names = [known_name(account) for account in accounts if account]
        others = [name for name in await self._names(token) if name not in names]
        if is_token(token):
            await self._table.take(_browser_key(token), schema.BROWSER)
        fresh = new_token()
        ends = int(self._now()) + KNOWN_SECONDS
        known = [*names, *others][:NAMES_OF_A_BROWSER]
        browser = {"pk": _browser_key(fresh), "sk": schema.BROWSER, "accounts": known}
        await self._table.put(browser | {"expires_at": ends})
        for name in names:
            key = {"pk": _address_key(address, name), "sk": schema.ADDRESS}
            await self._table.put(key | {"expires_at": ends})
        return fresh

    async def _names(self, token: str) -> list[str]:
        item = await self._table.get(_browser_key(token), schema.BROWSER) if is_token(token) else None
        return item["accounts"] if item and item["expires_at"] > self._now() else []


def _browser_key(token: str) -> str:
    return schema.known(hashed(token))


def _address_key(address: str, name: str) -> str:
    return schema.known(hashed(f"{network(address)}\0{name}"))
