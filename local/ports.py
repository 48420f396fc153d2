"""Ports of loopback, held from the moment that they are chosen."""

from __future__ import annotations

import errno
import socket

from local.errors import SetRightFirst

LOOPBACK = "127.0.0.1"


def listen(preferred: int) -> socket.socket:
    """Return a socket that listens on loopback, at `preferred` if that is free, else where the system picks.

    Only listening makes a port one's own: two programs may both bind a port, and probing it tells even less.
    Raises SetRightFirst when this machine gives it to nobody like us.
    """
    try:
        return socket.create_server((LOOPBACK, preferred))
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM):
            raise SetRightFirst(
                f"Port {preferred} needs rights that you do not have ({error.strerror}): "
                "choose one from 1024 on."
            ) from error
        if error.errno != errno.EADDRINUSE:
            raise SetRightFirst(f"Port {preferred} of {LOOPBACK} cannot be had: {error.strerror}.") from error
        return socket.create_server((LOOPBACK, 0))
