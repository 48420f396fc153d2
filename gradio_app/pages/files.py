"""The files of the pages, and where they lie for browsers."""

import base64
import functools
import hashlib
from pathlib import Path

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

STATIC = Path(__file__).with_name("static")
SMALLEST = 500
"""Bytes from which on something is compressed."""
LEVEL = 6
COMPRESSED = Middleware(GZipMiddleware, minimum_size=SMALLEST, compresslevel=LEVEL)
"""For routes whose answers repeat nothing of their request: else one could guess at what is secret in them by
their length (BREACH)."""


def served(directory: Path) -> ASGIApp:
    """The files of a folder, compressed: CloudFront does that only with what it keeps, and not with these."""
    return GZipMiddleware(StaticFiles(directory=directory), minimum_size=SMALLEST, compresslevel=LEVEL)


@functools.cache
def address(name: str) -> str:
    """Where a file lies for browsers, which may keep it for ever: another content is another address."""
    version = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/pages/static/{name}?v={version}"


class Inside:
    """A file that stands in a page itself: `source` has a policy allow this text, and no other."""

    def __init__(self, name: str) -> None:
        self.text = (STATIC / name).read_text()
        digest = base64.b64encode(hashlib.sha256(self.text.encode()).digest()).decode()
        self.source = f"'sha256-{digest}'"
