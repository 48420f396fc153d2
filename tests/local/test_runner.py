"""What the local mode is made of, part by part; tests/browser has the whole."""

from __future__ import annotations

import http.client
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gradio_app.settings import WITHOUT_LOGIN
from local import single_sign_on
from local.application import Application
from local.errors import LocalError
from local.ports import LOOPBACK, listen
from local.state import State
from local.task import Task, read_task
from local.users import DEMO_USER, ensure_demo_user
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.tables import create_table
from tests.single_sign_on import CALLBACK, SIGNED_OUT, make_organization

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_a_port_is_ones_own_from_the_moment_it_is_chosen() -> None:
    with listen(0) as ours:
        port = ours.getsockname()[1]
        with listen(port) as theirs:
            assert theirs.getsockname()[1] != port
    with listen(port) as again:
        assert again.getsockname() == (LOOPBACK, port)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere two programs cannot bind one port")
def test_a_port_that_another_program_has_only_bound_is_had_by_one_of_the_two() -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        slow.bind((LOOPBACK, 0))
        with listen(slow.getsockname()[1]) as ours:
            assert ours.getsockname() == slow.getsockname()
            with pytest.raises(OSError, match="in use"):
                slow.listen()


def test_state_is_private_and_survives(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with state.held():
        state.remember(url="http://127.0.0.1:8080/")
        state.remember(emulator_port="4566")
    assert stat.S_IMODE(state.folder.stat().st_mode) == 0o700
    assert State(state.folder).recall() == {"url": "http://127.0.0.1:8080/", "emulator_port": "4566"}


def test_unreadable_facts_are_no_facts(tmp_path: Path) -> None:
    state = State(tmp_path)
    (tmp_path / "facts.json").write_text('{"url": ')
    assert state.recall() == {}


def test_a_second_start_names_the_first(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with state.held():
        state.remember(url="http://127.0.0.1:8080/")
        second = subprocess.run(
            [sys.executable, "-m", "local", "--reset", "--state", str(state.folder)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
    assert second.returncode == 1
    assert "already running at http://127.0.0.1:8080/" in second.stderr
    assert str(os.getpid()) in second.stderr
    assert "Traceback" not in second.stderr
    assert state.folder.exists()


def test_reset_forgets(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    with state.held():
        state.remember(url="http://127.0.0.1:8080/")
    command = [sys.executable, "-m", "local", "--reset", "--state", str(state.folder)]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
    assert not state.folder.exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["TaskCount"], "Key=Value"),
        (["--port", "x"], "--port"),
        (["--model", "gpt"], "--model"),
    ],
)
def test_a_wrong_command_line_is_said_in_a_sentence(arguments: list[str], said: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "local", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_definition_is_read_as_ecs_reads_it(emulator: RunningEmulator) -> None:
    secrets = emulator.client("secretsmanager")
    plain = secrets.create_secret(Name="task-plain", SecretString="s3cret")["ARN"]
    fields = secrets.create_secret(Name="task-fields", SecretString=json.dumps({"key": "inside"}))["ARN"]
    principal = {"Service": "ecs-tasks.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    iam = emulator.client("iam")
    role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    ecs = emulator.client("ecs")
    task = ecs.register_task_definition(
        family="task",
        taskRoleArn=role,
        containerDefinitions=[
            {
                "name": "app",
                "image": "app",
                "environment": [{"name": "TABLE_NAME", "value": "table"}],
                "secrets": [
                    {"name": "APP_CLIENT_SECRET", "valueFrom": plain},
                    {"name": "FIELD", "valueFrom": f"{fields}:key::"},
                ],
            }
        ],
    )["taskDefinition"]["taskDefinitionArn"]
    variables = {"TABLE_NAME": "table", "APP_CLIENT_SECRET": "s3cret", "FIELD": "inside"}
    assert read_task(ecs, secrets, task) == Task(variables, role)
    assert "s3cret" not in repr(read_task(ecs, secrets, task))


def test_the_demo_user_gets_a_password_until_it_has_an_own_one(emulator: RunningEmulator) -> None:
    cognito = emulator.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="demo", UsernameAttributes=["email"])["UserPool"]["Id"]

    first = ensure_demo_user(cognito, pool)
    again = ensure_demo_user(cognito, pool)
    assert first.temporary_password
    assert again.temporary_password
    assert first.temporary_password != again.temporary_password
    assert first.temporary_password not in repr(first)

    cognito.admin_set_user_password(
        UserPoolId=pool, Username=DEMO_USER, Password="My-own-1234567", Permanent=True
    )
    assert ensure_demo_user(cognito, pool).temporary_password is None

    assert ensure_demo_user(cognito, pool, new_password=True).temporary_password
    status = cognito.admin_get_user(UserPoolId=pool, Username=DEMO_USER)["UserStatus"]
    assert status == "FORCE_CHANGE_PASSWORD"


def test_an_application_that_cannot_start_shows_why(tmp_path: Path) -> None:
    machine = {"PATH": os.environ["PATH"]}
    with listen(0) as listener, pytest.raises(LocalError, match="POOL_ID"):
        Application(machine, listener, ROOT, tmp_path / "app.log").start({"AWS_REGION": "us-east-1"})


def test_an_application_that_nothing_is_told_ends_with_whoever_began_it(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    with log.open("wb") as said:
        begun = subprocess.run(
            [sys.executable, "-m", "local.preloaded"],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            check=False,
        )
    assert (begun.returncode, log.read_text()) == (0, "")


def test_two_that_start_together_serve_where_each_says(emulator: RunningEmulator, tmp_path: Path) -> None:
    create_table(emulator.client("dynamodb"), "together")
    environment = emulator.environment | {
        "AUTHENTICATION": WITHOUT_LOGIN,
        "TABLE_NAME": "together",
        "BUCKET_NAME": "files",
        "MODEL_IDS": "fake.model",
    }
    # Both have chosen before either serves: what two starts within seconds of each other do.
    with listen(0) as first, listen(first.getsockname()[1]) as second:
        machine = {"PATH": os.environ["PATH"]}
        one = Application(machine, first, ROOT, tmp_path / "one.log")
        other = Application(machine, second, ROOT, tmp_path / "other.log")
        one.preload()
        try:
            one.start(environment)
            other.start(environment)
            one.stop()
            assert is_ready(second), "the other one's address is its own"
            one.start(environment)  # as after its end: at the address that people know
            other.stop()
            assert is_ready(first)
        finally:
            one.stop()
            other.stop()


def is_ready(listener: socket.socket) -> bool:
    connection = http.client.HTTPConnection(*listener.getsockname())
    connection.request("GET", "/readyz")
    return connection.getresponse().status == http.client.OK


def test_without_single_sign_on_nothing_is_done_for_it() -> None:
    assert single_sign_on.environment({"POOL_ID": "pool"}, "http://127.0.0.1:4566") == {}
    single_sign_on.register_address(None, {"POOL_ID": "pool"}, "http://127.0.0.1:8080/")


def test_people_are_sent_back_to_where_the_assistant_is_this_time(emulator: RunningEmulator) -> None:
    here = make_organization(emulator, "https://login.example.com")
    task = {"POOL_ID": here.pool_id, "SINGLE_SIGN_ON_CLIENT_ID": here.hosted.client_id}
    named = {"UserPoolId": here.pool_id, "ClientId": here.hosted.client_id}
    before = here.idp.describe_user_pool_client(**named)["UserPoolClient"]
    for port in (8080, 9090):
        single_sign_on.register_address(here.idp, task, f"http://127.0.0.1:{port}/")
    after = here.idp.describe_user_pool_client(**named)["UserPoolClient"]
    assert after["CallbackURLs"] == [CALLBACK, "http://127.0.0.1:9090/login/callback"]
    assert after["LogoutURLs"] == [SIGNED_OUT, "http://127.0.0.1:9090/login/signed-out"]
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed <= {"CallbackURLs", "LogoutURLs", "LastModifiedDate"}


def test_the_providers_secret_is_kept_under_one_name(emulator: RunningEmulator, tmp_path: Path) -> None:
    secrets, file = emulator.client("secretsmanager"), tmp_path / "secret"
    arns = set()
    for text in ("first", "second"):
        file.write_text(f"{text}\n")
        arns.add(single_sign_on.keep_client_secret(secrets, file))
        [arn] = arns
        assert secrets.get_secret_value(SecretId=arn)["SecretString"] == text
    with pytest.raises(LocalError, match=r"cannot be read from .*missing"):
        single_sign_on.keep_client_secret(secrets, tmp_path / "missing")
    file.write_text("\n")
    with pytest.raises(LocalError, match="is empty"):
        single_sign_on.keep_client_secret(secrets, file)
