"""The files of the pages, and where they lie for browsers."""

import functools
import hashlib
from pathlib import Path

STATIC = Path(__file__).with_name("static")


@functools.cache
def address(name: str) -> str:
    """Where a file lies for browsers, which may keep it for ever: another content is another address."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/pages/static/{name}?v={version}"
