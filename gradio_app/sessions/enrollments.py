"""An authenticator that is being set up from the account page, between the password and the first code.

It hangs on the session that proved the password, so no other session can finish it.
"""

import time
from collections.abc import Callable

from gradio_app.sessions.session import Session
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable

ENROLLMENT_SECONDS = 600
"""Installing an app on a telephone takes a while."""


class Enrollments:
    """Every method raises TableUnreachable when the table cannot be asked."""

    def __init__(self, table: AsyncTable, now: Callable[[], float] = time.time) -> None:
        self._table = table
        self._now = now

    async def begin(self, session: Session, secret_key: str) -> None:
        """Remember the key that the session may show and confirm."""
        await self._table.put(
            {
                "pk": schema.session(session.key),
                "sk": schema.AUTHENTICATOR,
                "expires_at": int(self._now()) + ENROLLMENT_SECONDS,
                "secret_key": secret_key,
            }
        )

    async def find(self, session: Session) -> str:
        """The key, or an empty string when nothing is under way."""
        item = await self._table.get(schema.session(session.key), schema.AUTHENTICATOR)
        return item["secret_key"] if item and item["expires_at"] > self._now() else ""

    async def end(self, session: Session) -> None:
        """Forget the key."""
        await self._table.take(schema.session(session.key), schema.AUTHENTICATOR)
