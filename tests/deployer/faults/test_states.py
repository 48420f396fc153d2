"""Every state in which CloudFormation may leave a stack: what each command says of it, and does no more.

The emulator comes to rest in some of them only, and soon. So a deployment that is well is shown to the
commands as if a stack of it were in another state; what the states mean is CloudFormation's to say:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-stack-status-codes
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import pytest

from tests.deployer.faults import cases
from tests.deployer.faults.cases import DEPLOY, Back, World
from tests.deployer.faults.wire import Request
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.slow

BUSY = (
    "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_IN_PROGRESS",
    "IMPORT_ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS",
)  # fmt: skip
STUCK = {
    "DELETE_FAILED": r"was deleted in part only: finish that with `\./deploy\.sh destroy --stack {root}`",
    "UPDATE_ROLLBACK_FAILED": r"`\./deploy\.sh continue-rollback --stack {root}` names what hinders it",
    "IMPORT_ROLLBACK_FAILED": r"`\./deploy\.sh destroy --stack {root}` takes it away",
}
LEFT = ("REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")


@pytest.fixture(scope="module")
def deployed(emulator: RunningEmulator) -> Iterator[Back]:
    """A deployment that is well, with one before it."""
    with cases.world(emulator) as here:
        case = Back(here)
        case.prepare()
        yield case
        here.wire.rewrite = None
        case.clear()


def shown_as(world: World, name: str, status: str) -> None:
    """From now on, DescribeStacks says that the stack of that name or id is in that state."""
    named = re.compile(rf"<(StackName|StackId)>{re.escape(name)}</".encode())

    def rewrite(request: Request, body: bytes) -> bytes:
        if request.operation != "cloudformation:DescribeStacks" or not named.search(body):
            return body
        return re.sub(b"<StackStatus>[A-Z_]+<", f"<StackStatus>{status}<".encode(), body)

    world.wire.rewrite = rewrite


COMMANDS: dict[str, tuple[str, ...]] = {
    "deploy": (*DEPLOY, "Greeting=other"),
    "plan": ("plan", "Greeting=other"),
    "rollback": ("rollback", "--unchecked", "--unproved", "--to", "previous"),
    "destroy": ("destroy",),
    "continue-rollback": ("continue-rollback",),
    "status": ("status",),
    "doctor": ("doctor",),
}


def said(case: Back, command: str) -> tuple[int, str]:
    """What a command says on the way to its end; fails when it changes something."""
    ended = case.world.run(*COMMANDS[command], *case.on)
    calls = case.world.wire.calls
    changed = [each for each in calls if not (each.reads or each.operation.startswith("s3:"))]
    assert not changed, changed
    assert "Traceback" not in ended.err
    return ended.code, ended.out + ended.err


@pytest.mark.parametrize(
    ("status", "command"),
    # `destroy` takes a deletion up, and `continue-rollback` a rollback: test_going_on.py looks at that.
    [
        *zip(
            BUSY,
            cycle(["destroy", "plan", "deploy", "continue-rollback", "doctor", "rollback"]),
            strict=False,
        )
    ],
)
def test_of_a_root_that_is_worked_on_it_is_said_to_wait(deployed: Back, command: str, status: str) -> None:
    shown_as(deployed.world, deployed.name, status)
    code, text = said(deployed, command)
    assert code == (2 if command == "doctor" else 1)
    assert re.search(rf"stack {deployed.name} is in progress \({status}\): wait until it is over", text)


@pytest.mark.parametrize(
    ("status", "suffix", "command"),
    [
        (status, suffix, command)
        for (status, suffix), command in zip(
            product(STUCK, ["", "-bootstrap"]), cycle(["deploy", "plan", "doctor", "plan"]), strict=False
        )
    ],
)
def test_a_stack_that_is_stuck_is_named_with_the_way_out(
    deployed: Back, command: str, status: str, suffix: str
) -> None:
    shown_as(deployed.world, deployed.name + suffix, status)
    code, text = said(deployed, command)
    assert code == (2 if command == "doctor" else 1)
    words = STUCK[status].format(root=deployed.name)
    assert re.search(f"{deployed.name}{suffix} .*{words}", " ".join(text.split()))


def test_there_is_no_way_back_from_where_the_bucket_goes(deployed: Back) -> None:
    for status, words in {"DELETE_FAILED": "finish that with", "DELETE_IN_PROGRESS": "wait until"}.items():
        shown_as(deployed.world, f"{deployed.name}-bootstrap", status)
        code, text = said(deployed, "rollback")
        assert (code, words in text) == (1, True), text


@pytest.mark.parametrize("status", ["DELETE_FAILED", "IMPORT_ROLLBACK_FAILED", "ROLLBACK_FAILED"])
def test_only_a_failed_rollback_is_gone_on_with(deployed: Back, status: str) -> None:
    shown_as(deployed.world, deployed.name, status)
    code, text = said(deployed, "continue-rollback")
    assert code == 2
    assert f"is in {status}: there is no failed rollback to go on with." in text


@pytest.mark.parametrize("suffix", ["", "-bootstrap"])
@pytest.mark.parametrize("status", [BUSY[0], *STUCK, LEFT[0]])
def test_status_says_it(deployed: Back, status: str, suffix: str) -> None:
    shown_as(deployed.world, deployed.name + suffix, status)
    code, text = said(deployed, "status")
    assert code == 0
    assert f"{status} since" in text if not suffix else f"{deployed.name}-bootstrap is in {status}." in text


@pytest.mark.parametrize("status", LEFT)
def test_from_the_rest_of_a_first_creation_there_is_no_way_back(deployed: Back, status: str) -> None:
    shown_as(deployed.world, deployed.name, status)
    code, text = said(deployed, "rollback")
    assert (code, f"There is no stack {deployed.name} that runs" in text) == (2, True), text


@pytest.mark.parametrize("status", LEFT)
def test_the_plan_says_that_the_rest_of_a_first_creation_goes_first(deployed: Back, status: str) -> None:
    shown_as(deployed.world, deployed.name, status)
    code, text = said(deployed, "plan")
    assert (code, "what an earlier attempt left goes first" in text) == (0, True), text


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_IN_PROGRESS"])
def test_status_and_doctor_name_the_nested_stack_that_is_not_well(deployed: Back, status: str) -> None:
    [store] = [each for each in nested(deployed.world, deployed.name) if each["LogicalResourceId"] == "Store"]
    shown_as(deployed.world, store["PhysicalResourceId"], status)
    code, text = said(deployed, "status")
    assert code == 0
    assert f"Store  {status}" in text
    code, text = said(deployed, "doctor")
    assert code == 2
    assert f"operation: {deployed.name}/Store: It is {status} though {deployed.name} is well" in text


def nested(world: World, name: str) -> list[dict[str, Any]]:
    """The nested stacks of the root, as ListStackResources has them."""
    return world.client("cloudformation").list_stack_resources(StackName=name)["StackResourceSummaries"]
