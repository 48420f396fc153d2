"""The whole assistant, started as a newcomer starts it, with the smallest model."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

import boto3
import pytest
from playwright.sync_api import Browser, Page

from local.run import REGION, STACK
from local.state import State
from tests.browser.chromium import PAGE_SECONDS

ROOT = Path(__file__).parents[2]
READY_SECONDS = 300  # the first start fetches the model
STOP_SECONDS = 60

# The smallest model talks on for minutes now and then; this is some seconds, time enough to stop it.
LONGEST_ANSWER = "MaxOutputTokens=200"


@dataclass(frozen=True)
class Assistant:
    """A running `make local`, as its terminal shows it; `password` is None once the user chose an own one."""

    url: str
    user: str
    password: str | None
    terminal: str
    state: Path
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def make_local(state: Path, *arguments: str, model: str = "smollm2") -> Iterator[Assistant]:
    """Run the local mode with its data in `state` until the block ends; usually with the smallest model."""
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "local",
            "--model",
            model,
            "--no-browser",
            "--state",
            str(state),
            LONGEST_ANSWER,
            *arguments,
        ],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _assistant(process, state)
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _assistant(process: subprocess.Popen[str], state: Path) -> Assistant:
    """Read the terminal until it says that the assistant is ready."""
    terminal = ""
    lines: Queue[str | None] = Queue()
    threading.Thread(target=_read, args=(process, lines), daemon=True).start()
    while "Ctrl-C stops it" not in terminal:
        try:
            line = lines.get(timeout=READY_SECONDS)
        except Empty:
            pytest.fail(f"make local said nothing for {READY_SECONDS} s after:\n{terminal}")
        if line is None:
            pytest.fail(f"make local ended with {process.wait()}:\n{terminal}")
        terminal += line
    return Assistant(
        url=_shown(r"Address\s+(\S+)", terminal) or "",
        user=_shown(r"User\s+(\S+)", terminal) or "",
        password=_shown(r"Temporary password\s+(\S+)", terminal),
        terminal=terminal,
        state=state,
        process=process,
    )


def _read(process: subprocess.Popen[str], lines: Queue[str | None]) -> None:
    # To the end, also after the start: a full pipe would stop the process.
    assert process.stdout
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _shown(pattern: str, terminal: str) -> str | None:
    return found[1] if (found := re.search(pattern, terminal)) else None


@pytest.fixture(scope="session")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """The assistant that the tests of this worker share; each test brings its own users."""
    with make_local(tmp_path_factory.mktemp("local") / "state") as running:
        yield running


@dataclass(frozen=True)
class Person:
    """Someone with a password of their own, who may sign in."""

    email: str
    password: str = field(repr=False)


@pytest.fixture
def person(assistant: Assistant) -> Person:
    """A new user, made as an administrator makes one."""
    person = Person(f"person-{secrets.token_hex(4)}@example.com", "My-own-password-7")
    endpoint = f"http://127.0.0.1:{State(assistant.state).recall()['emulator_port']}"
    aws = boto3.Session("test", "test", region_name=REGION)
    stack = aws.client("cloudformation", endpoint_url=endpoint).describe_stacks(StackName=STACK)["Stacks"][0]
    pool = next(each["OutputValue"] for each in stack["Outputs"] if each["OutputKey"] == "UserPoolId")
    user = {"UserPoolId": pool, "Username": person.email}
    cognito = aws.client("cognito-idp", endpoint_url=endpoint)
    verified = [{"Name": "email", "Value": person.email}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(**user, UserAttributes=verified, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(**user, Password=person.password, Permanent=True)
    return person


@pytest.fixture
def page(browser: Browser, assistant: Assistant) -> Iterator[Page]:
    """A page of a fresh English browser; a request to another host or a CSP violation fails the test."""
    with new_page(browser, assistant, locale="en-US") as page:
        yield page


@contextmanager
def new_page(browser: Browser, assistant: Assistant, **options: Any) -> Iterator[Page]:
    """Open a page in a browser context with Playwright's `options`, and watch it as `page` says."""
    context = browser.new_context(base_url=assistant.url, **options)
    context.set_default_timeout(PAGE_SECONDS * 1000)
    elsewhere: list[str] = []
    refused: list[str] = []
    page = context.new_page()
    page.on(
        "request", lambda request: elsewhere.append(request.url) if _leaves(request.url, assistant) else None
    )
    page.on(
        "console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None
    )
    yield page
    context.close()
    assert not elsewhere
    assert not refused


def _leaves(url: str, assistant: Assistant) -> bool:
    return not url.startswith((assistant.url, "data:", "blob:"))
