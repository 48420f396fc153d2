"""The application in a process of its own, and who asks it."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks.processes import ended, on_linux, processor_seconds, resident_bytes, until_it_answers
from gradio_app.settings import WITHOUT_LOGIN
from tests.emulator_fixture import run_emulator
from tests.gradio_app.fake_bedrock import FakeBedrock
from tests.gradio_app.tables import create_table
from tests.security.chat_api import ChatClient

REPOSITORY = Path(__file__).parents[2]
REQUEST_SECONDS = 600
PROGRAM = ("-m", "gradio_app")
TABLE, BUCKET = "serving", "files"
NO_BUDGET = "0"


@dataclass(frozen=True)
class Task:
    """A running task, its table and its model."""

    address: str
    pid: int
    dynamodb: Any
    model: FakeBedrock

    def resident_bytes(self) -> int:
        """What it holds in memory."""
        return resident_bytes(self.pid)

    def processor_seconds(self) -> float:
        """What it has counted so far, in all of its threads."""
        return processor_seconds(f"{self.pid}")

    def tab(self) -> ChatClient:
        """A page of the one person that a task without login knows."""
        return ChatClient(self.browser())

    def browser(self) -> httpx.Client:
        """Connections of their own."""
        return httpx.Client(base_url=self.address, headers={"origin": self.address}, timeout=REQUEST_SECONDS)


@contextmanager
def serving(program: Sequence[str] = PROGRAM, log: Path | None = None) -> Iterator[Task]:
    """A new task with an empty table, until the block ends. Raises CannotMeasure.

    `program` and `log` are as in `started`.
    """
    on_linux()
    with run_emulator() as emulator, FakeBedrock() as model:
        dynamodb = emulator.client("dynamodb")
        create_table(dynamodb, TABLE)
        emulator.client("s3").create_bucket(Bucket=BUCKET)
        settings = {
            "AUTHENTICATION": WITHOUT_LOGIN,
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": model.endpoint_url,
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": BUCKET,
        }
        with started(emulator.environment | settings, program=program, log=log) as (address, pid):
            yield Task(address, pid, dynamodb, model)


@contextmanager
def started(
    environment: dict[str, str],
    tree: Path = REPOSITORY,
    *,
    program: Sequence[str] = PROGRAM,
    log: Path | None = None,
) -> Iterator[tuple[str, int]]:
    """The application of a tree of files, once it answers: its address and the id of its process.

    `environment` is the whole one but for what all benchmarks have in common, `program` is what Python is
    told to run, and `log` a file for all that it says. Raises CannotMeasure.
    """
    with contextlib.ExitStack() as files:
        listener = files.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        port = str(listener.getsockname()[1])
        settings = {
            "PUBLIC_SCHEME": "http",
            "PORT": port,
            "BIND_HOST": "127.0.0.1",
            "LISTENER_FD": str(listener.fileno()),
            "MODEL_IDS": "fake.model",
            "DAILY_TOKEN_BUDGET": NO_BUDGET,
            "LOG_LEVEL": "INFO" if log else "WARNING",
        }
        process = subprocess.Popen(  # noqa: S603 (programs of our own)
            [sys.executable, *program],
            cwd=tree,
            env=environment | settings,
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=files.enter_context(log.open("w")) if log else None,
        )
    address = f"http://127.0.0.1:{port}"
    with ended(process):
        why = "The application did not start: python -m gradio_app says why."
        until_it_answers(process, f"{address}/healthz", why)
        yield address, process.pid
