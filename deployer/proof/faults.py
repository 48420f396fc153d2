"""What a proof raises when the service is not as it should be."""

from __future__ import annotations

from deployer.errors import DeployError


class NotAsPromised(DeployError):
    """The service does something else than it should; the message says what."""
