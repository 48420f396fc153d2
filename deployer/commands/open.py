"""Opens the assistant in a browser."""

from __future__ import annotations

import webbrowser
from argparse import Namespace
from collections.abc import Callable

from rich.console import Console

from deployer.account import deployment
from deployer.command import Command
from deployer.console import say
from deployer.errors import EXIT_USAGE, UsageError, explained
from deployer.options import Options
from deployer.session import connect


def run(options: Options, console: Console, browse: Callable[[str], bool] = webbrowser.open) -> None:
    """Print the address and open it; a machine without a browser shows the address all the same."""
    with explained(EXIT_USAGE):
        aws = connect(options)
        (url,) = deployment.outputs(aws, options, "ServiceUrl")
        if not url.startswith(("https://", "http://")):
            raise UsageError(f"The stack {options.stack} gives no address to open: {url}.")
    say(console, url)
    if not browse(url):
        say(console, "There is no browser here: open that address where there is one.", "yellow")


def _start(_: Namespace, options: Options, console: Console) -> None:
    run(options, console)


COMMAND = Command(name="open", summary="Open the assistant in a browser", start=_start)
