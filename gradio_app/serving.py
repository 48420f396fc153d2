"""Serving over HTTP, and stopping without cutting an answer in the middle."""

import asyncio
import logging
import socket
import time
from types import FrameType

import uvicorn

from gradio_app import late
from gradio_app.aws import Clients
from gradio_app.connections import BoundedProtocol
from gradio_app.server import Application, create_app
from gradio_app.settings import Settings

LINGER_SECONDS = 5
"""A load balancer sends requests for a moment longer after a task began to stop."""
CLOSE_SECONDS = 5
"""For connections that are still open after the last answer."""
KEEP_ALIVE_SECONDS = 130
"""Longer than a load balancer keeps its side (CloudFront and ALB: up to 120), or it reuses a closed one."""

log = logging.getLogger(__name__)


def serve(settings: Settings, listener: socket.socket) -> None:
    """Serve until a signal came and the running answers ended, at most `drain_seconds` later."""
    application = create_app(settings, Clients.build(settings))
    for each in (application.gauge, application.worker, application.expiry):
        if each:
            each.start()
    DrainingServer(configuration(application, settings), application, settings).run(sockets=[listener])


def configuration(application: Application, settings: Settings) -> uvicorn.Config:
    """How uvicorn serves it."""
    return uvicorn.Config(
        application.gate,
        log_config=None,  # one form for all lines, with their request's id
        log_level=settings.log_level.lower(),
        access_log=False,  # addresses carry the ids of conversations
        server_header=False,
        proxy_headers=False,  # the gate decides whom to believe
        http=BoundedProtocol,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )


class DrainingServer(uvicorn.Server):
    """uvicorn, which by itself stops listening at the signal and leaves streams no time."""

    def __init__(self, config: uvicorn.Config, application: Application, settings: Settings) -> None:
        super().__init__(config)
        self._application = application
        self._settings = settings
        self._drain: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve, and then import the rest."""
        await super().startup(sockets)
        log.info("Serving, after %.2f s of CPU time.", time.process_time())
        late.load()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 (uvicorn's signature)
        """At the first signal drain, at the second stop now."""
        if self._application.health.draining:
            self.should_exit = self.force_exit = True
            return
        self._application.health.draining = True

    async def on_tick(self, counter: int) -> bool:
        """Called by uvicorn ten times a second, in the loop, where a signal handler cannot act."""
        if self._application.health.draining and self._drain is None:
            # No connection is kept on which a request could come when the process ends.
            self.config.encoded_headers.append((b"connection", b"close"))
            self._drain = asyncio.create_task(self._finish_answers())
        return await super().on_tick(counter)

    async def _finish_answers(self) -> None:
        for each in (self._application.gauge, self._application.worker, self._application.expiry):
            if each:
                await asyncio.to_thread(each.stop)
        log.info("Stopping: running answers may take up to %d s to finish.", self._settings.drain_seconds)
        if self._settings.trusted_proxies:
            await asyncio.sleep(min(LINGER_SECONDS, self._settings.drain_seconds))
        idle = await asyncio.to_thread(self._application.running.close, self._settings.drain_seconds)
        if not idle:
            log.warning("Stopping with answers still running; what they wrote so far is kept.")
        self.should_exit = True
