"""The roles that ECS acts with are there before CloudFormation needs them, and can be used by then."""

from __future__ import annotations

import io
from collections.abc import Iterator

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from rich.console import Console

from deployer.account import service_linked_roles
from tests.emulator_fixture import RunningEmulator

ECS, SCALING = service_linked_roles.SERVICES
TAKEN = "Service role name AWSServiceRoleForECS has been taken in this account, please try another suffix."


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client("iam", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def made(stub: Stubber, service: str) -> None:
    stub.add_response("create_service_linked_role", {}, {"AWSServiceName": service})


def refused(stub: Stubber, code: str, message: str = "") -> None:
    stub.add_client_error("create_service_linked_role", code, message)


def ensure(stub: Stubber) -> tuple[str, list[float]]:
    """What is printed, and the pauses."""
    console, pauses = Console(file=io.StringIO(), width=200, record=True), []
    service_linked_roles.ensure(stub.client, console, pauses.append)
    return console.export_text(), pauses


def test_a_role_that_was_missing_is_told_and_waited_for(stub: Stubber):
    refused(stub, "InvalidInput", TAKEN)
    made(stub, SCALING)
    printed, pauses = ensure(stub)
    assert printed.strip() == f"Made the service-linked roles of {SCALING}."
    assert pauses == [service_linked_roles.PAUSE_SECONDS]


@pytest.mark.parametrize("answer", [("InvalidInput", TAKEN), ("AccessDenied", "User is not authorized")])
def test_roles_that_are_there_or_that_one_may_not_make_cost_no_time(stub: Stubber, answer: tuple[str, str]):
    refused(stub, *answer)
    refused(stub, *answer)
    assert ensure(stub) == ("", [])


def test_another_refusal_is_an_error(stub: Stubber):
    refused(stub, "InvalidInput", "ecs.amazonaws.com is no service.")
    with pytest.raises(ClientError, match="is no service"):
        ensure(stub)


@pytest.mark.slow
def test_on_this_machine_nothing_is_waited_for(aws: RunningEmulator):
    iam = aws.client("iam")
    for role in iam.list_roles(PathPrefix=f"/aws-service-role/{ECS}/")["Roles"]:
        iam.delete_service_linked_role(RoleName=role["RoleName"])
    console, pauses = Console(file=io.StringIO(), width=200, record=True), []
    service_linked_roles.ensure(iam, console, pauses.append)
    assert (ECS in console.export_text(), pauses) == (True, [])
    service_linked_roles.ensure(iam, console, pauses.append)
    assert console.export_text() == ""
