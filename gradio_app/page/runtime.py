"""Gradio's process-wide switches: set before its first import, and in no other place.

The package's `__init__` calls `prepare()`, so any import from `gradio_app.chat` is early enough; a module
that imports gradio by itself must do so after one of this package.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

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


COMPONENTS = "gradio.component_meta"
STUBS = "create_or_modify_pyi"
"""Its function that writes type stubs for editors, for which it parses the source of every component."""


def prepare() -> None:
    """Set Gradio's switches, and keep it from what only costs here.

    That is matplotlib, whose figures Gradio asks for around every event when it can be imported (a quarter of
    each answer's CPU time); type stubs at every start (a fifth of a start's); and its own command line.
    """
    os.environ.update(SWITCHES)
    sys.modules.setdefault("matplotlib", None)  # pyright: ignore[reportArgumentType] (None forbids the import)
    if "gradio" not in sys.modules:
        sys.meta_path.insert(0, WithoutStubs())
        sys.modules["gradio.cli"] = _without_commands()


class WithoutStubs:
    """Finds Gradio's module that makes components, once, and has it write no stubs.

    Gradio has no switch for that. What it would take: one that is asked in `create_or_modify_pyi`.
    """

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """As the import system asks its finders."""
        del path, target
        if name != COMPONENTS:
            return None
        sys.meta_path.remove(self)  # pyright: ignore[reportArgumentType] (what has `find_spec` is a finder)
        spec = importlib.util.find_spec(name)
        if spec and spec.loader:
            execute = spec.loader.exec_module

            def execute_without(module: ModuleType) -> None:
                execute(module)
                setattr(module, STUBS, _no_stubs)

            spec.loader.exec_module = execute_without
        return spec


def _no_stubs(*_: object) -> None:
    """In place of Gradio's function."""


def _without_commands() -> ModuleType:
    """In place of the `gradio` command, of which the package itself takes one name."""
    commands = ModuleType("gradio.cli")
    vars(commands)["deploy"] = None
    return commands
