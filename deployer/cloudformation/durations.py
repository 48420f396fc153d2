"""How long AWS typically takes to make a resource: nobody waits for these numbers, people look at them."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

DURATIONS = Path(__file__).with_name("durations.toml")


@cache
def durations() -> dict[str, Any]:
    """The table: seconds and their source by type, and what the others take."""
    return tomllib.loads(DURATIONS.read_text("utf-8"))


def typical(kind: str) -> int:
    """Seconds that a resource of this type takes until it is there; 0 where nothing is known of it."""
    return durations().get(kind, {}).get("seconds", 0)
