"""A first creation that fails leaves nothing: what its policies kept for people's data had no people."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.account import fate, unused
from deployer.account.checks import stacks
from deployer.account.empty import BUCKET, bucket_exists
from deployer.cloudformation import stack
from deployer.commands import destroy, operation, plan
from deployer.errors import DeployError
from deployer.session import connect
from tests.deployer import tiny as templates
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow


def data(tiny: Tiny) -> dict[str, list[str]]:
    """What there is of tables, pools and keys in the whole account."""
    client = tiny.aws.client

    def names(service: str, operation: str, **arguments: int) -> Iterator[Any]:
        pages = client(service).get_paginator(operation).paginate(**arguments)
        return (each for page in pages for each in page[pages.result_keys[0].expression])

    keys = [each["KeyId"] for each in names("kms", "list_keys")]
    states = {key: client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] for key in keys}
    return {
        "tables": list(names("dynamodb", "list_tables")),
        "pools": [each["Id"] for each in names("cognito-idp", "list_user_pools", MaxResults=60)],
        "keys": [key for key, state in states.items() if state != "PendingDeletion"],
    }


def stacks_of(tiny: Tiny) -> set[str]:
    return {
        each["StackStatus"] for each in tiny.stacks() if each["StackName"].partition("-S")[0] == tiny.stack
    }


def warned(tiny: Tiny) -> list[str]:
    """What `doctor` and `plan` say of what is left of this name; they agree."""
    findings = stacks.left_behind(connect(tiny.options()), tiny.stack, f"{tiny.stack}-bootstrap")
    found = [each.message for each in findings if each.level != "ok"]
    tiny.printed()
    plan.run(tiny.options(), tiny.console, templates.write)
    lines = [each for each in tiny.printed().splitlines() if each.startswith(("A creation", "An earlier"))]
    assert len(lines) == len(found)
    assert all(map(str.startswith, lines, found)), lines
    return found


def without_queue(out: Path, tag: str) -> None:
    """The tiny product with nothing to keep but what the real one keeps."""
    templates.write(out, tag)
    store = templates.store()
    del store["Resources"]["Queue"]["DeletionPolicy"]
    (out / "store.json").write_text(json.dumps(store))


def fail_and_be_killed(tiny: Tiny) -> None:
    """A first creation that fails while nobody is there any more to tidy up."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operation.teardown, "cleared", lambda *arguments: arguments[2])
        with pytest.raises(DeployError):
            tiny.deploy(without_queue, Hold=1, KeepData="yes", Logs="false")


@pytest.mark.parametrize(("logs", "left"), [("true", set()), ("false", {"ROLLBACK_COMPLETE"})])
def test_the_command_that_failed_removes_what_it_made(tiny: Tiny, logs: str, left: set[str]) -> None:
    """With logs the rollback itself fails, for the file with which the load balancer tries its bucket."""
    before = data(tiny)
    with pytest.raises(DeployError, match=r"could not be created: Gate/Signal") as error:
        tiny.deploy(without_queue, Hold=1, KeepData="yes", Logs=logs)
    assert error.value.exit_code == 1
    assert "What it had made is gone: the next deployment starts afresh" in str(error.value)
    assert data(tiny) == before
    printed = tiny.printed()
    assert stacks_of(tiny) == left, printed
    for name in ("Store/Table", "Store/Pool", "Store/Key"):
        assert f"Removed, for nobody ever used it: {name}" in printed
    assert "Kept on purpose" not in printed
    assert warned(tiny) == [], "the artifact bucket is this deployment's own"


def test_how_it_ended_is_taken_from_the_events(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """What DescribeStacks says may be older than they are."""
    find = stack.find

    def late(*arguments: Any) -> Any:
        found = find(*arguments)
        if found and found["StackStatus"] == "ROLLBACK_COMPLETE":
            found["StackStatus"] = "ROLLBACK_IN_PROGRESS"
        return found

    before = data(tiny)
    monkeypatch.setattr(stack, "find", late)
    with pytest.raises(DeployError, match="could not be created: Gate/Signal"):
        tiny.deploy(without_queue, Hold=1, KeepData="yes", Logs="false")
    assert data(tiny) == before
    assert stacks_of(tiny) == {"ROLLBACK_COMPLETE"}


def test_what_the_deployer_cannot_remove_is_named_and_keeps_the_key(tiny: Tiny) -> None:
    with pytest.raises(DeployError) as error:
        tiny.deploy(Hold=1, KeepData="yes")
    printed = tiny.printed()
    assert "Removed, for nobody ever used it: Store/Table" in printed
    for name in ("Store/Queue", "Store/Key"):
        assert f"Stays, though nobody ever used it: {name}" in printed
        assert name in str(error.value)
    assert "on purpose" not in printed
    assert "none left behind" not in printed


@pytest.mark.parametrize("again", ["deploy", "destroy"])
def test_what_an_interrupted_attempt_left_is_removed_by_the_next_command(tiny: Tiny, again: str) -> None:
    before = data(tiny)
    fail_and_be_killed(tiny)
    assert data(tiny) != before
    found = warned(tiny)
    assert {each.split(",")[0] for each in found} == {
        f"A creation that failed left Store/{title}" for title in ("Table", "Pool", "Key")
    }
    if again == "deploy":
        tiny.deploy()
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert data(tiny) == before
    assert "Removed, for nobody ever used it: Store/Table" in tiny.printed()


@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "DELETE_FAILED"])
def test_while_it_is_deleted_the_rest_of_a_first_creation_is_still_that(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    """Whoever began that saw what was kept, and was interrupted before it could remove it."""
    find, cloudformation = stack.find, tiny.aws.client("cloudformation")
    before = data(tiny)
    fail_and_be_killed(tiny)
    goes = [tiny.stack]

    def first_seen_going(client: Any, name: str) -> Any:
        found = find(client, name)
        if found and name in goes:
            goes.clear()
            if status == "DELETE_IN_PROGRESS":
                cloudformation.delete_stack(StackName=name)
                cloudformation.get_waiter("stack_delete_complete").wait(
                    StackName=found["StackId"], WaiterConfig={"Delay": 1}
                )
            found["StackStatus"] = status
        return found

    monkeypatch.setattr(stack, "find", first_seen_going)
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert data(tiny) == before
    assert "Removed, for nobody ever used it: Store/Table" in tiny.printed()


def test_a_pool_with_people_keeps_everything(tiny: Tiny) -> None:
    fail_and_be_killed(tiny)
    cloudformation = tiny.aws.client("cloudformation")
    [found] = cloudformation.describe_stacks(StackName=tiny.stack)["Stacks"]
    kept = {each.path: each for each in unused.skipped(cloudformation, found["StackId"])}
    [pool] = [each.physical_id for each in kept.values() if each.kind == unused.POOL]
    tiny.aws.client("cognito-idp").admin_create_user(
        UserPoolId=pool, Username="ana", MessageAction="SUPPRESS"
    )
    tiny.printed()
    destroy.run(tiny.options(), tiny.console, ask=None)
    printed = tiny.printed()
    assert "has users already: what holds data stays" in printed
    assert f"Kept on purpose: Store/Table, {unused.TABLE}" in printed
    assert tiny.aws.client("dynamodb").describe_table(TableName=kept["Store/Table"].physical_id)


def test_the_data_of_a_deployment_that_worked_stays(tiny: Tiny) -> None:
    tiny.deploy(KeepData="yes")
    kept = data(tiny)
    destroy.run(tiny.options(), tiny.console, ask=None)
    assert data(tiny) == kept
    printed = tiny.printed()
    assert "Removed, for nobody" not in printed
    assert "Kept on purpose: Store/Table" in printed
    assert "none left behind" not in printed.partition(f"{tiny.stack}-bootstrap")[0]


def test_a_failed_update_removes_no_data(tiny: Tiny) -> None:
    tiny.deploy(KeepData="yes")
    kept = data(tiny)
    with pytest.raises(stack.Failed):
        tiny.deploy(KeepData="yes", Hold=1)
    assert data(tiny) == kept


def test_what_no_stack_knows_is_found_by_its_tag(tiny: Tiny) -> None:
    tiny.deploy()
    dynamodb = tiny.aws.client("dynamodb")
    dynamodb.create_table(
        TableName=f"{tiny.stack}-of-old",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "Project", "Value": tiny.stack}],
    )
    for _ in range(2):  # the second time without a stack
        destroy.run(tiny.options(), tiny.console, ask=None)
        printed = tiny.printed()
        assert f"Stays: By its tag, AWS::DynamoDB::Table {tiny.stack}-of-old: about 0 items" in printed
    dynamodb.delete_table(TableName=f"{tiny.stack}-of-old")
    destroy.run(tiny.options(), tiny.console, ask=None)
    printed = tiny.printed()
    assert "Stays" not in printed
    assert "Still there" not in printed


def test_who_may_not_ask_for_tags_is_told(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: Any) -> Any:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetResources")

    monkeypatch.setattr("deployer.account.tagged._arns", denied)
    tiny.deploy()
    with pytest.raises(DeployError, match="left cannot be looked up by its tag: Access denied") as error:
        destroy.run(tiny.options(), tiny.console, ask=None)
    assert error.value.exit_code == 1


def test_peoples_files_go_with_every_version_and_are_counted_before(tiny: Tiny) -> None:
    aws = connect(tiny.options())
    name, s3 = f"{tiny.stack.lower()}-files", aws.s3
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    for content in (b"one", b"two"):
        s3.put_object(Bucket=name, Key="files/ana/c/1", Body=content)
    s3.put_object(Bucket=name, Key="files/ana/c/2", Body=b"gone")
    s3.delete_object(Bucket=name, Key="files/ana/c/2")
    kept = [unused.Kept("Data/Files", BUCKET, name)]
    fate.show(aws, [], kept, tiny.console, data=True)
    assert "Goes FOR GOOD: Data/Files" in tiny.printed()
    assert unused.delete(aws, kept, tiny.console, "Removed") == []
    assert not bucket_exists(s3, name)
    assert unused.delete(aws, kept, tiny.console, "Removed") == [], "what is gone is no failure"
