"""Deploying tiny stacks to the emulator: first time, again, changed, failing, and one at a time."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deployer.account import region
from deployer.cloudformation import package
from deployer.commands.intended import bootstrap_stack, prepare, root_stack
from deployer.errors import DeployError
from source import image_tag
from tests.deployer import tiny as templates
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow

DEADLINE_SECONDS = 30


def state(tiny: Tiny, suffix: str = "") -> str | None:
    """The stack's state as AWS has it, None when there is no such stack."""
    # The emulator remembers what other tests deployed: more than one page of it.
    pages = tiny.aws.client("cloudformation").get_paginator("list_stacks").paginate()
    found = (each for page in pages for each in page["StackSummaries"])
    alive = [each["StackStatus"] for each in found if each["StackName"] == tiny.stack + suffix]
    return next((status for status in alive if status != "DELETE_COMPLETE"), None)


def wait_until(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_the_first_deployment_creates_everything_and_returns_the_outputs(tiny: Tiny):
    outputs = tiny.deploy(Greeting="hola")
    assert outputs["Greeting"] == "hola"
    assert tiny.aws.client("sqs").get_queue_url(QueueName=outputs["QueueName"])
    printed = tiny.printed()
    assert f"Deploying {tiny.stack} to account" in printed
    assert "Store/Queue" in printed
    assert (state(tiny), state(tiny, "-bootstrap")) == ("CREATE_COMPLETE", "CREATE_COMPLETE")


def given(tiny: Tiny) -> dict[str, str]:
    """The parameters of the deployed stack."""
    stack = tiny.aws.client("cloudformation").describe_stacks(StackName=tiny.stack)["Stacks"][0]
    return {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}


def test_the_deployment_finds_cloudfronts_addresses(tiny: Tiny):
    tiny.deploy()
    found = tiny.aws.client("ec2").describe_managed_prefix_lists(
        PrefixListIds=[given(tiny)["OriginFacingPrefixListId"]]
    )
    (prefix_list,) = found["PrefixLists"]
    assert prefix_list["PrefixListName"] == "com.amazonaws.global.cloudfront.origin-facing"


def test_an_update_keeps_the_zones_and_a_fresh_start_chooses_anew(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
):
    with pytest.raises(DeployError):
        tiny.deploy(Hold=1, Logs="false")
    assert given(tiny)["AvailabilityZones"] == "us-east-1a,us-east-1b"
    monkeypatch.setattr(region, "UNSUITABLE", {"use1-az1"})
    tiny.deploy()
    assert given(tiny)["AvailabilityZones"] == "us-east-1b,us-east-1c"
    monkeypatch.setattr(region, "UNSUITABLE", set())
    tiny.deploy(Greeting="hola")
    assert given(tiny)["AvailabilityZones"] == "us-east-1b,us-east-1c"


def test_what_the_region_lacks_ends_it_before_anything_is_created(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(region, "ORIGIN_FACING", "com.amazonaws.global.cloudfront.nowhere")
    with pytest.raises(DeployError, match="OriginFacingPrefixListId cannot be") as error:
        tiny.deploy()
    assert error.value.exit_code == 2
    assert state(tiny, "-bootstrap") is None


def test_another_network_is_refused_before_anything_is_changed(tiny: Tiny):
    tiny.deploy()
    before = given(tiny)
    tiny.printed()
    with pytest.raises(DeployError, match="Egress cannot be changed from nat to existing") as error:
        tiny.deploy(Egress="existing", Greeting="hola")
    assert error.value.exit_code == 2
    assert given(tiny) == before
    assert "-bootstrap" not in tiny.printed()


def test_the_source_is_uploaded_under_its_tag(tiny: Tiny):
    tiny.deploy()
    stack = tiny.aws.client("cloudformation").describe_stacks(StackName=tiny.stack)["Stacks"][0]
    values = given(tiny)
    assert values["SourceKey"] == f"source-{image_tag(tiny.options().root)}.zip"
    assert tiny.aws.client("s3").head_object(Bucket=values["ArtifactBucketName"], Key=values["SourceKey"])
    assert stack["Tags"] == [{"Key": "Project", "Value": tiny.stack}]


def test_the_roles_that_ecs_acts_with_are_made_before_the_stack(tiny: Tiny):
    iam = tiny.aws.client("iam")
    for role in iam.list_roles(PathPrefix="/aws-service-role/ecs.amazonaws.com/")["Roles"]:
        iam.delete_service_linked_role(RoleName=role["RoleName"])
    tiny.deploy()
    printed = tiny.printed()
    assert printed.index("Made the service-linked role") < printed.index(f"{tiny.stack}: making the change")
    assert iam.get_role(RoleName="AWSServiceRoleForECS")


def test_a_second_time_nothing_has_changed(tiny: Tiny):
    first = tiny.deploy()
    tiny.printed()
    assert tiny.deploy() == first
    printed = tiny.printed()
    assert f"{tiny.stack}: nothing has changed." in printed
    assert f"{tiny.stack}-bootstrap: nothing has changed." in printed
    assert "change set" not in printed


def test_a_changed_parameter_is_an_update(tiny: Tiny):
    before = tiny.deploy(Greeting="hola")
    after = tiny.deploy(Greeting="adios")
    assert after["Greeting"] == "adios"
    assert after["QueueName"] == before["QueueName"]
    assert state(tiny) == "UPDATE_COMPLETE"


def test_what_is_no_longer_given_has_its_default_again(tiny: Tiny):
    tiny.deploy(Greeting="hola")
    assert tiny.deploy()["Greeting"] == "hello"


def test_a_changed_child_template_is_an_update(tiny: Tiny):
    tiny.deploy()

    def write(out: Path, tag: str) -> None:
        templates.write(out, tag)
        changed = templates.store()
        changed["Resources"]["Text"]["Properties"]["Value"] = {"Fn::Sub": "${Greeting}!"}
        (out / "store.json").write_text(json.dumps(changed))

    assert tiny.deploy(write)["Greeting"] == "hello!"


def test_a_failed_update_is_rolled_back_and_says_what_failed_first(tiny: Tiny):
    tiny.deploy(Greeting="hola")
    with pytest.raises(DeployError) as error:
        tiny.deploy(Greeting="adios", Hold=1)
    message = str(error.value)
    assert f"{tiny.stack} could not be updated: Gate/Signal (AWS::CloudFormation::WaitCondition)" in message
    assert "timed out" in message
    assert "the stack is as it was before" in message
    assert error.value.exit_code == 1
    assert state(tiny) == "UPDATE_ROLLBACK_COMPLETE"
    tiny.printed()
    assert tiny.deploy(Greeting="hola")["Greeting"] == "hola"
    assert "nothing has changed" in tiny.printed()


def test_a_failed_creation_is_removed_by_the_next_deployment(tiny: Tiny):
    with pytest.raises(DeployError, match=r"could not be created: Gate/Signal .* timed out"):
        tiny.deploy(Hold=1, Logs="false")
    assert state(tiny) == "ROLLBACK_COMPLETE"
    tiny.printed()
    assert tiny.deploy()["Greeting"] == "hello"
    assert f"Removing what an earlier attempt left of {tiny.stack} (ROLLBACK_COMPLETE)" in tiny.printed()
    assert state(tiny) == "CREATE_COMPLETE"


def test_a_stack_that_was_only_reviewed_is_replaced(tiny: Tiny):
    tiny.aws.client("cloudformation").create_change_set(
        StackName=tiny.stack,
        ChangeSetName="by-hand",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}),
    )
    assert state(tiny) == "REVIEW_IN_PROGRESS"
    assert tiny.deploy()["Greeting"] == "hello"
    assert state(tiny) == "CREATE_COMPLETE"


def test_a_second_deployment_at_once_is_told_to_wait(tiny: Tiny):
    tiny.deploy()
    ended: list[DeployError] = []

    def first() -> None:
        try:
            tiny.deploy(Hold=8)
        except DeployError as error:
            ended.append(error)

    thread = threading.Thread(target=first)
    thread.start()
    wait_until(lambda: state(tiny) == "UPDATE_IN_PROGRESS")
    with pytest.raises(
        DeployError, match=r"Another operation .* is in progress \(UPDATE_IN_PROGRESS, begun by "
    ):
        Tiny(tiny.stack, tiny.out.parent / "other", tiny.aws).deploy(Greeting="adios")
    thread.join(DEADLINE_SECONDS)
    assert len(ended) == 1


def test_a_bad_parameter_ends_it_before_anything_is_created(tiny: Tiny):
    with pytest.raises(DeployError, match="Did you mean Greeting") as error:
        tiny.deploy(Greting="hola")
    assert error.value.exit_code == 2
    assert state(tiny, "-bootstrap") is None


def test_templates_that_cloudformation_refuses_end_it_before_the_stack_is_created(tiny: Tiny):
    def write(out: Path, tag: str) -> None:
        templates.write(out, tag)
        broken = templates.root(tag)
        broken["Resources"]["Other"] = {"Type": "AWS::Nowhere::Thing"}
        (out / "root.json").write_text(json.dumps(broken))

    with pytest.raises(
        DeployError, match=r"cannot be deployed, and nothing was changed: .*AWS::Nowhere::Thing"
    ) as error:
        tiny.deploy(write)
    assert error.value.exit_code == 2
    assert state(tiny) is None


def test_templates_that_cannot_be_written_are_explained(tiny: Tiny):
    tiny.out.write_text("in the way")
    with pytest.raises(DeployError, match=r"templates cannot be written: .*File exists") as error:
        tiny.deploy()
    assert error.value.exit_code == 2


def test_a_deployment_that_writes_its_templates_at_the_same_time_disturbs_no_other(tiny: Tiny):
    prepared = prepare(tiny.options(), templates.write)
    for path in tiny.out.glob("*.json"):
        path.write_text("{}")
    wanted = root_stack(prepared, "bucket", package.addresses(tiny.aws.client("s3"), "bucket"))
    assert wanted.template["Resources"].keys() == prepared.root["Resources"].keys()
    assert "Artifacts" in bootstrap_stack(prepared).template["Resources"]
