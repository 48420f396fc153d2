"""Change sets: what refuses them, nested stacks included, and what they will do, in AWS's own answers."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from botocore.stub import ANY, Stubber
from rich.console import Console

from deployer.cloudformation import changes, foreseen, progress, stack
from deployer.errors import DeployError

STACK_ID = "arn:aws:cloudformation:eu-west-1:1:stack/s/1"
ROOT_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/root/1"
NESTED_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/nested/2"
OTHER_SET = "arn:aws:cloudformation:eu-west-1:1:changeSet/other/3"
PASSED_ON = f"Nested change set {NESTED_SET} was not successfully created: Currently in FAILED."
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


def described(
    status: str, reason: str = "", found: tuple[dict[str, Any], ...] = (), identity: str = ROOT_SET
) -> dict[str, Any]:
    return {"ChangeSetId": identity, "Status": status, "StatusReason": reason, "Changes": list(found)}


def asked(stub: Stubber, *answers: dict[str, Any]) -> None:
    """A change set is asked about until it is at rest, and then read."""
    for answer in (*answers, answers[-1]):
        stub.add_response("describe_change_set", answer, {"ChangeSetName": answer["ChangeSetId"]})


def created(stub: Stubber, kind: str = "UPDATE", **more: bool) -> None:
    wanted = REQUEST | {"ChangeSetName": ANY, "ChangeSetType": kind, "ClientToken": ANY} | more
    stub.add_response("create_change_set", {"Id": ROOT_SET, "StackId": STACK_ID}, wanted)


def validated(stub: Stubber, identity: str, *events: dict[str, str]) -> None:
    wanted = {"ChangeSetName": identity, "Filters": {"FailedEvents": True}}
    stub.add_response("describe_events", {"OperationEvents": list(events)}, wanted)


def deleted(stub: Stubber) -> None:
    stub.add_response("delete_change_set", {}, {"ChangeSetName": ROOT_SET})
    stub.add_response("describe_change_set", described("DELETE_IN_PROGRESS"))
    stub.add_client_error("describe_change_set", "ChangeSetNotFound")


def refused(stub: Stubber, reason: str) -> None:
    """The change set with nested stacks is refused by itself, and removed."""
    created(stub, IncludeNestedStacks=True)
    asked(stub, described("FAILED", reason))
    validated(stub, ROOT_SET)
    deleted(stub)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waiters do not sleep between two questions."""
    monkeypatch.setattr("botocore.waiter.time.sleep", lambda _: None)


def paper() -> Console:
    return Console(file=io.StringIO(), width=200, record=True)


def test_an_empty_one_is_no_change_and_is_removed(stub: Stubber):
    created(stub, IncludeNestedStacks=True)
    asked(stub, described("CREATE_IN_PROGRESS"), described("FAILED", EMPTY))
    deleted(stub)
    assert changes.make(stub.client, REQUEST, "UPDATE", paper()) is None


def test_a_refusal_with_the_nested_stacks_is_told_and_the_change_set_made_without_them(stub: Stubber):
    refused(stub, "Parameter PublicScheme failed to satisfy constraint: one of https, http.")
    created(stub)
    good = described("CREATE_COMPLETE")
    asked(stub, good)
    console = paper()
    made = changes.make(stub.client, REQUEST, "UPDATE", console)
    assert made
    assert made["Status"] == "CREATE_COMPLETE"
    assert "PublicScheme" in made[changes.REFUSED]
    assert "without that preview. Its reason: Parameter PublicScheme failed" in console.export_text()


def test_what_is_refused_without_the_nested_stacks_too_is_the_reason(stub: Stubber):
    refused(stub, "Nested: no.")
    created(stub)
    asked(stub, described("FAILED", "Template error: no."))
    validated(stub, ROOT_SET)
    deleted(stub)
    with pytest.raises(DeployError, match=r"nothing was changed: Template error: no\.$") as error:
        changes.make(stub.client, REQUEST, "UPDATE", paper())
    assert error.value.exit_code == 2


def reasons(stub: Stubber) -> str:
    """The reasons that are printed, when the change set without nested stacks is good."""
    deleted(stub)
    created(stub)
    asked(stub, described("CREATE_COMPLETE"))
    console = paper()
    changes.make(stub.client, REQUEST, "UPDATE", console)
    return console.export_text().partition("Its reason: ")[2].strip()


def test_the_nested_reason_is_told_when_the_nested_ones_are_at_rest(stub: Stubber):
    found = (change("Store", "Add", nested=NESTED_SET), change("Other", "Modify", nested=OTHER_SET))
    created(stub, IncludeNestedStacks=True)
    asked(stub, described("FAILED", PASSED_ON, found))
    asked(
        stub,
        described("CREATE_IN_PROGRESS", identity=NESTED_SET),
        described("FAILED", "No such type.", identity=NESTED_SET),
    )
    validated(stub, NESTED_SET)
    asked(stub, described("FAILED", EMPTY, identity=OTHER_SET))
    validated(stub, ROOT_SET)
    assert reasons(stub) == "Store: No such type."


def test_a_nested_one_that_only_the_reason_names_is_asked(stub: Stubber):
    created(stub, IncludeNestedStacks=True)
    asked(stub, described("FAILED", PASSED_ON))
    asked(stub, described("FAILED", "No such type.", identity=NESTED_SET))
    validated(stub, NESTED_SET)
    validated(stub, ROOT_SET)
    assert reasons(stub) == "nested: No such type."


def test_what_validation_found_is_told(stub: Stubber):
    created(stub, IncludeNestedStacks=True)
    asked(stub, described("FAILED", "The following validation failed: see DescribeEvents."))
    event = {
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "Bucket",
        "ValidationStatus": "FAILED",
        "ValidationStatusReason": "The bucket exists already.",
    }
    validated(stub, ROOT_SET, event)
    assert reasons(stub) == "Bucket: The bucket exists already."


def test_neither_a_missing_permission_nor_what_cannot_be_deleted_hides_the_reason(stub: Stubber):
    for preview in ({"IncludeNestedStacks": True}, {}):
        created(stub, "CREATE", **preview)
        asked(stub, described("FAILED", "Template error: no."))
        stub.add_client_error("describe_events", "AccessDenied")
        stub.add_response("delete_change_set", {}, {"ChangeSetName": ROOT_SET})
        stub.add_response("describe_change_set", described("DELETE_FAILED"))
    with pytest.raises(DeployError, match=r"nothing was changed: Template error: no\.$"):
        changes.make(stub.client, REQUEST, "CREATE", paper())


def in_state(stub: Stubber, status: str) -> None:
    found = {"StackName": "s", "StackStatus": status, "CreationTime": datetime.now(UTC)}
    stub.add_response("describe_stacks", {"Stacks": [found]}, {"StackName": STACK_ID})


def listed(stub: Stubber, *found: dict[str, Any]) -> None:
    stub.add_response("list_change_sets", {"Summaries": list(found)}, {"StackName": STACK_ID})


def dropped(stub: Stubber) -> None:
    stub.add_response("delete_stack", {}, {"StackName": STACK_ID})
    in_state(stub, "DELETE_COMPLETE")


def test_an_empty_stack_of_one_s_own_goes_with_its_change_set(stub: Stubber):
    deleted(stub)
    listed(stub)
    in_state(stub, "REVIEW_IN_PROGRESS")
    dropped(stub)
    changes.forget(stub.client, ROOT_SET, STACK_ID, "CREATE", paper())


def test_a_stack_in_which_another_has_a_change_set_stays_with_it(stub: Stubber):
    deleted(stub)
    listed(stub, {"ChangeSetId": OTHER_SET, "Status": "CREATE_COMPLETE"})
    changes.forget(stub.client, ROOT_SET, STACK_ID, "CREATE", paper())


def test_a_stack_that_another_creates_meanwhile_stays(stub: Stubber):
    stub.add_client_error("delete_change_set", "ChangeSetNotFound")  # CloudFormation has taken it away itself
    listed(stub)
    in_state(stub, "CREATE_IN_PROGRESS")
    console = paper()
    changes.forget(stub.client, ROOT_SET, STACK_ID, "CREATE", console)
    assert not console.export_text()


@pytest.mark.parametrize("another", ["is being created", "has a change set made"])
def test_what_somebody_has_begun_since_is_not_deleted_as_the_rest_of_an_earlier_attempt(
    stub: Stubber, another: str
):
    began = another == "is being created"
    listed(stub, {"ChangeSetId": OTHER_SET, "Status": "CREATE_COMPLETE" if began else "CREATE_IN_PROGRESS"})
    status = "CREATE_IN_PROGRESS" if began else "REVIEW_IN_PROGRESS"
    if began:
        in_state(stub, status)
    found = {"StackName": "s", "StackStatus": status, "CreationTime": datetime.now(UTC)}
    stub.add_response("describe_stacks", {"Stacks": [found]}, {"StackName": "s"})
    with pytest.raises(stack.Busy, match=rf"Another operation on the stack s is in progress \({status}\)"):
        stack.delete(stub.client, found | {"StackId": STACK_ID, "StackStatus": "REVIEW_IN_PROGRESS"}, paper())


def test_what_an_earlier_attempt_left_goes_with_its_change_sets(stub: Stubber):
    listed(stub, {"ChangeSetId": ROOT_SET, "Status": "CREATE_COMPLETE"})
    in_state(stub, "REVIEW_IN_PROGRESS")
    deleted(stub)
    in_state(stub, "REVIEW_IN_PROGRESS")
    dropped(stub)
    found = {"StackName": "s", "StackId": STACK_ID, "StackStatus": "REVIEW_IN_PROGRESS"}
    assert stack.delete(stub.client, found, paper()).status == "DELETE_COMPLETE"


@pytest.mark.parametrize("status", [500, 503])
def test_an_error_of_cloudformation_s_own_leaves_open_whether_it_has_begun(stub: Stubber, status: int):
    stub.add_client_error("execute_change_set", "InternalFailure", http_status_code=status)
    with pytest.raises(progress.GoesOn, match="Whether CloudFormation has begun with s is not known"):
        changes.execute(stub.client, ROOT_SET, "s")


def test_what_cloudformation_refuses_to_begin_has_not_begun(stub: Stubber):
    stub.add_client_error("execute_change_set", "InvalidChangeSetStatus", http_status_code=400)
    with pytest.raises(ClientError):
        changes.execute(stub.client, ROOT_SET, "s")


def test_after_an_error_of_cloudformation_s_own_the_change_set_that_may_be_there_is_named(stub: Stubber):
    stub.add_client_error("create_change_set", "InternalFailure", http_status_code=500)
    console = paper()
    with pytest.raises(ClientError):
        changes.make(stub.client, REQUEST, "UPDATE", console)
    assert "may be left." in console.export_text()


def test_the_summary_counts_nested_changes_and_names_what_is_replaced_or_removed(stub: Stubber):
    found = (
        change("Store", "Modify", nested=NESTED_SET),
        change("Old", "Remove"),
        change("New", "Add"),
    )
    nested = (
        change("Table", "Modify", replacement="True"),
        change("Queue", "Modify"),
        change("Topic", "Modify", replacement="Conditional"),
    )
    stub.add_response("describe_change_set", described("CREATE_COMPLETE", found=found))
    stub.add_response("describe_change_set", described("CREATE_COMPLETE", found=nested))
    told = changes.summary(foreseen.of_change_set(stub.client, ROOT_SET))
    assert told == (
        "1 to replace (Store/Table), 1 to change in place, 1 to perhaps replace (Store/Topic), "
        "1 to remove (Old), 1 to add"
    )


def test_a_change_set_of_which_nobody_heard_is_named() -> None:
    class Silent:
        def create_change_set(self, **request: Any) -> None:
            self.name = request["ChangeSetName"]
            raise ReadTimeoutError(endpoint_url="http://127.0.0.1")

    silent, console = Silent(), paper()
    with pytest.raises(ReadTimeoutError):
        changes.make(silent, REQUEST, "UPDATE", console)
    assert f"The change set {silent.name} may be left." in console.export_text()
