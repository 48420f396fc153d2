"""The user pool through this application's client: what every kind of call to it needs."""

from typing import Any

from pycognito import AWSSRP

from gradio_app.cognito.errors import translated
from gradio_app.threads import Threads

THREADS = 16
"""Calls at once; a sign-in takes some 50 ms of arithmetic besides."""


class Pool:
    """A pool, a client of it with its secret, and threads for calls that block."""

    def __init__(self, client: Any, pool_id: str, client_id: str, secret: str) -> None:
        self._client = client
        self._pool_id = pool_id
        self._client_id = client_id
        self._secret = secret
        self._run = Threads(THREADS).run

    async def revoke(self, refresh_token: str) -> None:
        """End one sign-in and the access tokens that came of it."""
        await self._run(self._revoke, refresh_token)

    def _revoke(self, refresh_token: str) -> None:
        with translated():
            self._client.revoke_token(
                Token=refresh_token, ClientId=self._client_id, ClientSecret=self._secret
            )

    def _secret_hash(self, username: str) -> str:
        return AWSSRP.get_secret_hash(username, self._client_id, self._secret)
