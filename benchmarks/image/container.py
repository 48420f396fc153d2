"""A start of the image: from the moment in which its program begins until it is ready."""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from benchmarks.errors import CannotMeasure
from benchmarks.processes import START_SECONDS, free_port, tree_seconds
from benchmarks.share import limited
from gradio_app.settings import WITHOUT_LOGIN
from tests.container.engine import Engine
from tests.container.task import RESTRICTIONS
from tests.emulator_fixture import run_emulator
from tests.gradio_app.tables import create_table

HELD = "read -r line && exec python -m gradio_app"
"""The image's own command, once there is a line to read: by then the container has its share."""
LOOK_SECONDS = 0.02
TABLE, BUCKET, NAME = "start", "files", "benchmark"


@dataclass(frozen=True)
class Start:
    """How long it took on the clock until it was ready, and of the processor, in seconds."""

    seconds: float
    processor: float


def start(engine: Engine, image: str, share: float) -> Start:
    """Start it with a share of one processor, an empty table and no login. Raises CannotMeasure."""
    with run_emulator() as emulator:
        create_table(emulator.client("dynamodb"), TABLE)
        emulator.client("s3").create_bucket(Bucket=BUCKET)
        port = free_port()
        settings = {
            "AUTHENTICATION": WITHOUT_LOGIN,
            "PUBLIC_SCHEME": "http",
            "BIND_HOST": "127.0.0.1",
            "PORT": str(port),
            "MODEL_IDS": "fake.model",
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": BUCKET,
        }
        aws = {name: value for name, value in emulator.environment.items() if name.startswith("AWS_")}
        with _held(engine, image, aws | settings) as container:
            pid = int(engine.run("podman", "inspect", "--format", "{{.State.Pid}}", NAME))
            with limited(pid, share):
                before, began = tree_seconds(pid), time.monotonic()
                _go_on(container)
                _until_ready(container, f"http://127.0.0.1:{port}/readyz")
                return Start(time.monotonic() - began, tree_seconds(pid) - before)


@contextmanager
def _held(engine: Engine, image: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """The container, which waits for a line."""
    with tempfile.NamedTemporaryFile("w", suffix=".env") as variables:
        variables.writelines(f"{name}={value}\n" for name, value in environment.items())
        variables.flush()
        command = ["podman", "run", "--interactive", f"--name={NAME}", f"--env-file={variables.name}"]
        process = subprocess.Popen(  # noqa: S603 (a program of our own)
            engine.command(*command, *RESTRICTIONS, image, "sh", "-c", HELD),
            env={**engine.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _until_runs(engine, process)
            yield process
        finally:
            engine.run("podman", "rm", "--force", "--time=0", "--volumes", NAME)
            process.wait()


def _go_on(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.write(b"\n")
        process.stdin.flush()


def _until_runs(engine: Engine, process: subprocess.Popen[bytes]) -> None:
    running = ("sh", "-c", f"test \"$(podman inspect --format '{{{{.State.Running}}}}' {NAME})\" = true")
    end = time.monotonic() + START_SECONDS
    while not engine.ends_well(*running):
        if process.poll() is not None or time.monotonic() > end:
            raise CannotMeasure("The container did not start.")
        time.sleep(LOOK_SECONDS)


def _until_ready(process: subprocess.Popen[bytes], url: str) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=START_SECONDS, trust_env=False).status_code == httpx.codes.OK:
                return
        time.sleep(LOOK_SECONDS)
    raise CannotMeasure("The container was not ready in time.")
