"""How many times as much one takes as others, round by round."""

from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.answers.measuring import Found

COMPARED = ("ms_per_token", "loop_ms_per_token", "streaming_ms_per_token", "bytes_per_token")


@dataclass(frozen=True)
class Ratio:
    """Of rounds that were measured by turns."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        """As it is told."""
        return f"{self.median:.2f} times as much, from {self.low:.2f} to {self.high:.2f}"


def ratios(of: str, found: dict[str, list[Found]]) -> dict[str, dict[str, Ratio]]:
    """That of one to each of the others, for each field that is compared.

    Rounds in which either has lost an answer say nothing of what an answer takes, and are left out.
    """
    compared: dict[str, dict[str, Ratio]] = {}
    for name, rounds in found.items():
        whole = [pair for pair in zip(found[of], rounds, strict=True) if not any(each.lost for each in pair)]
        if name != of:
            compared[name] = {field: each for field in COMPARED if (each := _ratio(whole, field))}
    return compared


def _ratio(pairs: list[tuple[Found, Found]], field: str) -> Ratio | None:
    values: list[tuple[Any, Any]] = [(getattr(a, field), getattr(b, field)) for a, b in pairs]
    # Of a short run the clock of the processor may have seen nothing.
    each = [a / b for a, b in values if b]
    return Ratio(median(each), min(each), max(each)) if each else None


def as_dict(of: str, found: dict[str, list[Found]]) -> dict[str, Any]:
    """All of it, for JSON."""
    compared = {
        name: {field: asdict(ratio) for field, ratio in fields.items()}
        for name, fields in ratios(of, found).items()
    }
    return {
        "found": {name: [asdict(each) for each in rounds] for name, rounds in found.items()},
        "times as much": {of: compared},
    }
