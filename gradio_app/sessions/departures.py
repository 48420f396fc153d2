"""A browser on its way through single sign-on: what its return must prove, in the table.

It is found by the browser's short-lived cookie and the state together, so that a state alone, another
browser's or one that was used, finds nothing, and ends nothing either. Reading takes it away: a return is
good once.
"""

import time
from collections.abc import Callable
from dataclasses import asdict

from gradio_app.cognito.single_sign_on import Departure
from gradio_app.sessions.session import hashed, is_token, new_token
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

DEPARTURE_SECONDS = 600
"""Time for a password and a second factor at the identity provider."""


class Departures:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def keep(self, departure: Departure) -> str:
        """Remember the departure and return its cookie value."""
        token = new_token()
        await self._table.put(
            {
                **_key(token, departure.state),
                "expires_at": int(self._now()) + DEPARTURE_SECONDS,
                **asdict(departure),
            }
        )
        return token

    async def take(self, token: str, state: str) -> Departure | None:
        """The departure that this browser comes back from, once and in its time."""
        item = await self._table.take(**_key(token, state)) if is_token(token) else None
        if item is None or item["expires_at"] <= self._now():
            return None
        return Departure(item["redirect_uri"], item["state"], item["nonce"], item["verifier"])


def _key(token: str, state: str) -> dict[str, str]:
    return {"pk": schema.departure(hashed(token)), "sk": schema.state(hashed(state))}
