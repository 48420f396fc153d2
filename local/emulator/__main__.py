"""Run the AWS emulator: `.venv-emulator/bin/python -m local.emulator --port 4566 --state .local/aws`."""

import argparse
import contextlib
import logging
import os
import signal
import socket
import sys
import threading

from command_line import EXIT_USAGE, Parser, path, port, text
from local.emulator.builds import hold_build, play_build
from local.emulator.process import READY
from local.emulator.server import PortInUse, Server, ServerError, listen

WAKE_SECONDS = 0.5


def main() -> int:
    """Serve until SIGINT or SIGTERM; prints `ready <endpoint>` when requests are answered.

    Returns the exit code: 2 with one sentence when the emulator cannot start.
    """
    options = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    if options.while_stdin_is_open:
        threading.Thread(target=_stop_at_the_end_of_stdin, args=(stopping,), daemon=True).start()
    try:
        with Server(_listener(options), options.state, options.region, options.on_build) as server:
            # Whoever started it may be gone already.
            with contextlib.suppress(BrokenPipeError):
                print(f"{READY}{server.endpoint_url}", flush=True)
            # Another thread may be given the signal, and only this one runs its handler: it has to wake up.
            while not stopping.wait(WAKE_SECONDS):
                pass
    except ServerError as error:
        print(error, file=sys.stderr)
        return EXIT_USAGE
    return 0


def _parser() -> Parser:
    parser = Parser(prog="python -m local.emulator", description=__doc__)
    parser.add_argument("--port", type=port, default=0, help="loopback port (default: a free one)")
    parser.add_argument(
        "--or-another-port", action="store_true", help="take a free port where another program has that one"
    )
    parser.add_argument("--state", type=path, help="directory that keeps the state (default: keep nothing)")
    parser.add_argument("--region", type=text, default="us-east-1", help="default region (%(default)s)")
    parser.add_argument(
        "--while-stdin-is-open", action="store_true", help="end with whoever started it, however that ends"
    )
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
    return parser


def _listener(options: argparse.Namespace) -> socket.socket:
    """A listener as the options say. Raises PortInUse."""
    try:
        return listen(options.port)
    except PortInUse:
        if not options.or_another_port:
            raise
        return listen(0)


def _stop_at_the_end_of_stdin(stopping: threading.Event) -> None:
    # Past Python's own buffer, whose lock a thread must not hold while the interpreter ends.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()


if __name__ == "__main__":
    sys.exit(main())
