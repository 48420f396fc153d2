"""What only answers need, imported when the application serves already: a page is there the sooner."""

import importlib
import logging
import threading

MODULES = ("langchain_aws",)
"""A quarter of the CPU of a start. Who asks before it is there waits for it, as for any import."""

log = logging.getLogger(__name__)


def load() -> threading.Thread:
    """Import them in a thread of its own, which is returned."""
    thread = threading.Thread(target=_load, daemon=True, name="late")
    thread.start()
    return thread


def _load() -> None:
    for name in MODULES:
        try:
            importlib.import_module(name)
        except Exception:  # who needs it will be told, and the application serves all else
            log.exception("%s cannot be imported", name)
