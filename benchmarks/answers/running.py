"""The application with its login and its table, and the model: each in a process of its own."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.errors import CannotMeasure
from benchmarks.serving.task import BUCKET, REPOSITORY, TABLE, started
from gradio_app.cognito.tokens import SignedIn
from gradio_app.identity import Identity
from gradio_app.login.cookies import session_cookie
from gradio_app.sessions.session import Session, new_token
from gradio_app.settings import ANSWERS_AT_ONCE
from gradio_app.store import schema
from gradio_app.store.table import Table
from tests.emulator_fixture import RunningEmulator, run_emulator
from tests.gradio_app.tables import create_table

POOL = {"POOL_ID": "us-east-1_benchmark", "APP_CLIENT_ID": "benchmark", "APP_CLIENT_SECRET": "none"}
"""Of a pool that nobody asks: sessions are confirmed there after minutes only (`sessions.CHECK_SECONDS`)."""
SESSION_SECONDS = 3600


@dataclass(frozen=True)
class World:
    """What an application needs around it."""

    emulator: RunningEmulator
    model_url: str
    table: Table

    def signed_in(self, name: str) -> str:
        """The header with the cookie of a new session."""
        token, now = new_token(), int(time.time())
        who = SignedIn(
            Identity(f"id-of-{name}", f"{name}@example.com"), name, "a", "r", now + SESSION_SECONDS
        )
        session = Session.begin(token, who, now)
        self.table.put(
            {
                "pk": schema.session(session.key),
                "sk": schema.SESSION,
                "expires_at": now + SESSION_SECONDS,
                **session.attributes(),
            }
        )
        return f"{session_cookie(https=False).name}={token}"

    @contextmanager
    def application(self, tree: Path = REPOSITORY) -> Iterator[tuple[str, int]]:
        """The application of a tree of files: its address and process."""
        settings = POOL | {
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": self.model_url,
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": BUCKET,
            # All of them at once: who waits in line would count as one who is written for.
            "ANSWERS_AT_ONCE": str(ANSWERS_AT_ONCE[1]),
        }
        with started(self.emulator.environment | settings, tree) as running:
            yield running


@contextmanager
def world() -> Iterator[World]:
    """An empty table and a model, until the block ends."""
    with run_emulator() as emulator, _model() as model_url:
        dynamodb: Any = emulator.client("dynamodb")
        create_table(dynamodb, TABLE)
        emulator.client("s3").create_bucket(Bucket=BUCKET)
        yield World(emulator, model_url, Table(dynamodb, TABLE))


@contextmanager
def _model() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.answers.model"], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True
    )
    try:
        ready = process.stdout.readline() if process.stdout else ""
        if not ready:
            raise CannotMeasure("The model did not start: python -m benchmarks.answers.model says why.")
        yield ready.split()[1]
    finally:
        process.terminate()
        process.wait()
