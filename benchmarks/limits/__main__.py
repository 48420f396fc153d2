"""`python -m benchmarks.limits`: see --help."""

import math
import sys

from benchmarks.limits.hour import Hour, waiting_share
from benchmarks.limits.quotas import LIMITS, Limit
from benchmarks.limits.simulation import simulate
from command_line import Parser
from templates.stacks.service import ANSWERS

PEOPLE = (100, 10_000, 1_000_000)
FILLED = (0.6, 0.75, 0.9)
"""Of the places, how many are taken on average."""
QUESTIONS = 200_000


def main(arguments: list[str]) -> int:
    """Print both tables, as docs/limits.md has them."""
    Parser(prog="python -m benchmarks.limits", description=__doc__).parse_args(arguments)
    print("\n".join(limits()), end="\n\n")
    print("\n".join(lines()))
    return 0


def limits() -> list[str]:
    """The table of what is needed and what there is, what is short first at the top."""
    head = " | ".join(f"{people:,} people" for people in PEOPLE)
    rows = [f"| | {head} | what there is | short from | what to turn |", "|---|" + "---|" * (len(PEOPLE) + 3)]
    for limit in sorted(LIMITS, key=lambda limit: limit.reached or math.inf):
        needs = " | ".join(_need(limit, Hour(people)) for people in PEOPLE)
        there = f"{limit.allowed:,}{limit.unit}" if limit.allowed is not None else "each model's"
        source = limit.source if not limit.source.startswith("http") else f"[AWS]({limit.source})"
        short = f"{limit.reached:,} people" if limit.reached else ""
        rows.append(f"| {limit.what} | {needs} | {there} ({source}) | {short} | {limit.turn} |")
    return rows


def lines() -> list[str]:
    """The table of computed and simulated lines, by size of task."""
    rows = ["| places | taken on average | found no place, computed | simulated |", "|---|---|---|---|"]
    for places in sorted(set(ANSWERS.values())):
        for share in FILLED:
            load = share * places
            seen = simulate(load, places, Hour(1).answer_seconds, QUESTIONS)
            computed = waiting_share(load, places)
            rows.append(f"| {places} | {share:.0%} | {computed:.2%} | {seen.waiting_share:.2%} |")
    return rows


def _need(limit: Limit, hour: Hour) -> str:
    need = limit.need(hour)
    shown = f"{need:,.0f}" if need >= 10 else f"{need:.2g}"
    return f"**{shown}**" if limit.allowed is not None and need > limit.allowed else shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
