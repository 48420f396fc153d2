"""The layer over MiniStack: what it lacks of AWS, in a table of handlers.

Imports MiniStack, so it must be imported only when MiniStack's settings are in the environment.
"""

from collections.abc import Callable

from ministack import app as ministack
from ministack.core import persistence
from ministack.services.cloudformation import wait_conditions

from local.emulator.front import App


def install(on_build: Callable[[dict[str, str]], None] | None) -> App:
    """Put the layer into MiniStack and return its ASGI application."""
    return ministack.app


def save() -> None:
    """Write every service's state to the state directory, as a graceful stop does."""
    persistence.save_all(ministack._build_persistence_save_dict())


def release_waiting_threads() -> None:
    """Let wait conditions give up, so that a stop does not wait for their signals."""
    wait_conditions.reset()
