"""`python -m local.preloaded`: the application's process, begun before it is known what it will serve.

Importing takes longest of a start, and needs none of the application's variables. They come as JSON by
standard input, once there is something to serve; where that ends without them, so does this.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    """Import, wait for the variables, and be the application from there on."""
    import gradio_app.serving  # noqa: F401 (what takes seconds)
    from gradio_app.__main__ import main as serve

    told = sys.stdin.readline()
    if not told:
        return 0
    os.environ.update(json.loads(told))
    return serve()


if __name__ == "__main__":
    sys.exit(main())
