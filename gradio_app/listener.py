"""The socket that the program serves on: its own, or one that the program that starts it has claimed."""

import socket

from gradio_app.settings import Settings, SettingsError


def claim(settings: Settings) -> socket.socket:
    """Claim the address now; the caller listens when the application can be served.

    Raises OSError when the address cannot be had, SettingsError when LISTENER_FD is not what it should be.
    """
    if settings.listener_fd is not None:
        return _inherited(settings.listener_fd, (settings.bind_host, settings.port))
    family = socket.AF_INET6 if ":" in settings.bind_host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((settings.bind_host, settings.port))
    return listener


def _inherited(number: int, address: tuple[str, int]) -> socket.socket:
    """The socket that came with the process, if it is where the settings say: they decide who gets in."""
    try:
        listener = socket.socket(fileno=number)
        if listener.getsockname()[:2] == address:
            return listener
    except OSError:
        pass
    raise SettingsError(
        "LISTENER_FD must be a socket at BIND_HOST and PORT; leave it out and the program opens its own."
    )
