"""The program itself: what it says when it cannot start, and how it stops."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from gradio_app.settings import WITHOUT_LOGIN
from tests.serving import free_port

REPOSITORY = Path(__file__).parents[2]
START_SECONDS = 120
"""A deadline and no measure: importing takes seconds, and the machine is busy."""
NOWHERE = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_REGION": "us-east-1",
    "TABLE_NAME": "table",
    "BUCKET_NAME": "files",
    "MODEL_IDS": "fake.model",
}
WITH_POOL = NOWHERE | {"POOL_ID": "us-east-1_x", "APP_CLIENT_ID": "client", "APP_CLIENT_SECRET": "top-secret"}
OPEN = NOWHERE | {"AUTHENTICATION": WITHOUT_LOGIN, "PUBLIC_SCHEME": "http"}


def environment(settings: dict[str, str]) -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ} | settings


def run(settings: dict[str, str], files: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "gradio_app"],
        cwd=REPOSITORY,
        env=environment(settings),
        pass_fds=files,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )


@contextmanager
def started(settings: dict[str, str], *prefix: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running program and its address, once it answers."""
    port = free_port()
    process = subprocess.Popen(
        [*prefix, sys.executable, "-m", "gradio_app"],
        cwd=REPOSITORY,
        env=environment(settings | {"PORT": str(port)}),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: process.poll() is not None or answers(address))
        assert process.poll() is None, process.communicate()[0]
        yield process, address
    finally:
        process.kill()
        process.communicate()


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def wait_for(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_settings_it_names_all_of_them_in_one_sentence() -> None:
    ended = run({})
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert len(ended.stderr.splitlines()) == 1
    for name in (
        "POOL_ID",
        "APP_CLIENT_ID",
        "APP_CLIENT_SECRET",
        "TABLE_NAME",
        "BUCKET_NAME",
        "AWS_REGION",
        "MODEL_IDS",
    ):
        assert name in ended.stderr


def test_without_a_pool_it_does_not_start() -> None:
    ended = run(NOWHERE)
    assert (ended.returncode, WITHOUT_LOGIN in ended.stderr) == (2, True)


def test_a_port_in_use_is_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = str(listener.getsockname()[1])
        ended = run(WITH_POOL | {"PORT": port, "BIND_HOST": "127.0.0.1"})
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert port in ended.stderr
    assert "top-secret" not in ended.stderr


@pytest.mark.slow
def test_a_port_that_is_lost_during_the_start_is_one_sentence() -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        with starting(OPEN | {"PORT": str(other.getsockname()[1])}) as process:
            other.listen()
            said = process.communicate(timeout=START_SECONDS)[1]
    assert process.returncode == 1
    assert "Cannot listen on 127.0.0.1" in said
    assert "Traceback" not in said


def test_a_socket_that_came_along_must_be_where_the_settings_say() -> None:
    """Without login that is loopback; a socket that listens elsewhere would let everybody in."""
    with socket.create_server(("127.0.0.2", 0)) as elsewhere:
        number, port = elsewhere.fileno(), str(elsewhere.getsockname()[1])
        settings = OPEN | {"PORT": port, "LISTENER_FD": str(number)}
        for ended in (run(settings, files=(number,)), run(settings)):  # the second has no such file
            assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1)
            assert "LISTENER_FD" in ended.stderr


@pytest.mark.slow
def test_it_serves_on_loopback_alone_and_ends_at_a_signal_in_good_order() -> None:
    with started(OPEN) as (process, address):
        port = address.rpartition(":")[2]
        assert httpx.get(f"{address}/", follow_redirects=True).status_code == 200
        with socket.socket() as elsewhere, pytest.raises(ConnectionRefusedError):
            elsewhere.connect(("127.0.0.2", int(port)))
        assert health_check(port) == 0
        process.terminate()
        output = process.communicate(timeout=START_SECONDS)[0]
    assert process.returncode == 0
    assert "Traceback" not in output
    assert health_check(port) == 1


def health_check(port: str) -> int:
    command = [sys.executable, "-m", "gradio_app.healthcheck"]
    return subprocess.run(command, cwd=REPOSITORY, env=environment({"PORT": port}), check=False).returncode


@contextmanager
def starting(settings: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """The program in the middle of importing, when it has its address and serves nobody yet."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gradio_app"],
        cwd=REPOSITORY,
        env=environment(settings | {"PYTHONVERBOSE": "1"}),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    try:
        for line in process.stderr:
            if line.startswith("import 'gradio_app.aws'"):
                break
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.slow
def test_a_signal_during_the_start_ends_it_too() -> None:
    with starting(OPEN | {"PORT": str(free_port())}) as process:
        process.terminate()
        process.communicate(timeout=START_SECONDS)
    assert process.returncode == 0


@pytest.mark.slow
def test_as_the_first_process_of_a_container_it_hears_the_signal() -> None:
    """There a signal without a handler is ignored, so importing libraries must not be all that handles it."""
    namespace = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
    if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let us make a process namespace")
    with started(OPEN, *namespace) as (process, _):
        [child] = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGINT)
        process.communicate(timeout=START_SECONDS)
    assert process.returncode == 0


@pytest.mark.slow
def test_not_ready_until_the_table_and_the_pool_can_be_reached() -> None:
    with started(WITH_POOL | {"BIND_HOST": "127.0.0.1"}) as (_, address):
        answer = httpx.get(f"{address}/readyz", timeout=60)
        assert answer.status_code == 503
        assert answer.json() == {"ready": False, "missing": ["table", "user pool keys"]}
