"""What can stop the local mode, each said in one sentence."""

from __future__ import annotations


class LocalError(Exception):
    """The local mode can't go on; the message tells the user what to do."""

    exit_code = 1


class SetRightFirst(LocalError):
    """The same, and nothing was made, deployed or downloaded yet."""

    exit_code = 2
