"""Gaps in what CloudFormation does with stacks: nested ones, their events, and change sets."""

import json
import uuid
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator_fixture import RunningEmulator
from tests.local.emulator_kit import (
    CAPABILITIES,
    DEADLINE_SECONDS,
    Stack,
    StackFailed,
    begin,
    deploy,
    parent_of,
    resource,
    resources,
    upload,
)

GROUP = resource("Logs::LogGroup")
# The endpoint's service does not exist, so this fails after everything that it depends on was created.
FAILING = resource("Logs::LogStream", LogGroupName="no-such-group") | {"DependsOn": "Group"}


def _groups(aws: RunningEmulator, name: str) -> list[str]:
    found = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return [group["logGroupName"] for group in found]


def _named(name: str, **more: Any) -> dict[str, Any]:
    return resource("Logs::LogGroup", LogGroupName=name, **more)


def unchanged_resources_keep_their_attributes(aws: RunningEmulator) -> None:
    child = resources(Group=GROUP) | {"Outputs": {"Arn": {"Value": {"Fn::GetAtt": ["Group", "Arn"]}}}}
    parent = parent_of(aws, child)
    parent["Outputs"] = {"Arn": {"Value": {"Fn::GetAtt": ["Child", "Outputs.Arn"]}}}
    stack = deploy(aws, parent)
    before = stack.outputs()
    child["Resources"]["Another"] = GROUP
    parent["Resources"]["Child"]["Properties"]["TemplateURL"] = upload(aws, child)
    stack.update(parent)
    assert stack.outputs() == before


def failed_child_leaves_nothing(aws: RunningEmulator) -> None:
    name = f"gone-{uuid.uuid4().hex[:8]}"
    stack = begin(aws, parent_of(aws, resources(Group=_named(name), Stream=FAILING)))
    with pytest.raises(StackFailed, match=r"Embedded stack arn:aws:cloudformation:.*Stream"):
        stack.wait_for("CREATE_COMPLETE")
    assert _groups(aws, name) == []


def failed_update_takes_a_child_back(aws: RunningEmulator) -> None:
    name = f"back-{uuid.uuid4().hex[:8]}"
    child = resources(Group=_named(name, RetentionInDays=7))
    parent = parent_of(aws, child)
    stack = deploy(aws, parent)
    child["Resources"]["Group"]["Properties"]["RetentionInDays"] = 14
    child["Resources"] |= {"Extra": _named(f"{name}-extra"), "Stream": FAILING | {"DependsOn": "Extra"}}
    parent["Resources"]["Child"]["Properties"]["TemplateURL"] = upload(aws, child)
    with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        stack.update(parent)
    assert stack.child("Child").describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    (group,) = aws.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (name, 7)


def deletion_policy_of_a_child_counts(aws: RunningEmulator) -> None:
    kept, gone = (f"{word}-{uuid.uuid4().hex[:8]}" for word in ("kept", "gone"))
    child = resources(
        Kept=_named(kept) | {"DeletionPolicy": {"Fn::If": ["Keeps", "Retain", "Delete"]}},
        Gone=_named(gone) | {"DeletionPolicy": {"Fn::If": ["Keeps", "Delete", "Retain"]}},
    )
    child["Conditions"] = {"Keeps": {"Fn::Equals": ["a", "a"]}}
    deploy(aws, parent_of(aws, child)).delete()
    assert (_groups(aws, kept), _groups(aws, gone)) == ([kept], [])


def failed_delete_in_a_child_is_told(aws: RunningEmulator) -> None:
    child = resources(Repository=resource("ECR::Repository"))
    stack = deploy(aws, parent_of(aws, child))
    repository = stack.child("Child").physical_id("Repository")
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": "sha256:0"}, "layers": []})
    ecr = aws.client("ecr")
    ecr.put_image(repositoryName=repository, imageManifest=manifest, imageTag="1")
    with pytest.raises(StackFailed, match="was not successfully deleted"):
        stack.delete()
    ecr.batch_delete_image(repositoryName=repository, imageIds=[{"imageTag": "1"}])
    stack.delete()


def child_is_found_while_it_is_made(aws: RunningEmulator) -> None:
    stack = deploy(aws, parent_of(aws, resources(Group=GROUP)))
    started = [e for e in stack.events() if e["ResourceStatus"] == "CREATE_IN_PROGRESS"]
    identities = [e["PhysicalResourceId"] for e in started if e["LogicalResourceId"] == "Child"]
    assert stack.physical_id("Child") in identities
    child_events = Stack(aws, stack.physical_id("Child")).events()
    assert {e["LogicalResourceId"] for e in child_events if e["ResourceType"] == "AWS::Logs::LogGroup"} == {
        "Group"
    }


def failed_update_event_names_the_resource(aws: RunningEmulator) -> None:
    repository = resource("ECR::Repository", ImageTagMutability="MUTABLE")
    template = resources(Table=_table("S"), Repository=repository)
    stack = deploy(aws, template)
    template["Resources"]["Table"] = _table("N")
    with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        stack.update(template)
    failed = [e for e in stack.events() if e["ResourceStatus"] == "UPDATE_FAILED"]
    assert [e["PhysicalResourceId"] for e in failed] == [stack.physical_id("Table")]


def events_of_an_update_say_what_happens(aws: RunningEmulator) -> None:
    changed = _named(f"changed-{uuid.uuid4().hex[:8]}", RetentionInDays=7)
    stack = deploy(aws, resources(Kept=GROUP, Changed=changed, Removed=GROUP))
    before = {event["EventId"] for event in stack.events()}
    changed["Properties"]["RetentionInDays"] = 14
    stack.update(resources(Kept=GROUP, Changed=changed, New=GROUP))
    seen = [
        f"{event['LogicalResourceId']} {event['ResourceStatus']}"
        for event in reversed(stack.events())
        if event["EventId"] not in before and event["ResourceType"] == "AWS::Logs::LogGroup"
    ]
    assert sorted(seen) == [
        "Changed UPDATE_COMPLETE",
        "Changed UPDATE_IN_PROGRESS",
        "New CREATE_COMPLETE",
        "New CREATE_IN_PROGRESS",
        "Removed DELETE_COMPLETE",
        "Removed DELETE_IN_PROGRESS",
    ]


def description_is_that_of_the_template(aws: RunningEmulator) -> None:
    template = resources(Group=GROUP) | {"Description": "first"}
    client, name = aws.client("cloudformation"), f"described-{uuid.uuid4().hex[:8]}"
    request = {"StackName": name, "ChangeSetName": "first", "ChangeSetType": "CREATE"}
    made = client.create_change_set(**request, TemplateBody=json.dumps(template))
    client.execute_change_set(ChangeSetName=made["Id"])
    stack = Stack(aws, made["StackId"])
    stack.wait_for("CREATE_COMPLETE")
    assert stack.describe()["Description"] == "first"
    stack.update(resources(Group=GROUP, Another=GROUP) | {"Description": "second"})
    assert stack.describe()["Description"] == "second"
    with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_COMPLETE"):
        stack.update(resources(Group=GROUP, Stream=FAILING) | {"Description": "third"})
    assert stack.describe()["Description"] == "second"


def _table(kind: str) -> dict[str, Any]:
    """A table with a name of its own: CloudFormation refuses to replace such a one."""
    return resource(
        "DynamoDB::Table",
        TableName="named-table",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": kind}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )


def _change_set(stack: Stack, template: dict[str, Any], **parameters: str) -> dict[str, Any]:
    cloudformation = stack.aws.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName=stack.stack_id,
        ChangeSetName=f"c-{uuid.uuid4().hex}",
        TemplateBody=json.dumps(template),
        Capabilities=CAPABILITIES,
        IncludeNestedStacks=True,
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    )
    return cloudformation.describe_change_set(ChangeSetName=made["Id"])


def nested_change_set_tells_what_changes(aws: RunningEmulator) -> None:
    child = resources(Group=GROUP)
    parent = parent_of(aws, child)
    stack = deploy(aws, parent)
    child["Resources"]["Another"] = GROUP
    parent["Resources"]["Child"]["Properties"]["TemplateURL"] = upload(aws, child)
    (change,) = _change_set(stack, parent)["Changes"]
    nested = aws.client("cloudformation").describe_change_set(
        ChangeSetName=change["ResourceChange"]["ChangeSetId"]
    )
    changes = [each["ResourceChange"] for each in nested["Changes"]]
    assert [(each["Action"], each["LogicalResourceId"]) for each in changes] == [("Add", "Another")]


def impossible_child_fails_the_change_set(aws: RunningEmulator) -> None:
    child = resources(Group=GROUP) | {"Parameters": {"Size": {"Type": "String", "AllowedValues": ["s"]}}}
    parent = parent_of(aws, child, Size="s")
    stack = deploy(aws, parent)
    parent["Resources"]["Child"]["Properties"]["Parameters"]["Size"] = "xxl"
    described = _change_set(stack, parent)
    assert (described["Status"], described["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "Nested change set" in described["StatusReason"]


def changed_outputs_are_a_change(aws: RunningEmulator) -> None:
    template = resources(Group=GROUP)
    stack = deploy(aws, template | {"Outputs": {"Group": {"Value": {"Ref": "Group"}}}})
    template["Outputs"] = {"Group": {"Value": "constant"}}
    described = _change_set(stack, template)
    assert (described["Status"], described["Changes"]) == ("CREATE_COMPLETE", [])
    aws.client("cloudformation").execute_change_set(ChangeSetName=described["ChangeSetId"])
    stack.wait_for("UPDATE_COMPLETE")
    assert stack.outputs() == {"Group": "constant"}


def condition_decides_what_changes(aws: RunningEmulator) -> None:
    extra = GROUP | {"Condition": "IsLarge"}
    template = resources(Group=GROUP, Extra=extra)
    template["Parameters"] = {"Size": {"Type": "String"}}
    template["Conditions"] = {"IsLarge": {"Fn::Equals": [{"Ref": "Size"}, "l"]}}
    stack = deploy(aws, template, {"Size": "s"})
    for size, changes in (("l", [("Add", "Extra")]), ("m", [])):
        described = _change_set(stack, template, Size=size)
        found = [each["ResourceChange"] for each in described["Changes"]]
        assert [(each["Action"], each["LogicalResourceId"]) for each in found] == changes


def rolled_back_creation_cannot_be_updated(aws: RunningEmulator) -> None:
    stack = begin(aws, resources(Group=GROUP, Stream=FAILING))
    stack.wait_for("ROLLBACK_COMPLETE")
    with pytest.raises(ClientError, match="is in ROLLBACK_COMPLETE state and can not be updated"):
        _change_set(stack, resources(Group=GROUP))


def _reviewed(aws: RunningEmulator, template: dict[str, Any]) -> dict[str, Any]:
    """A change set for a stack that does not exist, nested stacks included, as DescribeChangeSet gives it."""
    cloudformation = aws.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName=f"reviewed-{uuid.uuid4().hex[:8]}",
        ChangeSetName="first",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        Capabilities=CAPABILITIES,
        IncludeNestedStacks=True,
    )
    return cloudformation.describe_change_set(ChangeSetName=made["Id"])


def stack_under_review_has_no_template(aws: RunningEmulator) -> None:
    made = _reviewed(aws, resources(Group=GROUP))
    answer = aws.client("cloudformation").get_template(StackName=made["StackId"])
    assert (answer["TemplateBody"], answer["StagesAvailable"]) == ("", [])


def stack_under_review_lists_no_resources(aws: RunningEmulator) -> None:
    made = _reviewed(aws, resources(Group=GROUP))
    with pytest.raises(ClientError, match=r"ValidationError.*does not exist"):
        aws.client("cloudformation").list_stack_resources(StackName=made["StackId"])


def change_set_makes_a_stack_of_each_new_child(aws: RunningEmulator) -> None:
    cloudformation = aws.client("cloudformation")
    made = _reviewed(aws, parent_of(aws, resources(Group=GROUP)))
    (change,) = made["Changes"]
    nested = cloudformation.describe_change_set(ChangeSetName=change["ResourceChange"]["ChangeSetId"])
    (child,) = cloudformation.describe_stacks(StackName=nested["StackId"])["Stacks"]
    assert child["StackStatus"] == "REVIEW_IN_PROGRESS"
    cloudformation.execute_change_set(ChangeSetName=made["ChangeSetId"])
    stack = Stack(aws, made["StackId"])
    stack.wait_for("CREATE_COMPLETE")
    assert stack.physical_id("Child") == nested["StackId"]


def change_set_takes_the_stacks_of_its_children_along(aws: RunningEmulator) -> None:
    cloudformation = aws.client("cloudformation")
    made = _reviewed(aws, parent_of(aws, resources(Group=GROUP)))
    (change,) = made["Changes"]
    nested = cloudformation.describe_change_set(ChangeSetName=change["ResourceChange"]["ChangeSetId"])
    cloudformation.delete_change_set(ChangeSetName=made["ChangeSetId"])
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=nested["StackId"], WaiterConfig={"Delay": 1, "MaxAttempts": DEADLINE_SECONDS}
    )
    (parent,) = cloudformation.describe_stacks(StackName=made["StackId"])["Stacks"]
    assert parent["StackStatus"] == "REVIEW_IN_PROGRESS"


def change_sets_are_listed_by_the_stack_s_id(aws: RunningEmulator) -> None:
    made = _reviewed(aws, resources(Group=GROUP))
    listed = aws.client("cloudformation").list_change_sets(StackName=made["StackId"])["Summaries"]
    assert [each["ChangeSetId"] for each in listed] == [made["ChangeSetId"]]


def failed_rollback_of_a_child_is_gone_on_with(aws: RunningEmulator) -> None:
    """It is told by the child and by what could not go back in it, which can be skipped by both names.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ContinueUpdateRollback.html
    """
    bucket = f"logs-{uuid.uuid4().hex}"
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket=bucket)

    def template(logs: str) -> dict[str, Any]:
        attributes = {"access_logs.s3.enabled": logs, "access_logs.s3.bucket": bucket}
        door = resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            LoadBalancerAttributes=[{"Key": key, "Value": value} for key, value in attributes.items()],
        )
        return parent_of(aws, resources(Door=door))

    stack = deploy(aws, template("true"))
    for each in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
        s3.delete_object(Bucket=bucket, Key=each["Key"])
    s3.delete_bucket(Bucket=bucket)
    broken = template("false")
    broken["Resources"]["Last"] = FAILING | {"DependsOn": "Child"}
    with pytest.raises(StackFailed, match="UPDATE_ROLLBACK_FAILED"):
        stack.update(broken)
    child = stack.child("Child")
    assert child.describe()["StackStatus"] == "UPDATE_ROLLBACK_FAILED"
    [door] = cloudformation.list_stack_resources(StackName=child.stack_id)["StackResourceSummaries"]
    assert door["ResourceStatus"] == "UPDATE_FAILED"
    assert "NoSuchBucket" in door["ResourceStatusReason"]
    with pytest.raises(ClientError, match="cannot be skipped"):
        cloudformation.continue_update_rollback(StackName=stack.stack_id, ResourcesToSkip=["Child.Door"])
    name = child.describe()["StackName"]
    cloudformation.continue_update_rollback(StackName=stack.stack_id, ResourcesToSkip=[f"{name}.Door"])
    stack.wait_for("UPDATE_ROLLBACK_COMPLETE")
    assert child.describe()["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"


CASES = [
    unchanged_resources_keep_their_attributes,
    failed_child_leaves_nothing,
    failed_update_takes_a_child_back,
    deletion_policy_of_a_child_counts,
    failed_delete_in_a_child_is_told,
    child_is_found_while_it_is_made,
    failed_update_event_names_the_resource,
    events_of_an_update_say_what_happens,
    failed_rollback_of_a_child_is_gone_on_with,
    nested_change_set_tells_what_changes,
    impossible_child_fails_the_change_set,
    changed_outputs_are_a_change,
    condition_decides_what_changes,
    description_is_that_of_the_template,
    rolled_back_creation_cannot_be_updated,
    stack_under_review_has_no_template,
    stack_under_review_lists_no_resources,
    change_set_makes_a_stack_of_each_new_child,
    change_set_takes_the_stacks_of_its_children_along,
    change_sets_are_listed_by_the_stack_s_id,
]
