"""Ports of loopback, held from the moment that they are chosen."""

from __future__ import annotations

import socket

LOOPBACK = "127.0.0.1"


def listen(preferred: int) -> socket.socket:
    """Return a socket that listens on loopback, at `preferred` if that is free, else where the system picks.

    Only listening makes a port one's own: two programs may both bind a port, and probing it tells even less.
    """
    try:
        return socket.create_server((LOOPBACK, preferred))
    except OSError:
        return socket.create_server((LOOPBACK, 0))
