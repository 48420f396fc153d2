"""What can go wrong on the way to a model file."""

from __future__ import annotations


class ModelUnavailable(Exception):
    """There is no usable model file; the message is one sentence that says why and what to do."""


class SourceError(Exception):
    """One source could not deliver the file; the message is a clause that fits behind "from X:"."""
