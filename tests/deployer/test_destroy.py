"""Taking tiny stacks out of the emulator again, so that nothing is left that was not meant to stay."""

from __future__ import annotations

import json
import re

import pytest
from botocore.exceptions import ClientError

from deployer import destroy
from deployer.errors import DeployError
from tests.deployer.test_deploy import state
from tests.deployer.tiny import Tiny, gate

pytestmark = pytest.mark.slow


def resources(tiny: Tiny, kind: str) -> list[str]:
    """The physical ids of a kind of resource in the Store stack."""
    cloudformation = tiny.aws.client("cloudformation")
    store = cloudformation.describe_stack_resource(StackName=tiny.stack, LogicalResourceId="Store")
    store_id = store["StackResourceDetail"]["PhysicalResourceId"]
    summaries = cloudformation.list_stack_resources(StackName=store_id)["StackResourceSummaries"]
    return [each["PhysicalResourceId"] for each in summaries if each["ResourceType"] == kind]


def fill(tiny: Tiny) -> tuple[str, str]:
    """Put versioned objects and an image in; return the names of bucket and repository."""
    [bucket], [repository] = resources(tiny, "AWS::S3::Bucket"), resources(tiny, "AWS::ECR::Repository")
    s3 = tiny.aws.client("s3")
    for content in (b"1", b"2"):
        s3.put_object(Bucket=bucket, Key="file", Body=content)
    s3.delete_object(Bucket=bucket, Key="file")
    s3.put_object(Bucket=bucket, Key="other", Body=b"3")
    tiny.aws.client("ecr").put_image(repositoryName=repository, imageManifest="{}", imageTag="f00")
    return bucket, repository


def reviewed(tiny: Tiny) -> int:
    """How many of the stacks, children included, are in REVIEW_IN_PROGRESS."""
    every = tiny.aws.client("cloudformation").list_stacks(StackStatusFilter=["REVIEW_IN_PROGRESS"])
    names = [each["StackName"] for each in every["StackSummaries"]]
    return sum(name == tiny.stack or name.startswith(f"{tiny.stack}-") for name in names)


def test_everything_goes_with_what_is_in_it(tiny: Tiny):
    queue = tiny.deploy()["QueueName"]
    bucket, repository = fill(tiny)
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert (state(tiny), state(tiny, "-bootstrap")) == (None, None)
    with pytest.raises(ClientError, match="404"):
        tiny.aws.client("s3").head_bucket(Bucket=bucket)
    with pytest.raises(ClientError, match="RepositoryNotFound"):
        tiny.aws.client("ecr").describe_repositories(repositoryNames=[repository])
    with pytest.raises(ClientError, match="NonExistentQueue"):
        tiny.aws.client("sqs").get_queue_url(QueueName=queue)
    printed = tiny.printed()
    assert f"{tiny.stack} is gone" in printed
    assert "Kept on purpose" not in printed


def test_what_is_kept_on_purpose_is_named_and_there(tiny: Tiny):
    queue = tiny.deploy(KeepData="yes")["QueueName"]
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert tiny.aws.client("sqs").get_queue_url(QueueName=queue)
    printed = tiny.printed()
    assert "Kept on purpose: Store/Queue, AWS::SQS::Queue" in printed
    assert queue in printed


def test_a_failed_creation_can_be_destroyed(tiny: Tiny):
    with pytest.raises(DeployError):
        tiny.deploy(Hold=1)
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert (state(tiny), state(tiny, "-bootstrap")) == (None, None)


def test_a_stack_that_was_only_reviewed_goes_with_the_stacks_of_its_children(tiny: Tiny):
    bucket = f"by-hand-{tiny.stack}"
    s3, cloudformation = tiny.aws.client("s3"), tiny.aws.client("cloudformation")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="gate.json", Body=json.dumps(gate()).encode())
    child = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {
            "TemplateURL": f"{tiny.aws.endpoint_url}/{bucket}/gate.json",
            "Parameters": {"QueueName": "q", "Hold": "1"},
        },
    }
    cloudformation.create_change_set(
        StackName=tiny.stack,
        ChangeSetName="by-hand",
        ChangeSetType="CREATE",
        IncludeNestedStacks=True,
        TemplateBody=json.dumps({"Resources": {"Gate": child}}),
    )
    assert reviewed(tiny) == 2
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert state(tiny) is None
    assert reviewed(tiny) == 0


def test_what_does_not_exist_is_said_to(tiny: Tiny):
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert f"There is no stack {tiny.stack} in region" in tiny.printed()


def test_the_name_typed_is_the_confirmation(tiny: Tiny):
    tiny.deploy()
    asked: list[str] = []

    def ask(question: str) -> str:
        asked.append(question)
        return f" {tiny.stack}\n"

    destroy.run(tiny.options(), tiny.console, ask)
    assert f"{tiny.stack} and {tiny.stack}-bootstrap" in asked[0]
    assert state(tiny) is None


@pytest.mark.parametrize("typed", ["", "yes", "tiny"])
def test_anything_else_typed_deletes_nothing(tiny: Tiny, typed: str):
    tiny.deploy()
    with pytest.raises(DeployError, match="Nothing was deleted") as error:
        destroy.run(tiny.options(), tiny.console, lambda _: typed)
    assert error.value.exit_code == 1
    assert state(tiny) == "CREATE_COMPLETE"


def test_a_protected_stack_is_left_as_it_is(tiny: Tiny):
    tiny.deploy()
    cloudformation = tiny.aws.client("cloudformation")
    cloudformation.update_termination_protection(StackName=tiny.stack, EnableTerminationProtection=True)
    bucket, _ = fill(tiny)
    with pytest.raises(DeployError, match="is protected from deletion") as error:
        destroy.run(tiny.options(), tiny.console, ask=None)
    assert error.value.exit_code == 2
    assert tiny.aws.client("s3").head_object(Bucket=bucket, Key="other")


def test_a_protected_load_balancer_stops_before_anything_is_emptied(tiny: Tiny):
    tiny.deploy(ProtectFrontDoor="true")
    bucket, _ = fill(tiny)
    with pytest.raises(DeployError, match=r"Store/Door is protected.*ProtectFrontDoor=no") as error:
        destroy.run(tiny.options(), tiny.console, ask=None)
    assert error.value.exit_code == 2
    assert tiny.aws.client("s3").head_object(Bucket=bucket, Key="other")
    command = re.search(
        r"`aws elbv2 (\S+) --attributes Key=(\S+),Value=(\S+) --load-balancer-arn (\S+)`", str(error.value)
    )
    assert command
    assert command[1] == "modify-load-balancer-attributes"
    tiny.aws.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=command[4], Attributes=[{"Key": command[2], "Value": command[3]}]
    )
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert state(tiny) is None


def test_a_load_balancer_that_somebody_deleted_protects_nothing(tiny: Tiny):
    tiny.deploy(ProtectFrontDoor="true")
    [balancer] = resources(tiny, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    tiny.aws.client("elbv2").delete_load_balancer(LoadBalancerArn=balancer)
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert state(tiny) is None


def test_nobody_to_ask_deletes_nothing(tiny: Tiny):
    def ask(_: str) -> str:
        raise EOFError

    tiny.deploy()
    with pytest.raises(DeployError, match="give --yes") as error:
        destroy.run(tiny.options(), tiny.console, ask)
    assert error.value.exit_code == 2
    assert state(tiny) == "CREATE_COMPLETE"
