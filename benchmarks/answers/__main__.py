"""`python -m benchmarks.answers`: see --help."""

import argparse
import asyncio
import json
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.answers.comparing import COMPARED, as_dict, ratios
from benchmarks.answers.contenders import HERE, Contender, contenders
from benchmarks.answers.crowd import Load
from benchmarks.answers.measuring import Found, measured
from benchmarks.answers.plot import drawn
from benchmarks.answers.rivals import RIVALS
from benchmarks.arguments import count, end_in_order
from benchmarks.errors import CannotMeasure
from benchmarks.processes import on_linux
from benchmarks.serving.task import REPOSITORY
from command_line import EXIT_USAGE, Parser, path
from gradio_app.settings import ANSWERS_AT_ONCE

OUT = REPOSITORY / "out" / "benchmarks" / "answers"
WRITE_SECONDS = 3
"""Of the time in which all are written, which is measured by itself."""


def main(arguments: list[str]) -> int:
    """Measure, tell it and write it down. Return 0, or 2 when nothing can be measured."""
    given = _parsed(arguments)
    end_in_order()
    if given.tokens / given.rate < given.arrive + WRITE_SECONDS:
        print("Answers have to be longer: all must be written at the same time for a while.", file=sys.stderr)
        return EXIT_USAGE
    if given.streams > ANSWERS_AT_ONCE[1]:
        print(f"A task writes {ANSWERS_AT_ONCE[1]} answers at once, and no more.", file=sys.stderr)
        return EXIT_USAGE
    load = Load(given.streams, given.tokens, given.rate, given.arrive)
    try:
        on_linux()
        with contenders(given.against, given.beside) as running:
            found = asyncio.run(_rounds(running, load, given.rounds))
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    _write(given.out / f"{load.streams}-streams-at-{load.rate}.json", load, found)
    _tell(found)
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m benchmarks.answers", description="What an answer costs while it is written."
    )
    parser.add_argument("--streams", type=count, default=10, metavar="N", help="default: %(default)s")
    parser.add_argument(
        "--rate", type=count, default=50, metavar="TOKENS", help="a second; default: %(default)s"
    )
    parser.add_argument(
        "--tokens", type=count, default=500, metavar="N", help="of an answer; default: %(default)s"
    )
    parser.add_argument(
        "--arrive",
        type=count,
        default=1,
        metavar="SECONDS",
        help="over which they begin; default: %(default)s",
    )
    parser.add_argument("--rounds", type=count, default=3, metavar="N", help="default: %(default)s")
    parser.add_argument("--against", default="", metavar="REVISION", help="of Git, to compare this tree with")
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        choices=sorted(RIVALS),
        metavar="PRODUCT",
        help=f"to compare this tree with; any of {', '.join(RIVALS)}, each with an option of its own",
    )
    parser.add_argument("--out", type=path, default=OUT, metavar="FOLDER", help="for what is found")
    return parser.parse_args(arguments)


async def _rounds(running: dict[str, Contender], load: Load, rounds: int) -> dict[str, list[Found]]:
    """All of them run at the same time and are measured by turns, in changing order."""
    found: dict[str, list[Found]] = {name: [] for name in running}
    for number in range(rounds):
        numbered = list(enumerate(running))
        for place, name in numbered if number % 2 else reversed(numbered):
            crowd = running[name].crowd(f"{number}-{place}", load.streams)
            found[name].append(await measured(crowd, [running[name].pid], load))
            print(f"{name}: {_line(found[name][-1])}", flush=True)
    return found


def _line(found: Found) -> str:
    spreads = found.gap_ms, found.first_ms
    gap, first = (" / ".join(f"{each:.0f}" for each in spread) for spread in spreads)
    return (
        f"{found.ms_per_token:.3f} ms/token ({found.loop_ms_per_token:.3f} in the event loop; "
        f"{found.streaming_ms_per_token:.3f} while all are written), "
        f"{found.bytes_per_token:.0f} bytes/token, gap {gap} ms, first {first} ms, "
        f"{found.updates_per_answer:.0f} updates, {found.lost} lost"
    )


def _tell(found: dict[str, list[Found]]) -> None:
    """Medians; and how many times as much this tree takes as each of the others."""
    for name, rounds in found.items():
        medians = {field: median(getattr(each, field) for each in rounds) for field in COMPARED}
        print(f"{name}: {', '.join(f'{value:.3f} {field}' for field, value in medians.items())}")
    for name, fields in ratios(HERE, found).items():
        for field, ratio in fields.items():
            print(f"beside {name}, {field}: {ratio}")


def _write(file: Path, load: Load, found: dict[str, list[Found]]) -> None:
    """The JSON, and the plot of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    file.write_text(json.dumps({"at": at, "load": asdict(load), **as_dict(HERE, found)}, indent=1))
    print(f"Written to {file}")
    print(drawn(file))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
