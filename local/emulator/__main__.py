"""Run the AWS emulator alone: `python -m local.emulator --port 4566 --state .local/aws`."""

import logging
import signal
import sys
import threading

from command_line import Parser, path, port, text
from local.emulator import Emulator, EmulatorError, hold_build, play_build

WAKE_SECONDS = 0.5


def main() -> int:
    """Serve until SIGINT or SIGTERM; prints `ready <endpoint>` when requests are answered.

    Returns the exit code: 2 with one sentence when the emulator cannot start.
    """
    parser = Parser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--port", type=port, default=0, help="loopback port (default: a free one)")
    parser.add_argument("--state", type=path, help="directory that keeps the state (default: keep nothing)")
    parser.add_argument("--region", type=text, default="us-east-1", help="default region (%(default)s)")
    builds = parser.add_mutually_exclusive_group()
    builds.add_argument(
        "--play-builds",
        action="store_const",
        dest="on_build",
        const=play_build,
        help="report every image build as done without building",
    )
    builds.add_argument(
        "--hold-builds",
        action="store_const",
        dest="on_build",
        const=hold_build,
        help="leave every image build in progress (default: each fails)",
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    emulator = Emulator(options.state, options.port, options.region, on_build=options.on_build)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        with emulator:
            print(f"ready {emulator.endpoint_url}", flush=True)
            # Another thread may be given the signal, and only this one runs its handler: it has to wake up.
            while not stopping.wait(WAKE_SECONDS):
                pass
    except EmulatorError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
