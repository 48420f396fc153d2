"""`python -m benchmarks.growth`: see --help."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.answers.crowd import Load, People
from benchmarks.answers.measuring import Found, measured
from benchmarks.answers.person import Person
from benchmarks.answers.running import World, world
from benchmarks.arguments import count, end_in_order
from benchmarks.errors import CannotMeasure
from benchmarks.growth import ending
from benchmarks.growth.balancer import balanced
from benchmarks.processes import on_linux
from benchmarks.serving.task import REPOSITORY
from benchmarks.share import limited
from command_line import Parser, path
from gradio_app.login.cookies import session_cookie

OUT = REPOSITORY / "out" / "benchmarks" / "growth"
HUNDRED = 100


@dataclass(frozen=True)
class Front:
    """A balancer, and the processes behind it."""

    address: str
    pids: Sequence[int]


def main(arguments: list[str]) -> int:
    """Measure, tell it and write it down. Return 0, or 2 when nothing can be measured."""
    given = _parsed(arguments)
    end_in_order()
    load = Load(given.streams, given.tokens, given.rate, 1)
    try:
        on_linux()
        if given.ending:
            return _end(load, given.out)
        found = asyncio.run(_rounds(sorted({1, given.processes}), given.share / HUNDRED, load, given.rounds))
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    _tell(found)
    told = {number: [asdict(each) for each in rounds] for number, rounds in found.items()}
    _write(given.out / f"{given.processes}-processes.json", {"share": given.share, "found": told}, load)
    return 0


def _end(load: Load, folder: Path) -> int:
    _write(folder / f"ending-under-{load.streams}.json", ending.told(load), load)
    return 0


def _write(file: Path, told: dict[str, Any], load: Load) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    file.write_text(json.dumps({"at": at, "load": asdict(load), **told}, indent=1))
    print(f"Written to {file}")


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(prog="python -m benchmarks.growth", description="What more processes carry than one.")
    options = {
        "--processes": (2, "N", "beside one"),
        "--share": (25, "PERCENT", "of one processor, for each process"),
        "--streams": (40, "N", "answers at once for each process"),
        "--rate": (20, "TOKENS", "a second, of each answer"),
        "--tokens": (200, "N", "of an answer"),
        "--rounds": (3, "N", "by turns"),
    }
    for name, (value, metavar, about) in options.items():
        parser.add_argument(
            name, type=count, default=value, metavar=metavar, help=f"{about}; default: %(default)s"
        )
    parser.add_argument(
        "--ending",
        action="store_true",
        help="what is lost where a process is replaced, and where it is killed",
    )
    parser.add_argument("--out", type=path, default=OUT, metavar="FOLDER", help="for what is found")
    return parser.parse_args(arguments)


async def _rounds(counts: Sequence[int], share: float, load: Load, rounds: int) -> dict[int, list[Found]]:
    """All run at the same time and are measured by turns; twice the processes have twice the people."""
    found: dict[int, list[Found]] = {number: [] for number in counts}
    with ExitStack() as stack:
        around = stack.enter_context(world())
        tasks = [stack.enter_context(around.application()) for _ in range(counts[-1])]
        for _, pid in tasks:
            stack.enter_context(limited(pid, share))
        for turn in range(rounds):
            for number in counts if turn % 2 else reversed(counts):
                cookie = session_cookie(https=False).name
                # A new balancer, which knows nobody: so that all have as many people as the others.
                with balanced([address for address, _ in tasks[:number]], cookie) as address:
                    front = Front(address, [pid for _, pid in tasks[:number]])
                    found[number].append(await _measured(around, front, load, f"{turn}-{number}"))
                print(f"{number}: {_line(found[number][-1])}", flush=True)
    return found


async def _measured(around: World, front: Front, load: Load, name: str) -> Found:
    streams = load.streams * len(front.pids)
    people = [Person(front.address, around.signed_in(f"{name}-{each}")) for each in range(streams)]
    return await measured(People(people), front.pids, Load(streams, load.tokens, load.rate, load.arrive))


def _line(found: Found) -> str:
    return (
        f"{found.tokens_per_second:.0f} tokens a second, {found.ms_per_token:.3f} ms/token, "
        f"first words {found.first_ms[0]:.0f} ms (median), {found.lost} lost"
    )


def _tell(found: dict[int, list[Found]]) -> None:
    """How many times as much more processes carry than one."""
    one = found[1]
    for number, rounds in found.items():
        ratios = [a.tokens_per_second / b.tokens_per_second for a, b in zip(rounds, one, strict=True)]
        print(
            f"{number} processes carry {median(ratios):.2f} times as much as one, "
            f"from {min(ratios):.2f} to {max(ratios):.2f}"
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
