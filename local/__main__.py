"""`make local`: the command line of the local mode, and the one place that reads its environment."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from command_line import Parser, path, port, sentences
from deployer.errors import UsageError, explain_os
from local.errors import LocalError
from local.run import Options, run
from local.state import State

ROOT = Path(__file__).resolve().parent.parent
INTERRUPTED = 130  # what a shell reports for a program ended by Ctrl-C


def main() -> int:
    """Return the exit code: 0 stopped by the user, 1 failed, 2 to be set right first, 130 an early Ctrl-C."""
    options = _options(sys.argv[1:], dict(os.environ))
    console = Console(highlight=False)
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    signal.signal(signal.SIGHUP, _as_ctrl_c)
    try:
        if options.reset:
            return _reset(options.state, console)
        run(options, console)
    except (LocalError, UsageError) as error:
        return _end(str(error), error.exit_code)
    except OSError as error:
        return _end(explain_os(error), LocalError.exit_code)
    except KeyboardInterrupt:
        console.print("Stopped. What was downloaded is kept; `make local` goes on from here.")
        return INTERRUPTED
    return 0


def _end(sentence: str, code: int) -> int:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(sentences(sentence), style="red", markup=False)
    return code


def _options(arguments: list[str], environment: dict[str, str]) -> Options:
    # "Not set or empty" says the specification of this one: https://specifications.freedesktop.org/basedir/latest/
    home = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", ROOT), ".cache")
    given = _parser(Path(home, "asistente", "models")).parse_intermixed_args(arguments)
    return Options(
        root=ROOT,
        state=State(given.state.resolve()),
        models=given.models,
        model=given.model or "qwen",
        gguf=given.gguf,
        port=given.port,
        new_password=given.new_password,
        browser=not given.no_browser and sys.stdout.isatty() and _has_screen(environment),
        reset=given.reset,
        oidc_client_secret=given.oidc_client_secret,
        parameters=tuple(given.parameters),
        environment=environment,
    )


def _parser(cache: Path) -> Parser:
    """The command line; models are kept in `cache` unless it says otherwise."""
    parser = Parser(prog="make local", description="The whole assistant on this machine.")
    parser.add_argument(
        "--gguf", type=path, metavar="FILE", help="a GGUF model of your own instead of the default"
    )
    parser.add_argument("--model", choices=("qwen", "smollm2"), help="which model to fetch (default: qwen)")
    parser.add_argument(
        "--port",
        type=port,
        default=8080,
        help="where the assistant listens, 0 for any free port (default: %(default)s)",
    )
    parser.add_argument(
        "--new-password", action="store_true", help="give the demo user a new temporary password"
    )
    parser.add_argument("--no-browser", action="store_true", help="do not open a browser")
    parser.add_argument("--reset", action="store_true", help="forget users and conversations, then stop")
    parser.add_argument(
        "--oidc-client-secret",
        type=path,
        metavar="FILE",
        help="with SingleSignOn=oidc: what the provider gave you",
    )
    parser.add_argument(
        "--state", type=path, default=ROOT / ".local" / "state", metavar="FOLDER", help="what to keep where"
    )
    parser.add_argument(
        "--models", type=path, default=cache, metavar="FOLDER", help="where models are cached"
    )
    parser.add_argument(
        "parameters", nargs="*", metavar="Key=Value", help="template parameters, as for make deploy"
    )
    parser.never_with("--gguf", "--model")
    running = (
        "--gguf",
        "--model",
        "--models",
        "--port",
        "--new-password",
        "--no-browser",
        "--oidc-client-secret",
    )
    parser.never_with("--reset", *running, "Key=Value")
    return parser


def _has_screen(environment: dict[str, str]) -> bool:
    """Whether a browser would get a window; without one, some would take over the terminal."""
    return sys.platform == "darwin" or bool(environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"))


def _reset(state: State, console: Console) -> int:
    with state.held():
        state.forget()
    console.print("The local users and conversations are forgotten. The model stays cached.")
    return 0


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
