"""What the command lines of all benchmarks have in common."""

import argparse
import signal
from types import FrameType

MOST = 1_000_000


def count(text: str) -> int:
    """The type of an option that says how many."""
    if not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= MOST):
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {MOST}")
    return int(text)


def end_in_order() -> None:
    """When this process is told to end, those that it has started end too, as after an interruption."""
    signal.signal(signal.SIGTERM, _leave)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(1)
