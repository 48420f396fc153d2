"""Every command with every fault at every call, which takes hours: `python -m tests.deployer.faults`."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser

from tests.deployer.faults.cases import CASES, world
from tests.deployer.faults.sweep import whole
from tests.deployer.faults.wire import Kind
from tests.emulator_fixture import run_emulator


def main() -> int:
    """Print what is wrong, a line each; return 1 when anything is."""
    parser = ArgumentParser(prog="python -m tests.deployer.faults", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="COMMAND", help=f"by default all: {', '.join(CASES)}")
    parser.add_argument("--once", action="store_true", help="each operation once: its last call")
    parser.add_argument("--kind", action="append", choices=list(Kind), help="of fault; by default all")
    given = parser.parse_args()
    count = 0
    for name in given.cases or CASES:
        began = time.monotonic()
        with run_emulator("--play-builds") as aws, world(aws) as here:
            case = CASES[name](here)
            kinds = [Kind(each) for each in given.kind or Kind]
            for fault, wrong in whole(case, kinds, once=given.once):
                count += 1
                print(f"{name}: {fault.kind} at {fault.point}: {wrong[:700]}", flush=True)
        print(f"{name}: done in {time.monotonic() - began:.0f} s", flush=True)
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
