"""Gradio's process-wide switches: set before its first import, and in no other place.

The package's `__init__` calls `prepare()`, so any import from `gradio_app.chat` is early enough; a module
that imports gradio by itself must do so after one of this package.
"""

import os
import sys

SWITCHES = {
    # No calls to anyone: neither usage statistics nor version checks.
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    # Gradio recomputes statistics of its own events, with pandas, after each event; this makes it rare.
    "GRADIO_ANALYTICS_CACHE_FREQUENCY": "1000000",
    "GRADIO_ANALYTICS_MAX_EVENTS": "200",
    # Conversations live in the table, not in Gradio's own history nor in the browser.
    "GRADIO_RUN_HISTORY": "False",
    "GRADIO_SSR_MODE": "False",
    "GRADIO_MCP_SERVER": "False",
}


def prepare() -> None:
    """Set Gradio's switches and keep it from importing matplotlib (a quarter of each answer's CPU time).

    Gradio asks matplotlib for its figures around every event when it can be imported; the chat has none.
    """
    os.environ.update(SWITCHES)
    sys.modules.setdefault("matplotlib", None)  # pyright: ignore[reportArgumentType] (None forbids the import)
