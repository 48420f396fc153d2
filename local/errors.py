"""What can stop the local mode, each said in one sentence."""

from __future__ import annotations


class LocalError(Exception):
    """The local mode can't go on; the message tells the user what to do."""
