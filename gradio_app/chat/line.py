"""The network connection that serves one call to the model, so that somebody else can end it at any moment.

A thread that waits for an answer can only be woken by shutting its socket down. urllib3 offers that once
headers have come; a model may take two minutes for those. So the connections of the client tell which call
they serve.
"""

import contextlib
import contextvars
import socket
import threading
from collections.abc import Iterator
from typing import Any

from botocore.awsrequest import (
    AWSHTTPConnection,
    AWSHTTPConnectionPool,
    AWSHTTPSConnection,
    AWSHTTPSConnectionPool,
)

_serving: contextvars.ContextVar["Line | None"] = contextvars.ContextVar("serving", default=None)
_lock = threading.Lock()
"""Held while a connection changes its call, so that nobody shuts down what serves another one by now."""


class Line:
    """One call's hold on its connection."""

    def __init__(self) -> None:
        self._connection: _Connection | None = None
        self.is_cut = False

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """What this thread sends meanwhile is part of the call."""
        token = _serving.set(self)
        try:
            yield
        finally:
            _serving.reset(token)

    def take(self, connection: "_Connection") -> None:
        """The connection serves this call from now on."""
        with _lock:
            connection.line = self
            self._connection = connection
        self.go_on()

    def go_on(self) -> None:
        """Raises ConnectionAbortedError when the call was cut meanwhile."""
        if self.is_cut:
            raise ConnectionAbortedError

    def cut(self) -> None:
        """End the call: who waits for its connection is woken, and it gets no other."""
        with _lock:
            self.is_cut = True
            if self._connection is not None and self._connection.line is self:
                self._connection.shut()


class _Connection(AWSHTTPConnection):
    """What both kinds of connection have."""

    line: Line | None = None
    wire: socket.socket | None = None
    """The socket, which urllib3 forgets once the headers of the last answer have come."""

    def connect(self) -> None:
        self._serve()
        super().connect()
        self.wire = self.sock
        if self.line:
            self.line.go_on()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._serve()
        super().request(*args, **kwargs)

    def _serve(self) -> None:
        """Belong to the call that this thread makes: the one before may have been cut."""
        line = _serving.get()
        if line:
            line.take(self)
        else:
            self.line = None

    def shut(self) -> None:
        """End what is read from the connection and written to it."""
        with contextlib.suppress(OSError):  # it has ended already
            if self.wire:
                self.wire.shutdown(socket.SHUT_RDWR)


class _SecureConnection(_Connection, AWSHTTPSConnection):
    pass


class _Pool(AWSHTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(AWSHTTPSConnectionPool):
    ConnectionCls = _SecureConnection


def make_cuttable(client: Any) -> None:
    """Have the client's connections tell which call they serve; a fake has none and stays as it is.

    botocore has no public way to them: a test holds this one.
    """
    with contextlib.suppress(AttributeError):
        client._endpoint.http_session._pool_classes_by_scheme.update(http=_Pool, https=_SecurePool)
