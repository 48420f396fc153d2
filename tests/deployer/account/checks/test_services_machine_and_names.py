"""Services in the Region, this machine, and names that are taken."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest

from deployer.account.checks import machine, services, stacks
from deployer.account.checks.findings import Level
from deployer.session import connect
from tests.deployer.account.checks.stubbed import answering
from tests.deployer.tiny import Tiny
from tests.emulator_fixture import RunningEmulator

EVERYWHERE = boto3.Session().get_available_regions


def listed(*names: str) -> tuple[str, Any]:
    parameters = [{"Name": f"/aws/service/x/{name}", "Value": name} for name in names]
    return "get_parameters_by_path", {"Parameters": parameters}


def known(*missing: str) -> Any:
    return lambda service: [] if service in missing else ["eu-west-1"]


def test_botocore_knows_every_service_that_is_asked_for() -> None:
    for service in services.REGIONAL:
        assert "us-east-1" in EVERYWHERE(service), service


def test_a_region_with_everything_is_well_and_aws_is_not_asked() -> None:
    with answering("ssm") as ssm:
        [finding] = services.check(ssm, known())
    assert finding.level == "ok"


@pytest.mark.parametrize(
    ("there", "level", "words"),
    [
        (["codebuild", "codepipeline", "ec2"], "ok", "AWS's own list"),
        (["codebuild", "ec2"], "wrong", "Not in this Region: codepipeline"),
        ([], "warning", "codebuild, codepipeline"),
    ],
)
def test_what_botocore_does_not_know_aws_is_asked(there: list[str], level: str, words: str) -> None:
    with answering("ssm", listed(*there)) as ssm:
        [finding] = services.check(ssm, known("codebuild", "codepipeline"))
    assert (finding.level, words in finding.message) == (level, True)


@pytest.mark.parametrize(
    ("free", "level"), [(10**9, "ok"), (machine.COMFORTABLE_BYTES - 1, "warning"), (10**6, "wrong")]
)
def test_a_disk_is_looked_at_where_the_folder_will_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, level: str
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=free)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage if path == tmp_path else None)
    python, disk = machine.check(tmp_path / "not" / "yet")
    assert (python.level, disk.level) == ("ok", level)


def test_an_old_python_is_wrong(tmp_path: Path) -> None:
    python, _ = machine.check(tmp_path, (3, 10, 4))
    assert (python.level, "3.10.4" in python.message) == ("wrong", True)


def test_our_own_stacks_are_in_nobodys_way(tiny: Tiny) -> None:
    cloudformation, options = tiny.aws.client("cloudformation"), tiny.options()
    assert list(stacks.names(cloudformation, options.stack, options.bootstrap_stack)) == []
    tiny.deploy()
    assert list(stacks.names(cloudformation, options.stack, options.bootstrap_stack)) == []
    levels = {f.level for f in stacks.operation(cloudformation, [tiny.stack], tiny.stack)}
    assert levels == {Level.OK}


@pytest.mark.parametrize("suffix", ["", "-bootstrap"])
def test_somebody_elses_stack_of_that_name_is_wrong(
    aws: RunningEmulator, stack_name: str, suffix: str
) -> None:
    cloudformation = aws.client("cloudformation")
    body = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    cloudformation.create_stack(StackName=stack_name + suffix, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack_name + suffix, WaiterConfig={"Delay": 1}
    )
    [finding] = stacks.names(cloudformation, stack_name, f"{stack_name}-bootstrap")
    assert (finding.level, finding.subject) == ("wrong", stack_name + suffix)


def stack_in(status: str) -> tuple[str, Any]:
    found = {"StackName": "chat", "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
    return "describe_stacks", {"Stacks": [found]}


@pytest.mark.parametrize(
    ("status", "level"),
    [("UPDATE_IN_PROGRESS", "wrong"), ("UPDATE_ROLLBACK_FAILED", "wrong"), ("DELETE_FAILED", "wrong"),
     ("ROLLBACK_COMPLETE", "warning"), ("UPDATE_COMPLETE", "ok")],
)  # fmt: skip
def test_every_state_of_a_stack_is_judged(status: str, level: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""
    with answering("cloudformation", stack_in(status)) as cloudformation:
        [finding] = stacks.operation(cloudformation, ["chat"], "chat")
    assert finding.level == level


def test_what_an_earlier_deployment_left_is_named(tiny: Tiny) -> None:
    connected = connect(tiny.options())
    [finding] = stacks.left_behind(connected, tiny.stack, f"{tiny.stack}-bootstrap")
    assert finding.level == "ok"
    queue = tiny.aws.client("sqs").create_queue(QueueName=tiny.stack, tags={"Project": tiny.stack})
    [finding] = stacks.left_behind(connected, tiny.stack, f"{tiny.stack}-bootstrap")
    tiny.aws.client("sqs").delete_queue(QueueUrl=queue["QueueUrl"])
    assert (finding.level, f":{tiny.stack}" in finding.message) == ("warning", True)


@pytest.mark.parametrize(
    ("description", "deployed", "levels"),
    [
        ({}, None, []),
        ({"UserPoolId": "p"}, None, ["wrong"]),
        ({"UserPoolId": "p"}, {"SingleSignOnDomainPrefix": "other"}, ["wrong"]),
    ],
)
def test_a_prefix_in_use_is_wrong(description: Any, deployed: Any, levels: list[str]) -> None:
    """https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_DescribeUserPoolDomain.html"""
    wanted = {"SingleSignOn": "saml", "SingleSignOnDomainPrefix": "chat"}
    answer = ("describe_user_pool_domain", {"DomainDescription": description})
    with answering("cognito-idp", answer) as cognito:
        assert [finding.level for finding in stacks.prefix(cognito, wanted, deployed)] == levels


@pytest.mark.parametrize(
    ("wanted", "deployed"),
    [
        ({"SingleSignOn": "off", "SingleSignOnDomainPrefix": "chat"}, None),
        ({"SingleSignOn": "saml", "SingleSignOnDomainPrefix": "chat"}, {"SingleSignOnDomainPrefix": "chat"}),
        ({"SingleSignOn": "off", "SingleSignOnDomainPrefix": ""}, None),
    ],
)
def test_a_prefix_that_is_ours_or_unused_is_not_asked_for(wanted: Any, deployed: Any) -> None:
    with answering("cognito-idp") as cognito:
        assert list(stacks.prefix(cognito, wanted, deployed)) == []
