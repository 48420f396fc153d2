"""A rival in a process of its own, with a model on loopback."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.answers.rivals import Rival
from benchmarks.processes import ended, free_port, until_it_answers


@contextmanager
def running(rival: Rival, environment: dict[str, str], model_url: str) -> Iterator[tuple[str, int]]:
    """Its address and process, once it answers; `environment` is the whole one but for its own settings.

    Raises CannotMeasure.
    """
    python = rival.python
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        settings = {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": model_url,
            # Nothing of this machine's settings counts, and nothing is left on it.
            "HOME": folder,
            "CHAINLIT_APP_ROOT": folder,
        }
        process = subprocess.Popen(  # noqa: S603 (a program of ours in an environment of ours)
            [str(python), *(each.format(app=rival.app, port=port) for each in rival.command)],
            cwd=folder,
            env={**environment, **settings, **rival.settings},
            stdout=subprocess.DEVNULL,
        )
        with ended(process):
            address = f"http://127.0.0.1:{port}"
            until_it_answers(process, f"{address}{rival.health}", f"{rival.product} did not start.")
            yield address, process.pid
