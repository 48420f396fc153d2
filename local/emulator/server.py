"""MiniStack in a thread of the emulator's process: start, stop, and where its state is kept."""

import asyncio
import fcntl
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import IO, Self

from local.emulator.environment import CONFLICTING_VARIABLES, ministack_settings
from local.emulator.front import App, Front

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
# A kill that leaves no time to say goodbye loses at most what was written in this time.
SAVE_INTERVAL_SECONDS = 2
# Connections that SDKs keep open do not hold up a stop for longer than this.
DRAIN_SECONDS = 1
# A connection is the client's to close: where this end closes it, a request that is on its way is lost.
IDLE_SECONDS = 3600

OnBuild = Callable[[dict[str, str]], None]


class ServerError(Exception):
    """The emulator cannot start or stop; the message says why and what to do."""


class PortInUse(ServerError):
    """Another program listens on the wanted port."""


class StateInUse(ServerError):
    """Another emulator works on the wanted state directory."""


class Server:
    """The emulator of this process, which ends with it: MiniStack is global state. A context manager."""

    def __init__(
        self, listener: socket.socket, state_dir: Path | None, region: str, on_build: OnBuild | None
    ) -> None:
        """Prepare it; nothing happens before `start`.

        Args:
            listener: see `listen`.
            state_dir: where users, tables, buckets and stacks are kept, readable by its owner only.
                None keeps nothing. Persisted URLs contain the port, so a state directory belongs to one port.
            region: the region of everything that does not name one.
            on_build: called in a thread of its own for each build that a pipeline starts, with the
                CodeBuild project's environment variables.
        """
        self._listener = listener
        self._port = int(listener.getsockname()[1])
        self._region = region
        self._state_dir = state_dir
        self._on_build = on_build
        self._running: _Running | None = None
        self._lock: IO[str] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Serve requests when this returns. Raises StateInUse, and ServerError when it did not start."""
        directory = self._open_directory()
        for name in CONFLICTING_VARIABLES:
            os.environ.pop(name, None)
        persist = self._state_dir is not None
        os.environ.update(ministack_settings(self._port, self._region, directory, persist=persist))
        self._running = _Running(self._listener, self._on_build, persist=persist)
        self._running.start()

    def stop(self) -> None:
        """Finish open requests, save the state and free the port.

        Raises ServerError when it did not end in time, and the last changes may be lost.
        """
        if self._running:
            self._running.stop()
        if self._temporary:
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def _open_directory(self) -> Path:
        if self._state_dir is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="aws-emulator-")
            return Path(self._temporary.name)
        try:
            self._state_dir.mkdir(parents=True, exist_ok=True)
            # It holds password verifiers and the key that signs tokens.
            self._state_dir.chmod(0o700)
            self._lock = (self._state_dir / "lock").open("w")
        except OSError as error:
            raise ServerError(f"Nothing can be kept in {self._state_dir}: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateInUse(
                f"Another emulator is using {self._state_dir}; stop it first or choose another directory."
            ) from None
        return self._state_dir.resolve()


def listen(port: int) -> socket.socket:
    """A listener on the loopback port; 0 takes a free one. Raises PortInUse."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise PortInUse(
            f"Port {port} on {HOST} cannot be used ({error.strerror}); choose another one."
        ) from None
    return listener


class _Running:
    """Hypercorn with MiniStack in a thread that owns the event loop."""

    def __init__(self, listener: socket.socket, on_build: OnBuild | None, *, persist: bool) -> None:
        self._listener = listener
        self._on_build = on_build
        self._persist = persist
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="aws-emulator", daemon=True)

    def start(self) -> None:
        self._thread.start()
        try:
            self._started.result(START_TIMEOUT_SECONDS)
        except Exception as error:
            raise ServerError(f"The AWS emulator did not start: {error!r}") from error

    def stop(self) -> None:
        if self._loop and self._stopping and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_TIMEOUT_SECONDS)
            if self._thread.is_alive():
                raise ServerError("The AWS emulator did not stop in time; its last changes may be lost.")

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        # Imported here: MiniStack reads its settings from the environment when it is imported.
        from hypercorn.asyncio import serve
        from hypercorn.config import Config

        from local.emulator import layer

        _let_go_of_closed_connections()
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        app: App = layer.install(self._on_build)
        front = Front(app, lambda: self._announce(layer.started))
        config = Config()
        config.bind = [f"fd://{self._listener.detach()}"]
        config.accesslog = None
        config.errorlog = None
        config.graceful_timeout = DRAIN_SECONDS
        config.keep_alive_timeout = IDLE_SECONDS
        saver = asyncio.create_task(_save_regularly(front)) if self._persist else None
        try:
            await serve(front, config, shutdown_trigger=self._stopping.wait)  # type: ignore[arg-type]
        finally:
            if saver:
                saver.cancel()
            layer.release_waiting_threads()

    def _announce(self, tidy_up: Callable[[], None]) -> None:
        tidy_up()
        self._started.set_result(None)


def _let_go_of_closed_connections() -> None:
    """Have Hypercorn close what its client has closed: by itself it waits for the idle time-out first.

    With an hour of that, the connections of a few deployments are more files than a program may have open.
    """
    from hypercorn.asyncio.tcp_server import TCPServer

    read = TCPServer._read_data

    async def read_and_let_go(connection: TCPServer) -> None:
        await read(connection)
        await connection.idle_task.stop()

    TCPServer._read_data = read_and_let_go


async def _save_regularly(front: Front) -> None:
    from local.emulator import layer

    while True:
        await asyncio.sleep(SAVE_INTERVAL_SECONDS)
        if front.changed:
            front.changed = layer.is_busy()
            layer.save()
