"""What is counted: shares with the interval that so few questions leave open, and how well two kinds part."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

Z = 1.959964
"""Of the normal distribution, for 95 %."""


@dataclass(frozen=True)
class Share:
    """So many of so many, with Wilson's interval for 95 %. https://doi.org/10.1080/01621459.1927.10502953"""

    right: int
    of: int

    @property
    def share(self) -> float | None:
        """None of nothing."""
        return self.right / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float]:
        """Between 0 and 1; all of it where nothing was asked."""
        if not self.of:
            return 0.0, 1.0
        share, spread = self.right / self.of, Z * Z / self.of
        middle = (share + spread / 2) / (1 + spread)
        half = Z * math.sqrt(share * (1 - share) / self.of + spread / (4 * self.of)) / (1 + spread)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        if self.share is None:
            return "-"
        low, high = self.interval
        return f"{100 * self.share:.0f} % ({100 * low:.0f}-{100 * high:.0f})"

    def as_json(self) -> dict[str, object]:
        """The same for programs."""
        return {**asdict(self), "share": self.share, "interval": self.interval}


def is_among_first(right: Sequence[bool], first: int) -> bool:
    """Whether a ranking has what is right among its first so many."""
    return any(right[:first])


def separation(answerable: Sequence[float], other: Sequence[float]) -> float | None:
    """How often one of the first has a higher score than one of the others: 1 always, 0.5 by chance."""
    if not answerable or not other:
        return None
    won = sum((one > two) + (one == two) / 2 for one in answerable for two in other)
    return won / (len(answerable) * len(other))
