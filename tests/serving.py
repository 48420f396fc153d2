"""An ASGI application on a free port of loopback, served from a thread; and the number of such a port."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

STOP_SECONDS = 30


def on_loopback(app: Any, **options: Any) -> uvicorn.Config:
    """How to serve it as the service does; `options` are uvicorn's."""
    settings: dict[str, Any] = {"log_level": "warning", "ws": "none", "timeout_graceful_shutdown": 1}
    return uvicorn.Config(app, host="127.0.0.1", port=0, **settings | options)


@contextmanager
def running(server: uvicorn.Server) -> Iterator[int]:
    """Run a server until the block ends; yields its port."""
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            thread.join(0.01)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(STOP_SECONDS)


def free_port() -> int:
    """A port of loopback that nobody has now, for a program that can only be told a number."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
