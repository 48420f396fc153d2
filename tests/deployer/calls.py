"""Every call to AWS that this process makes, seen and perhaps refused before it goes out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

See = Callable[[Any, str, Any], None]
"""Is given the client, the operation and its arguments; what it raises is what comes of the call."""


def seen(patch: pytest.MonkeyPatch, see: See) -> None:
    """Have `see` look at each call of every client."""
    make_call: Callable[..., Any] = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(self: Any, operation: str, arguments: Any) -> Any:
        see(self, operation, arguments)
        return make_call(self, operation, arguments)

    patch.setattr(BaseClient, "_make_api_call", call)


def refused(patch: pytest.MonkeyPatch, operation: str, code: str) -> None:
    """Have an operation refused with this code."""

    def see(_client: Any, name: str, _arguments: Any) -> None:
        if name == operation:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, name)

    seen(patch, see)
