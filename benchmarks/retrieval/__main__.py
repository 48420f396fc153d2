"""`python -m benchmarks.retrieval`: see --help."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.arguments import end_in_order
from benchmarks.errors import CannotMeasure
from benchmarks.retrieval import beside, citations, finding, newcomer, parsing, rewording
from benchmarks.retrieval.given import Given
from benchmarks.retrieval.questions import LANGUAGES
from command_line import Parser, path
from local.model import CATALOG

OUT = Path(__file__).parents[2] / "out" / "benchmarks" / "retrieval"
PARTS: dict[str, Callable[[Given], dict[str, Any]]] = {
    "finding": finding.run,
    "rewording": rewording.run,
    "citations": citations.run,
    "parsing": parsing.run,
    "beside": beside.run,
    "newcomer": newcomer.run,
}


def main(arguments: list[str]) -> int:
    """Measure a part, print it, and write it down. Return 0, or 2 when something that it needs is missing."""
    parser = Parser(prog="python -m benchmarks.retrieval", description="How documents are found.")
    parser.add_argument(
        "part", nargs="?", default="finding", choices=sorted(PARTS), help="default: %(default)s"
    )
    parser.add_argument(
        "--out", type=path, default=OUT, metavar="FOLDER", help="for what is fetched and found"
    )
    parser.add_argument("--each", action="store_true", help="show each question that was not answered, too")
    parser.add_argument(
        "--model",
        default="",
        choices=["", *CATALOG],
        help="what rewords (default: qwen) or answers (citations; default: a script)",
    )
    parser.add_argument("--book", choices=LANGUAGES, help="ask it in this language only (default: in both)")
    named = parser.parse_args(arguments)
    end_in_order()
    books = (named.book,) if named.book else LANGUAGES
    given = Given(named.out, books, named.model, each=named.each)
    try:
        measured = PARTS[named.part](given)
    except CannotMeasure as error:
        print(error, file=sys.stderr)
        return 2
    file = given.out / f"{named.part}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"at": datetime.now(UTC).isoformat(timespec="seconds"), **measured}, indent=1))
    print(f"Written to {file}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
