"""Other products for a chat with a model, each at its documented settings in an environment of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import CannotMeasure

REPOSITORY = Path(__file__).parents[3]
ENVIRONMENTS = REPOSITORY / ".venv-bench"
STAMP = ".installed"
"""What make leaves in an environment that is whole."""
STREAMLIT, CHAINLIT = "streamlit", "chainlit"


@dataclass(frozen=True)
class Rival:
    """How a product is started. In `command` are places for the file that it runs and its port."""

    product: str
    command: tuple[str, ...]
    health: str
    """The path that answers once it serves."""
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """Of its environment. Raises CannotMeasure when that is not installed."""
        environment = ENVIRONMENTS / self.product
        if not (environment / STAMP).exists():
            stamp = f".venv-bench/{self.product}/{STAMP}"
            raise CannotMeasure(f"There is no {self.product} to measure: make {stamp} installs it.")
        return environment / "bin" / "python"

    @property
    def app(self) -> Path:
        """What it runs."""
        return Path(__file__).parent / self.product / "app.py"


def _streamlit(*, is_compressed: bool) -> Rival:
    command = (
        *("-m", "streamlit", "run", "{app}"),
        *("--server.address", "127.0.0.1", "--server.port", "{port}", "--server.headless", "true"),
        *("--server.fileWatcherType", "none", "--runner.magicEnabled", "false"),
        *("--browser.gatherUsageStats", "false", "--logger.level", "error"),
        *("--server.enableWebsocketCompression", str(is_compressed).lower()),
    )
    return Rival(STREAMLIT, command, "/_stcore/health")


def _chainlit(*, is_compressed: bool) -> Rival:
    command = ("-m", "chainlit", "run", "{app}", "--headless", "--host", "127.0.0.1", "--port", "{port}")
    settings = {"UVICORN_WS_PER_MESSAGE_DEFLATE": str(is_compressed).lower()}
    return Rival(CHAINLIT, command, "/", settings)


RIVALS = {
    "streamlit": _streamlit(is_compressed=False),
    "streamlit-deflate": _streamlit(is_compressed=True),
    "chainlit": _chainlit(is_compressed=False),
    "chainlit-deflate": _chainlit(is_compressed=True),
}
"""Compressed messages are fewer bytes and more processor time: no one setting is the best for both."""
