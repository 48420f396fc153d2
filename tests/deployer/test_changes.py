"""Change sets: what refuses them, nested stacks included, and what they will do, in AWS's own answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from rich.console import Console

from deployer import changes
from deployer.errors import DeployError

STACK_ID = "arn:aws:cloudformation:eu-west-1:1:stack/s/1"
ROOT_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/root/1"
NESTED_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/nested/2"
REQUEST = {"StackName": "s", "TemplateURL": "https://s3.example/root.json"}
EMPTY = (
    "The submitted information didn't contain changes. Submit different information to create a change set."
)


@pytest.fixture
def stub() -> Iterator[Stubber]:
    client = boto3.client(
        "cloudformation", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def change(
    title: str, action: str, *, nested: str | None = None, replacement: str = "False"
) -> dict[str, Any]:
    found = {
        "LogicalResourceId": title,
        "Action": action,
        "ResourceType": "AWS::X::Y",
        "Replacement": replacement,
    }
    return {"Type": "Resource", "ResourceChange": found | ({"ChangeSetId": nested} if nested else {})}


def described(status: str, reason: str = "", found: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"ChangeSetId": ROOT_SET, "Status": status, "StatusReason": reason, "Changes": list(found)}


def made(stub: Stubber) -> None:
    wanted = REQUEST | {"ChangeSetName": ANY, "ChangeSetType": "UPDATE", "IncludeNestedStacks": True}
    stub.add_response("create_change_set", {"Id": ROOT_SET, "StackId": STACK_ID}, wanted)


def test_an_empty_one_is_no_change_and_is_removed(stub: Stubber):
    made(stub)
    stub.add_response("describe_change_set", described("FAILED", EMPTY))
    stub.add_response("delete_change_set", {}, {"ChangeSetName": ROOT_SET})
    assert changes.make(stub.client, REQUEST, "UPDATE", Console(quiet=True)) is None


def test_the_nested_reason_is_told_instead_of_the_root_s_report_of_it(stub: Stubber):
    made(stub)
    passed_on = f"Nested change set {NESTED_SET} was not successfully created: Currently in FAILED."
    root = described("FAILED", passed_on, (change("Store", "Add", nested=NESTED_SET),))
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_change_set", root, {"ChangeSetName": ROOT_SET})
    stub.add_response(
        "describe_change_set", described("FAILED", "No such type."), {"ChangeSetName": NESTED_SET}
    )
    nothing = {"OperationEvents": []}
    stub.add_response("describe_events", nothing, {"ChangeSetName": NESTED_SET, "Filters": ANY})
    stub.add_response("describe_events", nothing, {"ChangeSetName": ROOT_SET, "Filters": ANY})
    stub.add_response("delete_change_set", {})
    with pytest.raises(DeployError) as error:
        changes.make(stub.client, REQUEST, "UPDATE", Console(quiet=True))
    assert str(error.value).endswith("nothing was changed: Store: No such type.")
    assert error.value.exit_code == 2


def test_what_validation_found_is_told(stub: Stubber):
    made(stub)
    root = described("FAILED", "The following validation failed: see DescribeEvents.")
    event = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "The bucket exists already.",
    }
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_events", {"OperationEvents": [event]})
    stub.add_response("delete_change_set", {})
    with pytest.raises(DeployError, match=r"nothing was changed: Bucket: The bucket exists already\.$"):
        changes.make(stub.client, REQUEST, "UPDATE", Console(quiet=True))


def test_a_missing_permission_to_ask_hides_nothing(stub: Stubber):
    made(stub)
    root = described("FAILED", "Template error: no.")
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_change_set", root)
    stub.add_client_error("describe_events", "AccessDenied")
    stub.add_client_error("delete_change_set", "AccessDenied")
    with pytest.raises(DeployError, match=r"nothing was changed: Template error: no\.$"):
        changes.make(stub.client, REQUEST, "UPDATE", Console(quiet=True))


def test_when_only_the_preview_stumbles_over_a_value_not_yet_known_it_is_left_out(stub: Stubber):
    made(stub)
    root = described("FAILED", "Usage of {{IntrinsicFunction:s/Store/Fn::GetAtt}} is not allowed.")
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_change_set", root)
    stub.add_response("describe_events", {"OperationEvents": []})
    stub.add_response("delete_change_set", {})
    without_preview = REQUEST | {"ChangeSetName": ANY, "ChangeSetType": "UPDATE"}
    stub.add_response("create_change_set", {"Id": ROOT_SET, "StackId": STACK_ID}, without_preview)
    good = described("CREATE_COMPLETE")
    stub.add_response("describe_change_set", good)
    stub.add_response("describe_change_set", good)
    made_after_all = changes.make(stub.client, REQUEST, "UPDATE", Console(quiet=True))
    assert made_after_all == good


def test_the_summary_counts_nested_changes_and_names_what_is_replaced_or_removed(stub: Stubber):
    found = (
        change("Store", "Modify", nested=NESTED_SET),
        change("Old", "Remove"),
        change("New", "Add"),
    )
    nested = (change("Table", "Modify", replacement="True"), change("Queue", "Modify"))
    stub.add_response("describe_change_set", described("CREATE_COMPLETE", found=found))
    stub.add_response("describe_change_set", described("CREATE_COMPLETE", found=nested))
    told = changes.summary(stub.client, {"ChangeSetId": ROOT_SET})
    assert told == "1 to replace (Store/Table), 1 to modify, 1 to remove (Old), 1 to add"
