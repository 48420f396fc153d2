"""The user pool through this application's client: what every kind of call to it needs."""

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from pycognito import AWSSRP

from gradio_app.cognito.errors import translated

P = ParamSpec("P")
T = TypeVar("T")

THREADS = 16
"""Calls at once; a sign-in takes some 50 ms of arithmetic besides."""


class Pool:
    """A pool, a client of it with its secret, and threads for calls that block."""

    def __init__(self, client: Any, pool_id: str, client_id: str, secret: str) -> None:
        self._client = client
        self._pool_id = pool_id
        self._client_id = client_id
        self._secret = secret
        self._threads = CapacityLimiter(THREADS)

    async def _run(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        return await to_thread.run_sync(partial(work, *arguments, **named), limiter=self._threads)

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
