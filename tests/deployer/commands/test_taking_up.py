"""A deployment that goes on: the same command follows it to its end, another one is told who and what."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from deployer.account import history
from deployer.account.history import Record, Result
from deployer.commands import deploy, plan, rollback
from deployer.errors import DeployError
from deployer.options import ROOT
from tests.deployer import tiny as templates
from tests.deployer.commands.test_deploy import DEADLINE_SECONDS, state, wait_until
from tests.deployer.commands.test_rollback import bucket, newest, records
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow

HOLD = 300
BEGIN = """
import sys
from pathlib import Path
from tests.deployer.tiny import Tiny
tiny = Tiny(sys.argv[1], Path(sys.argv[2]), None)
tiny.deploy(**dict(each.split("=", 1) for each in sys.argv[3:]))
"""


def killed_in_the_middle(tiny: Tiny, **parameters: Any) -> None:
    """Begin a deployment in a process of its own, and kill that while CloudFormation is at work."""
    given = [f"{name}={value}" for name, value in parameters.items()]
    process = subprocess.Popen(
        [sys.executable, "-c", BEGIN, tiny.stack, str(tiny.out), *given],
        env=tiny.aws.environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: process.poll() is not None or handle(tiny))
        assert process.poll() is None, "it ended by itself"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(DEADLINE_SECONDS)


def handle(tiny: Tiny) -> str:
    """The address at which the nested gate waits for its signal; empty while it does not wait."""
    if not (state(tiny) or "").endswith("_IN_PROGRESS"):
        return ""
    inside = newest_events(tiny, newest_events(tiny, tiny.stack).get("Gate", {}).get("PhysicalResourceId"))
    waits = inside.get("Signal", {}).get("ResourceStatus") == "CREATE_IN_PROGRESS"
    return inside["Handle"]["PhysicalResourceId"] if waits else ""


def newest_events(tiny: Tiny, stack: str | None) -> dict[str, Any]:
    """By resource, what happened last to it."""
    if not stack:
        return {}
    events = tiny.aws.client("cloudformation").describe_stack_events(StackName=stack)["StackEvents"]
    return {each["LogicalResourceId"]: each for each in reversed(events)}


def answer(tiny: Tiny, status: str = "SUCCESS") -> None:
    """Let the gate go on, or fail it."""
    body = f'{{"Status": "{status}", "Reason": "by the test", "UniqueId": "1", "Data": ""}}'
    request = AWSRequest("PUT", handle(tiny), {"Content-Type": ""}, body.encode())
    assert URLLib3Session().send(request.prepare()).status_code == 200


@contextmanager
def in_the_background(call: Any) -> Iterator[list[Any]]:
    """Call it beside the test; yields a list with its result, or what it raised, when it has ended."""
    ended: list[Any] = []

    def run() -> None:
        try:
            ended.append(call())
        except DeployError as error:
            ended.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    yield ended
    thread.join(DEADLINE_SECONDS)
    assert not thread.is_alive()


def taken_up(tiny: Tiny, status: str, call: Any) -> Any:
    """What becomes of a deployment that is taken up while it waits, and is then answered."""
    with in_the_background(call) as ended:
        wait_until(lambda: ended or "Taking up" in tiny.console.export_text(clear=False))
        assert not ended, ended
        answer(tiny, status)
    return ended[0]


@pytest.mark.parametrize("first", [True, False])
def test_the_same_command_takes_up_what_goes_on(tiny: Tiny, first: bool) -> None:
    if not first:
        tiny.deploy()
        tiny.printed()
    killed_in_the_middle(tiny, Greeting="hola", Hold=HOLD)
    begun = newest(tiny)
    assert begun.result is Result.BEGUN
    told = tiny.out.parent / "outcome"

    def again() -> Any:
        options = tiny.options(Greeting="hola", Hold=HOLD)
        return deploy.run(options, tiny.console, templates.write, unchecked=True, told=told)

    outputs = taken_up(tiny, "SUCCESS", again)
    assert outputs["Greeting"] == "hola"
    assert told.read_text() == "changed=true\n"
    printed = tiny.printed()
    assert "making the change set" not in printed
    # What had happened before is told too: the watches need it.
    assert "Gate/Handle" in printed
    assert "Gate/Signal" in printed
    assert (newest(tiny).id, newest(tiny).result) == (begun.id, Result.DONE)
    assert len(records(tiny)) == (1 if first else 2)


def test_what_fails_after_it_was_taken_up_says_why(tiny: Tiny) -> None:
    tiny.deploy(Greeting="first")
    before = newest(tiny)
    tiny.deploy()
    killed_in_the_middle(tiny, Greeting="hola", Hold=HOLD)
    error = taken_up(tiny, "FAILURE", lambda: tiny.deploy(Greeting="hola", Hold=HOLD))
    assert isinstance(error, DeployError)
    assert "could not be updated: Gate/Signal" in str(error)
    assert "by the test" in str(error)
    assert newest(tiny).result is Result.FAILED
    assert f"rollback --to {before.id}" in str(error)


def test_a_first_one_that_fails_after_it_was_taken_up_is_cleared(tiny: Tiny) -> None:
    killed_in_the_middle(tiny, KeepData="yes", Logs="false", Hold=HOLD)
    error = taken_up(tiny, "FAILURE", lambda: tiny.deploy(KeepData="yes", Logs="false", Hold=HOLD))
    assert "could not be created: Gate/Signal" in str(error)
    assert "Removed, for nobody ever used it: Store/Table" in tiny.printed()


def test_the_way_back_is_taken_up_by_the_same_command(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola", Hold=0)
    # The way back to what waits is one that lasts: what waited once is made again.
    killed_in_the_middle(tiny, Greeting="adios", Hold=HOLD)
    answer(tiny)
    wait_until(lambda: state(tiny) == "UPDATE_COMPLETE")
    target = newest(tiny)
    tiny.deploy(Greeting="hola", Hold=0)

    def back() -> Any:
        return tiny.back(target.id)

    with in_the_background(back) as first:
        wait_until(lambda: first or handle(tiny))
        begun = newest(tiny)
        assert (begun.command, begun.to, begun.result) == ("rollback", target.id, Result.BEGUN)
        assert taken_up(tiny, "SUCCESS", back)["Greeting"] == "adios"
    assert first[0]["Greeting"] == "adios"
    assert (newest(tiny).id, newest(tiny).result) == (begun.id, Result.DONE)


def rewritten(tiny: Tiny, record: Record) -> None:
    history.write(tiny.aws.client("s3"), bucket(tiny), record)


def test_others_are_told_who_and_what(tiny: Tiny) -> None:
    tiny.deploy()
    killed_in_the_middle(tiny, Greeting="hola", Hold=HOLD)
    told = r"in progress \(UPDATE_IN_PROGRESS, begun by root at [0-9: -]+ [A-Z0-9+-]+: deploy of the version "
    for call in (
        lambda: tiny.deploy(Greeting="adios"),
        lambda: plan.run(tiny.options(), tiny.console, templates.write),
    ):
        with pytest.raises(DeployError, match=told) as error:
            call()
        assert error.value.exit_code == 1
    # The same by somebody else is not ours to follow.
    record = newest(tiny)
    rewritten(tiny, replace(record, by="arn:aws:sts::123456789012:assumed-role/Deployer/ana"))
    with pytest.raises(DeployError, match="begun by assumed-role/Deployer/ana at"):
        tiny.deploy(Greeting="hola", Hold=HOLD)
    # One that has ended says nothing of who is at work now; the state is all that is known then.
    rewritten(tiny, replace(record, result=Result.FAILED))
    with pytest.raises(DeployError, match=r"in progress \(UPDATE_IN_PROGRESS\): wait"):
        tiny.deploy(Greeting="hola", Hold=HOLD)
    answer(tiny)
    wait_until(lambda: state(tiny) == "UPDATE_COMPLETE")


def test_a_role_takes_up_its_own_whatever_its_session_is_called(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with a profile that assumes a role: botocore calls each process's session after the time."""
    tiny.deploy()
    killed_in_the_middle(tiny, Greeting="hola", Hold=HOLD)
    monkeypatch.setattr(boto3.Session, "client", as_role(boto3.Session.client, "Deployer", "b-session-2"))
    ours = "arn:aws:sts::000000000000:assumed-role/Deployer/b-session-2"
    for by in (ours.replace("Deployer", "Other"), ours.replace("000000000000", "123456789012")):
        rewritten(tiny, replace(newest(tiny), by=by))
        with pytest.raises(DeployError, match=r"begun by assumed-role/.*/b-session-2 at"):
            tiny.deploy(Greeting="hola", Hold=HOLD)
    rewritten(tiny, replace(newest(tiny), by=ours.replace("2", "1")))
    assert taken_up(tiny, "SUCCESS", lambda: tiny.deploy(Greeting="hola", Hold=HOLD))["Greeting"] == "hola"
    assert "begun by assumed-role/Deployer/b-session-1 at" in tiny.printed()


def as_role(make: Any, role: str, session: str) -> Any:
    """Clients of whoever has assumed that role, as far as AWS says who asks."""

    def client(self: boto3.Session, service: str, **given: Any) -> Any:
        made = make(self, service, **given)
        if service != "sts":
            return made
        told = {"Account": "000000000000", "Arn": f"arn:aws:sts::000000000000:assumed-role/{role}/{session}"}
        return SimpleNamespace(get_caller_identity=lambda: told, meta=made.meta)

    return client


def test_what_began_by_other_means_is_not_taken_for_ours(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola", Hold=0)
    record = newest(tiny)
    rewritten(tiny, replace(record, id="20200101-000000-000", result=Result.BEGUN))
    tiny.aws.client("s3").delete_object(Bucket=bucket(tiny), Key=history.key_of(record.id))
    cloudformation = tiny.aws.client("cloudformation")
    [found] = cloudformation.describe_stacks(StackName=tiny.stack)["Stacks"]
    held = [
        {"ParameterKey": name, "ParameterValue": value}
        for name, value in {**record.parameters, "Hold": str(HOLD)}.items()
    ]
    cloudformation.update_stack(
        StackName=tiny.stack, UsePreviousTemplate=True, Parameters=held, Tags=found["Tags"]
    )
    wait_until(lambda: handle(tiny))
    with pytest.raises(DeployError, match=r"in progress \(UPDATE_IN_PROGRESS\): wait"):
        tiny.deploy(Greeting="hola", Hold=0)
    answer(tiny)
    wait_until(lambda: state(tiny) == "UPDATE_COMPLETE")


def test_what_nobody_saw_end_is_said_so_and_ends_with_the_next(tiny: Tiny) -> None:
    tiny.deploy()
    killed_in_the_middle(tiny, Greeting="hola", Hold=HOLD)
    tiny.printed()
    rollback.show(tiny.options(), tiny.console)
    assert "goes on" in tiny.printed()
    answer(tiny)
    wait_until(lambda: state(tiny) == "UPDATE_COMPLETE")
    rollback.show(tiny.options(), tiny.console)
    printed = tiny.printed()
    assert "begun, and not seen to its end" in printed
    begun = newest(tiny)
    assert tiny.deploy(Greeting="hola", Hold=HOLD)["Greeting"] == "hola"
    assert (newest(tiny).id, newest(tiny).result) == (begun.id, Result.DONE)
