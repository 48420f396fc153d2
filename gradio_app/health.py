"""Whether this process can serve: what the load balancer asks before it sends anyone here."""

import asyncio
import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gradio_app.cognito.directory import Directory
from gradio_app.cognito.errors import CognitoError
from gradio_app.store import schema
from gradio_app.store.table import AsyncTable, TableUnreachable

ONCE = "once"
KNOWN_SECONDS = 5
"""How long an answer stands, so that asking often costs nothing."""


class Health:
    """Whether this process lives, whether it can serve, and whether it could when it began.

    `/healthz`: it lives. `/readyz`: it can reach what it needs and is not about to stop. `/readyz?once`: it
    could reach that once, and is not about to stop. The load balancer asks the last: no new task that never
    got so far counts as deployed, and ECS kills none, with the answers it is writing, for a table's outage.
    """

    def __init__(
        self, table: AsyncTable, directory: Directory | None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._table = table
        self._directory = directory
        self._now = now
        self._asked_at = float("-inf")
        self._looking = asyncio.Lock()
        self._missing: list[str] = []
        self._was_ready = False
        self.draining = False
        """Set at SIGTERM: no new browsers, please."""

    def routes(self) -> list[Route]:
        return [
            Route("/healthz", self.alive, methods=["GET"]),
            Route("/readyz", self.ready, methods=["GET"]),
            Route("/gradio_api/app_id", self.reachable, methods=["GET"]),
        ]

    async def alive(self, _: Request) -> Response:
        return JSONResponse({"alive": True})

    async def reachable(self, _: Request) -> Response:
        """What a chat page without its server or session asks for; any answer makes it reload itself."""
        return JSONResponse({"app_id": ""})

    async def ready(self, request: Request) -> Response:
        if ONCE in request.query_params and self._was_ready and not self.draining:
            return JSONResponse({"ready": True, "missing": []})
        async with self._looking:  # whoever asks meanwhile takes the same answer: strangers may ask too
            if self._now() - self._asked_at >= KNOWN_SECONDS:
                self._missing = await self._ask()
                self._asked_at = self._now()
                self._was_ready = self._was_ready or not self._missing
        missing = ["draining"] * self.draining + self._missing
        return JSONResponse({"ready": not missing, "missing": missing}, status_code=503 if missing else 200)

    async def _ask(self) -> list[str]:
        missing = []
        try:
            await self._table.get(schema.HEALTH, schema.HEALTH)
        except TableUnreachable:
            missing.append("table")
        if self._directory is not None:
            try:
                await self._directory.load_keys()
            except CognitoError:
                missing.append("user pool keys")
        return missing
