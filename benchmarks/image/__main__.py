"""`python -m benchmarks.image`: see --help."""

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.arguments import count, end_in_order
from benchmarks.errors import CannotMeasure
from benchmarks.image.container import start
from benchmarks.image.layers import Layer, layers
from benchmarks.processes import on_linux
from benchmarks.serving.task import REPOSITORY
from command_line import Parser, path
from tests.container.conftest import ENGINE_TOOLS, STORES
from tests.container.engine import Engine, running_engine

OUT = REPOSITORY / "out" / "benchmarks" / "image"
IMAGE = "localhost/asistente-benchmark"
MEGABYTE, HUNDRED = 1e6, 100


def main(arguments: list[str]) -> int:
    """Measure, tell it and write it down. Return 0, or 2 when nothing can be measured."""
    given = _parsed(arguments)
    end_in_order()
    try:
        on_linux()
        with _engine() as engine:
            print("Building the image", flush=True)
            found = layers(engine, IMAGE, REPOSITORY)
            _tell_layers(found)
            starts = [start(engine, IMAGE, given.share / HUNDRED) for _ in range(given.starts)]
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    for name, seconds in (
        ("on the clock", [each.seconds for each in starts]),
        ("of processor", [each.processor for each in starts]),
    ):
        print(
            f"ready after {median(seconds):.2f} s {name}, the median of {given.starts} starts "
            f"({min(seconds):.2f} to {max(seconds):.2f}) with {given.share} % of one processor"
        )
    file = given.out / f"start-at-{given.share}-percent.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    at = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"layers": [vars(each) for each in found], "starts": [vars(each) for each in starts]}
    file.write_text(json.dumps({"at": at, "share": given.share, **told}, indent=1))
    print(f"Written to {file}")
    return 0


def _parsed(arguments: list[str]) -> argparse.Namespace:
    parser = Parser(
        prog="python -m benchmarks.image", description="What a task downloads, and how soon it serves."
    )
    parser.add_argument(
        "--share", type=count, default=50, metavar="PERCENT", help="of one processor; default: %(default)s"
    )
    parser.add_argument("--starts", type=count, default=5, metavar="N", help="default: %(default)s")
    parser.add_argument("--out", type=path, default=OUT, metavar="FOLDER", help="for what is found")
    return parser.parse_args(arguments)


@contextmanager
def _engine() -> Iterator[Engine]:
    missing = [tool for tool in ENGINE_TOOLS if shutil.which(tool) is None]
    missing += ["the rights of root"] if os.geteuid() else []
    if missing:
        raise CannotMeasure(
            f"Containers need {', '.join(missing)}: tests/container/install-engine.sh installs them, as root."
        )
    STORES.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=STORES.parent) as store, running_engine(Path(store)) as engine:
        yield engine


def _tell_layers(found: list[Layer]) -> None:
    """What comes with the base image, and what on top of it."""
    for layer in found:
        print(
            f"{layer.bytes / MEGABYTE:6.1f} MB compressed: {'the base' if layer.is_base else layer.made_by}"
        )
    ours = sum(each.bytes for each in found if not each.is_base)
    print(f"{ours / MEGABYTE:6.1f} MB compressed on top of the base")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
