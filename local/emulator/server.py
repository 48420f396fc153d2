"""MiniStack in a thread of this process: start, stop, and where its state is kept."""

import asyncio
import fcntl
import logging
import os
import socket
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from local.emulator.environment import (
    CONFLICTING_VARIABLES,
    environment,
    ministack_settings,
    task_environment,
)
from local.emulator.front import App, Front

HOST = "127.0.0.1"
START_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 30
# A kill that leaves no time to say goodbye loses at most what was written in this time.
SAVE_INTERVAL_SECONDS = 2
# Connections that SDKs keep open do not hold up a stop for longer than this.
DRAIN_SECONDS = 1

OnBuild = Callable[[dict[str, str]], None]


class EmulatorError(Exception):
    """The emulator cannot start; the message says why and what to do."""


class PortInUse(EmulatorError):
    """Another program listens on the wanted port."""


class StateInUse(EmulatorError):
    """Another emulator works on the wanted state directory."""


class Emulator:
    """AWS on loopback, for this process and those it starts.

    MiniStack is global state: a process can start one emulator, once.
    """

    def __init__(
        self,
        state_dir: Path | None,
        port: int = 0,
        region: str = "us-east-1",
        on_build: OnBuild | None = None,
    ) -> None:
        """Prepare an emulator; nothing happens before `start`.

        Args:
            state_dir: where users, tables, buckets and stacks are kept, readable by its owner only.
                None keeps nothing. Persisted URLs contain the port, so a state directory belongs to one port.
            port: the loopback port; 0 takes a free one.
            region: the region of everything that does not name one.
            on_build: called in a thread of its own for each build that a pipeline starts, with the
                CodeBuild project's environment variables.
        """
        self.region = region
        self._state_dir = state_dir
        self._wanted_port = port
        self._on_build = on_build
        self._port: int | None = None
        self._running: _Server | None = None
        self._lock: IO[str] | None = None
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._environment_before: dict[str, str | None] = {}

    @property
    def endpoint_url(self) -> str:
        """`http://127.0.0.1:PORT`; known from `start` on."""
        if self._port is None:
            raise EmulatorError("The emulator was not started.")
        return f"http://{HOST}:{self._port}"

    def environment(self) -> dict[str, str]:
        """The AWS variables for a child process; it must not inherit `CONFLICTING_VARIABLES`."""
        return environment(self.endpoint_url, self.region)

    def task_environment(self, role_arn: str) -> dict[str, str]:
        """`environment` for a process with the rights of a task role instead of all rights."""
        return task_environment(self.endpoint_url, self.region, role_arn)

    def start(self) -> None:
        """Serve requests when this returns.

        Raises:
            PortInUse: another program has the port.
            StateInUse: another emulator has the state directory.
            EmulatorError: MiniStack did not start, or this process had an emulator before.
        """
        listener = _listen(self._wanted_port)
        try:
            self._start(listener)
        except BaseException:
            listener.close()
            self._running = None
            self._release()
            raise

    def _start(self, listener: socket.socket) -> None:
        directory = self._open_directory()
        _claim_process()
        port = self._port = int(listener.getsockname()[1])
        persist = self._state_dir is not None
        self._set_environment(ministack_settings(port, self.region, directory, persist=persist))
        if not logging.getLogger().handlers:
            # MiniStack would otherwise configure the host program's logging for it.
            logging.getLogger().addHandler(logging.NullHandler())
        self._running = _Server(listener, self._on_build, persist=persist)
        self._running.start()

    def stop(self) -> None:
        """Finish open requests, save the state and free the port.

        Raises:
            EmulatorError: it did not end in time, and the last changes may be lost.
        """
        running, self._running = self._running, None
        try:
            if running:
                running.stop()
        finally:
            self._release()

    def _release(self) -> None:
        self._restore_environment()
        if self._lock:
            self._lock.close()
            self._lock = None
        if self._temporary:
            self._temporary.cleanup()
            self._temporary = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            raise EmulatorError(f"Nothing can be kept in {self._state_dir}: {error.strerror}.") from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StateInUse(
                f"Another emulator is using {self._state_dir}; stop it first or choose another directory."
            ) from None
        return self._state_dir.resolve()

    def _set_environment(self, variables: dict[str, str]) -> None:
        changes: dict[str, str | None] = {**dict.fromkeys(CONFLICTING_VARIABLES), **variables}
        for name, value in changes.items():
            self._environment_before[name] = os.environ.get(name)
            _set_variable(name, value)

    def _restore_environment(self) -> None:
        for name, value in self._environment_before.items():
            _set_variable(name, value)
        self._environment_before.clear()


class _Server:
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
            raise EmulatorError(f"The AWS emulator did not start: {error!r}") from error

    def stop(self) -> None:
        if self._loop and self._stopping and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopping.set)
            self._thread.join(STOP_TIMEOUT_SECONDS)
            if self._thread.is_alive():
                raise EmulatorError("The AWS emulator did not stop in time; its last changes may be lost.")

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

        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        app: App = layer.install(self._on_build)
        front = Front(app, lambda: self._announce(layer.started))
        config = Config()
        config.bind = [f"fd://{self._listener.detach()}"]
        config.accesslog = None
        config.errorlog = None
        config.graceful_timeout = DRAIN_SECONDS
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


async def _save_regularly(front: Front) -> None:
    from local.emulator import layer

    while True:
        await asyncio.sleep(SAVE_INTERVAL_SECONDS)
        if front.changed:
            front.changed = layer.is_busy()
            layer.save()


_process_claimed = False


def _claim_process() -> None:
    global _process_claimed
    if _process_claimed:
        raise EmulatorError("This process had an emulator already; the next one needs a process of its own.")
    _process_claimed = True


def _listen(port: int) -> socket.socket:
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


def _set_variable(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
