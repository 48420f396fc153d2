"""How an answer came to a page."""

from dataclasses import dataclass, field

from benchmarks.answers.wire import Counted


@dataclass
class Followed:
    """Moments are on the monotonic clock, in seconds, which all processes of a machine share."""

    asked: float = 0.0
    pieces: list[float] = field(default_factory=list)
    """When there was more of its text on the page."""
    done: float = 0.0
    counted: Counted = field(default_factory=Counted)
    """What went over the wire from the question to the end, and what the page then asks for."""
    letters: str = ""
    """Those of the text that the page showed in the end."""
