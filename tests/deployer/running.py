"""Every command line of ours in this process: what it says and with which exit code it ends."""

from __future__ import annotations

import contextlib
import io
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from deployer import __main__ as deploy_sh
from deployer.offline import cost, policy

Main = Callable[[Sequence[str]], int]


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote to its standard error."""

    code: int
    said: str

    @property
    def is_one_sentence(self) -> bool:
        """Whether it refused as it should: exit code 2, one line, and nothing of Python."""
        return self.is_explained and "\n" not in self.said.strip()

    @property
    def is_explained(self) -> bool:
        """The same, with a line for each mistake."""
        return self.code == 2 and bool(self.said.strip()) and "Traceback" not in self.said


def run(main: Main, *arguments: str) -> Ended:
    """Run a command; its standard output is lost."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(arguments)
        except SystemExit as end:  # argparse
            code = end.code if isinstance(end.code, int) else 1
    return Ended(code, said.getvalue())


def as_program(main: Callable[[], int], name: str) -> Main:
    """A `main` that reads the program's arguments itself."""

    def started(arguments: Sequence[str]) -> int:
        before, sys.argv = sys.argv, [name, *arguments]
        handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
        try:
            return main()
        finally:
            sys.argv = before
            for number, handler in handlers.items():
                signal.signal(number, handler)

    return started


DEPLOY_SH, COST, POLICY = deploy_sh.main, cost.main, policy.main
