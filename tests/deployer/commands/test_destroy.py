"""Taking tiny stacks out of the emulator again, so that nothing is left that was not meant to stay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from deployer.account import vpc_leftovers
from deployer.commands import destroy, teardown
from deployer.errors import DeployError
from deployer.session import connect
from tests.deployer import tiny as templates
from tests.deployer.commands.test_deploy import state
from tests.deployer.tiny import Tiny

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
    paginator = tiny.aws.client("cloudformation").get_paginator("list_stacks")
    pages = paginator.paginate(StackStatusFilter=["REVIEW_IN_PROGRESS"])
    names = [each["StackName"] for page in pages for each in page["StackSummaries"]]
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
    s3.put_object(Bucket=bucket, Key="gate.json", Body=json.dumps(templates.gate()).encode())
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


@dataclass(frozen=True)
class Occupied:
    """A stack with a VPC, in which CloudFront has an interface in a group of its own."""

    tiny: Tiny
    vpc: str
    group: str
    interface: str

    def leave(self) -> None:
        """CloudFront takes its interface away, and forgets the group."""
        self.tiny.aws.client("ec2").delete_network_interface(NetworkInterfaceId=self.interface)

    def groups(self) -> set[str]:
        """What is left in the VPC."""
        filters = [{"Name": "vpc-id", "Values": [self.vpc]}]
        found = self.tiny.aws.client("ec2").describe_security_groups(Filters=filters)["SecurityGroups"]
        return {group["GroupName"] for group in found}

    def remove(self, during_the_pause: Callable[[], None]) -> list[float]:
        """Delete the stack; return the pauses."""
        pauses: list[float] = []

        def sleep(seconds: float) -> None:
            pauses.append(seconds)
            during_the_pause()

        cloudformation = self.tiny.aws.client("cloudformation")
        [found] = cloudformation.describe_stacks(StackName=self.tiny.stack)["Stacks"]
        teardown.remove(connect(self.tiny.options()), found, self.tiny.console, sleep)
        return pauses


@pytest.fixture
def occupied(tiny: Tiny) -> Occupied:
    def write(out: Path, tag: str) -> None:
        templates.write(out, tag)
        store = templates.store()
        store["Resources"]["Vpc"] = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
        store["Resources"]["Subnet"] = {
            "Type": "AWS::EC2::Subnet",
            "Properties": {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/24"},
        }
        (out / "store.json").write_text(json.dumps(store))

    tiny.deploy(write)
    [vpc], [subnet] = resources(tiny, "AWS::EC2::VPC"), resources(tiny, "AWS::EC2::Subnet")
    ec2 = tiny.aws.client("ec2")
    group = ec2.create_security_group(GroupName=vpc_leftovers.GROUP, Description="CloudFront", VpcId=vpc)
    made = ec2.create_network_interface(SubnetId=subnet, Groups=[group["GroupId"]])["NetworkInterface"]
    return Occupied(tiny, vpc, group["GroupId"], made["NetworkInterfaceId"])


def test_a_vpc_that_cloudfront_has_not_left_yet_is_waited_for(occupied: Occupied):
    assert len(occupied.remove(occupied.leave)) == 1
    assert state(occupied.tiny) is None
    assert f"Deleted {vpc_leftovers.GROUP}, which AWS had left" in occupied.tiny.printed()


def test_what_guardduty_has_put_into_the_vpc_goes_with_it(occupied: Occupied):
    ec2 = occupied.tiny.aws.client("ec2")
    name = f"{vpc_leftovers.GUARDDUTY_GROUP}{occupied.vpc}"
    ec2.create_security_group(GroupName=name, Description="GuardDuty", VpcId=occupied.vpc)
    for service in ("guardduty-data", "logs"):
        ec2.create_vpc_endpoint(
            VpcId=occupied.vpc, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.us-east-1.{service}"
        )
    occupied.remove(occupied.leave)
    assert state(occupied.tiny) is None
    # MiniStack answers with those of every VPC, whatever it is asked for.
    left = [e for e in ec2.describe_vpc_endpoints()["VpcEndpoints"] if e["VpcId"] == occupied.vpc]
    assert [endpoint["ServiceName"] for endpoint in left] == ["com.amazonaws.us-east-1.logs"]
    assert f"Deleted {name}" in occupied.tiny.printed()


def test_a_group_with_something_in_it_is_not_touched(occupied: Occupied):
    occupied.tiny.printed()
    with pytest.raises(DeployError, match=r"could not be deleted: Store/Subnet .*Try once more in an hour"):
        occupied.remove(lambda: None)
    assert occupied.groups() == {"default", vpc_leftovers.GROUP}
    assert "stays for now" not in occupied.tiny.printed()  # nobody tried
    occupied.leave()
    destroy.run(occupied.tiny.options(), occupied.tiny.console, ask=None)
    assert state(occupied.tiny) is None


def test_a_group_that_is_not_cloudfront_s_is_not_touched(occupied: Occupied):
    ec2 = occupied.tiny.aws.client("ec2")
    mine = ec2.create_security_group(GroupName="mine", Description="Mine", VpcId=occupied.vpc)
    with pytest.raises(DeployError, match=r"could not be deleted: Store/Vpc"):
        occupied.remove(lambda: occupied.leave() if vpc_leftovers.GROUP in occupied.groups() else None)
    assert occupied.groups() == {"default", "mine"}
    ec2.delete_security_group(GroupId=mine["GroupId"])
    destroy.run(occupied.tiny.options(), occupied.tiny.console, ask=None)


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


def test_the_protected_rest_of_a_failed_creation_is_not_touched_by_the_next_one(tiny: Tiny):
    with pytest.raises(DeployError):
        tiny.deploy(Hold=1, Logs="false")
    cloudformation = tiny.aws.client("cloudformation")
    cloudformation.update_termination_protection(StackName=tiny.stack, EnableTerminationProtection=True)
    with pytest.raises(DeployError, match="--no-enable-termination-protection"):
        tiny.deploy()
    assert state(tiny) == "ROLLBACK_COMPLETE"


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
