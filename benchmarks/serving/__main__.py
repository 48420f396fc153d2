"""`python -m benchmarks.serving`: see --help."""

import argparse
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.arguments import count, end_in_order
from benchmarks.errors import CannotMeasure
from benchmarks.serving import first, idle, lag, length, memory, start
from benchmarks.serving.task import serving
from command_line import Parser, path

OUT = Path(__file__).parents[2] / "out" / "benchmarks" / "serving"
PARTS = ("memory", "length", "lag", "start", "idle", "first")


def main(arguments: list[str]) -> int:
    """Measure these parts, and write it down. Return 0, or 2 when nothing can be measured."""
    parser = Parser(prog="python -m benchmarks.serving", description="What one task takes.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument(
        "--views", type=count, default=10_000, metavar="N", help="for memory; default: %(default)s"
    )
    parser.add_argument(
        "--turns", type=count, default=2_000, metavar="N", help="for memory; default: %(default)s"
    )
    parser.add_argument(
        "--pairs",
        type=count,
        default=8,
        metavar="N",
        help="for length, lag, start and first; default: %(default)s",
    )
    parser.add_argument(
        "--pages", type=count, default=2_000, metavar="N", help="for idle; default: %(default)s"
    )
    parser.add_argument("--out", type=path, default=OUT, metavar="FOLDER", help="for what is found")
    given = parser.parse_args(arguments)
    if unknown := [each for each in given.parts if each not in PARTS]:
        parser.error(f"there is no part {unknown[0]}")
    end_in_order()
    try:
        for name in given.parts or PARTS:
            found = _measure(name, given)
            file = given.out / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            found = {"at": datetime.now(UTC).isoformat(timespec="seconds"), **found}
            file.write_text(json.dumps(found, indent=1))
            print(f"Written to {file}")
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _measure(name: str, given: argparse.Namespace) -> dict[str, Any]:
    if name == "start":
        return start.run(given.pairs)
    if name == "idle":
        return idle.run(given.pages)
    if name == "first":
        return first.run(given.pairs)
    with serving() as task:
        if name == "memory":
            return memory.run(task, given.views, given.turns)
        return {"length": length, "lag": lag}[name].run(task, given.pairs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
