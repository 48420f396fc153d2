"""`python -m gradio_app`: read the settings, serve, and stop in good order.

Exit codes: 0 stopped as asked, 1 the address cannot be had, 2 the settings are wrong.
"""

import os
import signal
import sys
from types import FrameType

from gradio_app import logs
from gradio_app.listener import claim
from gradio_app.settings import Settings, SettingsError


def main() -> int:
    """Serve until SIGTERM or SIGINT; return the exit code."""
    # As a container's first process a signal without a handler is ignored, and importing takes seconds.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop_at_once)
    try:
        settings = Settings.from_env(os.environ)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_level)
    try:
        listener = claim(settings)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        return _cannot_listen(settings, error)
    from gradio_app.serving import serve  # takes seconds to import, so only when all else is well

    try:
        # Not before: connections are refused while nobody can serve them. Whoever bound the same address
        # meanwhile may have been first; uvicorn's event loop would run on without a word, and serve nobody.
        listener.listen()
    except OSError as error:
        return _cannot_listen(settings, error)
    serve(settings, listener)
    return 0


def _cannot_listen(settings: Settings, error: OSError) -> int:
    print(
        f"Cannot listen on {settings.bind_host} port {settings.port} ({error.strerror}): "
        "stop what uses it or set PORT to another.",
        file=sys.stderr,
    )
    return 1


def _stop_at_once(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


if __name__ == "__main__":
    sys.exit(main())
