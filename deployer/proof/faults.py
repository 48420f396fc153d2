"""What a proof raises when the service is not as it should be."""

from __future__ import annotations

from deployer.errors import EXIT_USAGE, DeployError


class NotAsPromised(DeployError):
    """The service does something else than it should; the message says what."""


class Asleep(DeployError):
    """No task runs, on purpose: there is nothing to prove; the message says until when."""

    def __init__(self, message: str) -> None:
        super().__init__(message, EXIT_USAGE)
