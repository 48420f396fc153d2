"""The emulator's life: starting, stopping, what it keeps, and whom it answers."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.emulator import Emulator, EmulatorError
from tests.emulator_fixture import COMMAND, REGION, REPOSITORY, RunningEmulator, run_emulator
from tests.local.cognito_kit import Pool, make_pool
from tests.local.emulator_kit import DEADLINE_SECONDS, Stack, begin, deploy, resource, resources
from tests.local.test_emulator_stacks import handle_url, waiting

pytestmark = pytest.mark.slow

TABLE = resource(
    "DynamoDB::Table",
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
)
ITEM = {"pk": {"S": "USER#1"}}


def test_a_port_in_use_is_said_in_one_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = _run(*COMMAND, "--port", str(port))
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"Port {port} on 127.0.0.1 cannot be used (Address already in use); choose another one."
    ]


def test_a_state_directory_belongs_to_one_emulator(tmp_path: Path) -> None:
    with run_emulator("--state", str(tmp_path)):
        ended = _run(*COMMAND, "--state", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr.splitlines() == [
        f"Another emulator is using {tmp_path}; stop it first or choose another directory."
    ]


def test_the_state_directory_is_private(tmp_path: Path) -> None:
    state = tmp_path / "new" / "state"
    with run_emulator("--state", str(state)):
        assert state.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_listens_on_loopback_only(emulator: RunningEmulator) -> None:
    emulator.client("iot").list_things()
    emulator.client("transfer").list_servers()
    port = int(emulator.endpoint_url.rpartition(":")[2])
    assert _listening_sockets(emulator.process.pid) == [f"0100007F:{port:04X}"]


def _listening_sockets(pid: int) -> list[str]:
    """The hexadecimal addresses that a process listens on."""
    links = (os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH115, PTH208
    inodes = {link[len("socket:[") : -1] for link in links if link.startswith("socket:[")}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        for row in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and row[9] in inodes]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files as Linux tells them")
def test_what_a_client_closes_is_closed(emulator: RunningEmulator) -> None:
    """A system lets a program have some hundred files open; a deployment makes a hundred connections."""
    opened = Path(f"/proc/{emulator.process.pid}/fd")
    before = len(list(opened.iterdir()))
    for _ in range(50):
        assert httpx.get(f"{emulator.endpoint_url}/", trust_env=False).status_code < 500
    _wait_until(lambda: len(list(opened.iterdir())) < before + 10)


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://example.com"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "rebound.example.com"}],
    ids=lambda headers: next(iter(headers)),
)
def test_web_pages_are_refused(emulator: RunningEmulator, headers: dict[str, str]) -> None:
    health = f"{emulator.endpoint_url}/_ministack/health"
    assert httpx.get(health, trust_env=False).status_code == 200
    refused = httpx.get(health, headers=headers, trust_env=False)
    assert (refused.status_code, "programs on this machine" in refused.text) == (403, True)
    assert "access-control-allow-origin" not in refused.headers


@pytest.mark.parametrize(
    ("method", "path", "mode", "status"),
    [
        ("GET", "/oauth2/authorize?client_id=none", "navigate", 400),
        ("GET", "/oauth2/idpresponse", "navigate", 400),
        ("POST", "/saml2/idpresponse", "navigate", 400),
        ("GET", "/logout", "navigate", 400),
        ("GET", "/logout", "cors", 403),
        ("POST", "/oauth2/token", "navigate", 403),
        ("GET", "/_ministack/health", "navigate", 403),
    ],
)
def test_browsers_that_sign_in_elsewhere_pass_through_and_see_nothing_else(
    emulator: RunningEmulator, method: str, path: str, mode: str, status: int
) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": mode, "origin": "https://example.com"}
    answer = httpx.request(method, emulator.endpoint_url + path, headers=headers, trust_env=False)
    assert answer.status_code == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_users_tables_buckets_and_stacks_survive_a_restart(tmp_path: Path, number: signal.Signals) -> None:
    with run_emulator("--state", str(tmp_path)) as first:
        stack, pool, email = _fill(first)
        before = pool.signed_in(email)
        first.process.send_signal(number)
        assert first.process.wait(timeout=60) == 0
    with run_emulator("--state", str(tmp_path)) as second:
        _check_filled(second, stack, pool, email)
        # A token of the time before is still good: the key that signs them is kept.
        after = Pool(second, pool.pool_id, pool.client_id, pool.client_secret).person(email)
        after.verify_token(before.id_token, "id_token", "id")
        found = Stack(second, stack.stack_id)
        found.update(resources(Table=TABLE, Bucket=resource("S3::Bucket"), Group=resource("Logs::LogGroup")))


def test_a_kill_loses_nothing_that_is_older_than_the_last_save(tmp_path: Path) -> None:
    with run_emulator("--state", str(tmp_path)) as first:
        stack, pool, email = _fill(first)
        saved = {"cognito": '"CONFIRMED"', "dynamodb": "USER#1", "cloudformation": "CREATE_COMPLETE"}
        _wait_until(lambda: all(word in _state(tmp_path, name) for name, word in saved.items()))
        first.process.kill()
    with run_emulator("--state", str(tmp_path)) as second:
        _check_filled(second, stack, pool, email)


def test_a_stop_in_the_middle_of_an_operation_leaves_a_stack_that_can_be_deleted(tmp_path: Path) -> None:
    with run_emulator("--state", str(tmp_path)) as first:
        stack = begin(first, waiting())
        handle_url(stack)
        first.process.terminate()
        assert first.process.wait(timeout=60) == 0
    with run_emulator("--state", str(tmp_path)) as second:
        found = Stack(second, stack.stack_id)
        assert found.describe()["StackStatus"] == "ROLLBACK_FAILED"
        assert found.events()[0]["ResourceStatusReason"] == "The emulator was stopped during this operation."
        found.delete()


def _fill(aws: RunningEmulator) -> tuple[Stack, Pool, str]:
    stack = deploy(aws, resources(Table=TABLE, Bucket=resource("S3::Bucket")))
    aws.client("dynamodb").put_item(TableName=stack.physical_id("Table"), Item=ITEM)
    aws.client("s3").put_object(Bucket=stack.physical_id("Bucket"), Key="k", Body=b"v")
    pool = make_pool(aws)
    return stack, pool, pool.add_user()


def _check_filled(aws: RunningEmulator, stack: Stack, pool: Pool, email: str) -> None:
    found = Stack(aws, stack.stack_id)
    assert found.describe()["StackStatus"] == "CREATE_COMPLETE"
    table, bucket = found.physical_id("Table"), found.physical_id("Bucket")
    assert aws.client("dynamodb").get_item(TableName=table, Key=ITEM)["Item"] == ITEM
    assert aws.client("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"v"
    Pool(aws, pool.pool_id, pool.client_id, pool.client_secret).signed_in(email)


def _state(directory: Path, service: str) -> str:
    path = directory / "state" / f"{service}.json"
    return path.read_text() if path.exists() else ""


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_importing_it_is_cheap() -> None:
    ended = _run_script(
        """
        import sys
        import local.emulator
        print(sorted({"ministack", "hypercorn", "boto3"} & sys.modules.keys()))
        """
    )
    assert ended.stdout == "[]\n"


def test_another_port_is_taken_where_that_is_wanted(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Emulator(tmp_path / "state", tmp_path / "log", port, REGION) as emulator:
            assert emulator.endpoint_url.startswith("http://127.0.0.1:")
            assert emulator.endpoint_url != f"http://127.0.0.1:{port}"
            assert httpx.get(f"{emulator.endpoint_url}/").status_code < 500
    assert _is_refused(emulator.endpoint_url)


def test_what_keeps_it_from_starting_is_one_sentence(tmp_path: Path) -> None:
    with run_emulator("--state", str(tmp_path / "state")):
        second = Emulator(tmp_path / "state", tmp_path / "log", 0, REGION)
        with pytest.raises(EmulatorError, match=r"^Another emulator is using \S+; stop it first or"):
            second.start()
    second.stop()


def test_without_its_packages_it_says_who_installs_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("local.emulator.process.PYTHON", tmp_path / "python")
    missing = r"python cannot be used \(No such file or directory\)\. .* `make local`"
    with pytest.raises(EmulatorError, match=missing):
        Emulator(tmp_path / "state", tmp_path / "log", 0, REGION).start()


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """Also with one that is killed, and then it keeps what there was to keep."""
    script = f"""
        import sys, time
        from pathlib import Path
        from local.emulator import Emulator

        with Emulator(Path({str(tmp_path)!r}, "state"), Path({str(tmp_path)!r}, "log"), 0, "us-east-1") as it:
            print(it.endpoint_url, flush=True)
            sys.stdin.read()
        """
    command = [sys.executable, "-c", textwrap.dedent(script)]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout
        endpoint_url = starter.stdout.readline().strip()
        assert httpx.get(endpoint_url).status_code < 500
        starter.kill()
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not _is_refused(endpoint_url):
        assert time.monotonic() < deadline, "the emulator outlived who started it"
        time.sleep(0.05)


def _is_refused(endpoint_url: str) -> bool:
    """Whether nobody listens there any more."""
    try:
        httpx.get(endpoint_url)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:  # it is just ending
        return False
    return False


def _run_script(script: str) -> subprocess.CompletedProcess[str]:
    return _run(sys.executable, "-c", textwrap.dedent(script))


def _run(*command: str) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {"capture_output": True, "text": True, "timeout": 60, "check": False}
    return subprocess.run(command, cwd=REPOSITORY, **options)
