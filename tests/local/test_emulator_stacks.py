"""CloudFormation in the emulator as a deployer meets it: waiting for signals, requests that AWS refuses."""

import json
import time
import uuid
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from local.emulator.builds import signal_build
from templates.stacks import data
from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import (
    DEADLINE_SECONDS,
    Stack,
    StackFailed,
    begin,
    deploy,
    parent_of,
    resource,
    resources,
)

GROUP = resource("Logs::LogGroup")
DATA = {"KeyArn": "", "KeepData": "no", "ArtifactBucketName": "logs", "EmbeddingModelId": ""}
"""Without documents to ask: DynamoDB makes one index of a live table at a time."""


def waiting(timeout_seconds: int = 3600) -> dict[str, Any]:
    """A template that waits for one signal."""
    wait = resource(
        "CloudFormation::WaitCondition", Handle={"Ref": "Handle"}, Timeout=str(timeout_seconds), Count=1
    )
    template = resources(Handle=resource("CloudFormation::WaitConditionHandle"), Wait=wait)
    return template | {"Outputs": {"Data": {"Value": {"Fn::GetAtt": ["Wait", "Data"]}}}}


def handle_url(stack: Stack) -> str:
    """The address for signals, as soon as the stack waits for them."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not any(event["LogicalResourceId"] == "Wait" for event in stack.events()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return stack.physical_id("Handle")


def build_environment(stack: Stack) -> dict[str, str]:
    return {"WAIT_HANDLE_URL": handle_url(stack), "IMAGE_TAG": "tag", "REPOSITORY_URI": "registry/app"}


@pytest.mark.parametrize("nested", [False, True], ids=["in a root stack", "in a nested stack"])
def test_a_stack_waits_for_its_signal_and_others_are_served(emulator: RunningEmulator, nested: bool) -> None:
    template = parent_of(emulator, waiting()) if nested else waiting()
    stack = begin(emulator, template)
    waiting_stack = _child_in_progress(stack) if nested else stack
    environment = build_environment(waiting_stack)
    deploy(emulator, resources(Group=GROUP))
    assert stack.describe()["StackStatus"] == "CREATE_IN_PROGRESS"
    signal_build(environment, "SUCCESS", "built", data="registry/app:tag")
    stack.wait_for("CREATE_COMPLETE")
    assert json.loads(waiting_stack.outputs()["Data"]) == {"tag": "registry/app:tag"}


def _child_in_progress(parent: Stack) -> Stack:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        for event in parent.events():
            if event["LogicalResourceId"] == "Child" and event["PhysicalResourceId"]:
                return Stack(parent.aws, event["PhysicalResourceId"])
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_failure_signal_rolls_back_with_its_reason(emulator: RunningEmulator) -> None:
    stack = begin(emulator, waiting())
    signal_build(build_environment(stack), "FAILURE", "pip found no matching version")
    with pytest.raises(StackFailed, match=r"ROLLBACK_COMPLETE.*pip found no matching version"):
        stack.wait_for("CREATE_COMPLETE")


def test_a_wait_ends_at_its_timeout(emulator: RunningEmulator) -> None:
    with pytest.raises(StackFailed, match=r"ROLLBACK_COMPLETE.*timed out"):
        deploy(emulator, waiting(timeout_seconds=1))


def test_only_the_handle_takes_signals_and_only_without_content_type(emulator: RunningEmulator) -> None:
    stack = begin(emulator, waiting())
    environment = build_environment(stack)
    url = environment["WAIT_HANDLE_URL"]
    signal = {"Status": "SUCCESS", "UniqueId": "1"}
    elsewhere = url.rpartition("/")[0] + f"/{uuid.uuid4()}"
    assert httpx.put(elsewhere, content=json.dumps(signal), trust_env=False).status_code == 404
    assert httpx.put(url, json=signal, trust_env=False).status_code == 403
    assert stack.describe()["StackStatus"] == "CREATE_IN_PROGRESS"
    signal_build(environment, "SUCCESS", "")
    stack.wait_for("CREATE_COMPLETE")


SIZED = resources(Group=GROUP) | {
    "Parameters": {"Size": {"Type": "String", "AllowedValues": ["s", "m", "l"]}},
    "Rules": {
        "NoLarge": {
            "Assertions": [
                {
                    "Assert": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Size"}, "l"]}]},
                    "AssertDescription": "Large is sold out.",
                }
            ]
        }
    },
}


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [({}, "Size"), ({"Size": "xl"}, "Size"), ({"Size": "l"}, "Large is sold out")],
    ids=["missing", "not allowed", "against a rule"],
)
def test_bad_parameters_are_refused_at_once(
    emulator: RunningEmulator, parameters: dict[str, str], reason: str
) -> None:
    with pytest.raises(ClientError, match=rf"ValidationError.*{reason}"):
        begin(emulator, SIZED, parameters)


def test_an_update_without_changes_is_refused(emulator: RunningEmulator) -> None:
    template = resources(Group=GROUP)
    stack = deploy(emulator, template)
    with pytest.raises(ClientError, match=r"ValidationError.*No updates are to be performed\."):
        stack.update(template)
    cloudformation = emulator.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName=stack.stack_id, ChangeSetName="same", TemplateBody=json.dumps(template)
    )
    described = cloudformation.describe_change_set(ChangeSetName=made["Id"])
    assert described["Status"] == "FAILED"
    assert described["StatusReason"].startswith("The submitted information didn't contain changes.")


def test_termination_protection_refuses_a_delete(emulator: RunningEmulator) -> None:
    stack = deploy(emulator, resources(Group=GROUP))
    cloudformation = emulator.client("cloudformation")
    protect = cloudformation.update_termination_protection
    protect(StackName=stack.stack_id, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match=r"ValidationError.*TerminationProtection is enabled"):
        stack.delete()
    protect(StackName=stack.stack_id, EnableTerminationProtection=False)
    stack.delete()


def test_iam_resources_need_the_capability(emulator: RunningEmulator) -> None:
    role = resource("IAM::Role", AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []})
    with pytest.raises(ClientError, match="InsufficientCapabilitiesException"):
        emulator.client("cloudformation").create_stack(
            StackName=f"test-{uuid.uuid4().hex[:8]}", TemplateBody=json.dumps(resources(Role=role))
        )


def test_the_table_of_the_release_before_gets_the_index_in_one_update(emulator: RunningEmulator) -> None:
    today = data.template(DATA["KeepData"]).to_dict()
    before = json.loads(json.dumps(today))
    table = before["Resources"]["Table"]["Properties"]
    del table["GlobalSecondaryIndexes"], table["VectorIndexes"]
    keys = table["AttributeDefinitions"]
    table["AttributeDefinitions"] = [key for key in keys if key.get("AttributeName") in ("pk", "sk")]
    given = [{"ParameterKey": name, "ParameterValue": value} for name, value in DATA.items()]
    stack = deploy(emulator, before, DATA)
    dynamodb, name = emulator.client("dynamodb"), stack.physical_id("Table")
    head = {"pk": {"S": "USER#a"}, "sk": {"S": "CONVERSATION#1"}, "updated_at": {"N": "2"}}
    dynamodb.put_item(TableName=name, Item=head | {"title": {"S": "old"}})
    dynamodb.put_item(TableName=name, Item={"pk": {"S": "USER#a"}, "sk": {"S": "STORAGE"}})

    emulator.client("cloudformation").update_stack(
        StackName=stack.stack_id, TemplateBody=json.dumps(today), Parameters=given
    )
    stack.wait_for("UPDATE_COMPLETE")

    assert stack.physical_id("Table") == name
    assert dynamodb.scan(TableName=name, IndexName="by-change")["Items"] == [head]
