"""What ends a benchmark before it has measured anything."""


class CannotMeasure(Exception):
    """Something that it needs is not there; the message is one sentence that says what to do."""
