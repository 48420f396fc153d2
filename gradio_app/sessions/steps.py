"""A sign-in that is not finished: the challenge between the password and the session.

It lies in the table, so that the next step may reach another task, bound to one browser by a short-lived
cookie. Reading takes it away, so that each step is answered once.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from gradio_app.cognito.directory import Challenge
from gradio_app.sessions.session import hashed, is_token, new_token
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable, Item

STEP_SECONDS = 300
"""As long as the app client lets a challenge take (AuthSessionValidity); Cognito has the last word."""


@dataclass(frozen=True)
class Step:
    """Where a sign-in stands."""

    challenge: Challenge
    account: str
    """The e-mail address as it was typed, for the throttle."""
    ends_others: bool = False
    """Whether the user's other sessions end with this sign-in, because the password is new."""


class Steps:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def keep(self, step: Step) -> str:
        """Remember the step and return its cookie value."""
        token = new_token()
        await self._table.put(
            {
                "pk": schema.challenge(hashed(token)),
                "sk": schema.CHALLENGE,
                "expires_at": int(self._now()) + STEP_SECONDS,
                **asdict(step.challenge),
                "account": step.account,
                "ends_others": step.ends_others,
            }
        )
        return token

    async def look(self, token: str) -> Step | None:
        """The step, to show its question."""
        if not is_token(token):
            return None
        return self._read(await self._table.get(schema.challenge(hashed(token)), schema.CHALLENGE))

    async def take(self, token: str) -> Step | None:
        """The same for the one who answers; it is gone then."""
        if not is_token(token):
            return None
        return self._read(await self._table.take(schema.challenge(hashed(token)), schema.CHALLENGE))

    def _read(self, item: Item | None) -> Step | None:
        if item is None or item["expires_at"] <= self._now():
            return None
        challenge = Challenge(
            item["name"], item["username"], item["session"], item["secret_key"], item["first"]
        )
        return Step(challenge, item["account"], item["ends_others"])
