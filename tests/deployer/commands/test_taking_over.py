"""What an earlier deployment has kept comes back: the same table, pool and key, in a new deployment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from deployer.account import kept
from deployer.account.checks import stacks
from deployer.cloudformation import imports
from deployer.commands import deploy, destroy, plan
from deployer.commands.consent import Consent
from deployer.commands.taking_over import Request
from deployer.errors import DeployError, UsageError
from tests.as_aws import as_aws
from tests.deployer import calls
from tests.deployer import tiny as templates
from tests.deployer.account.test_unused import data
from tests.deployer.commands.test_deploy import state, wait_until
from tests.deployer.commands.test_destroy import resources
from tests.deployer.running import DEPLOY_SH, run
from tests.deployer.tiny import Template, Tiny
from tests.emulator_fixture import RunningEmulator

pytestmark = pytest.mark.slow

TAKE_OVER = Request(wanted=True)
Change = Callable[[Template], None]


def nothing(_: Template) -> None:
    """Leave the store as it is."""


def written(change: Change = nothing) -> Callable[[Path, str], None]:
    """The tiny product, its table encrypted with its key, nothing kept but data."""

    def write(out: Path, tag: str) -> None:
        templates.write(out, tag)
        store = templates.store()
        del store["Resources"]["Queue"]["DeletionPolicy"]
        for title in ("Table", "Pool", "Key"):
            del store["Resources"][title]["DeletionPolicy"]
        encrypted = {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": {"Fn::GetAtt": ["Key", "Arn"]}}
        store["Resources"]["Table"]["Properties"]["SSESpecification"] = encrypted
        store["Resources"]["Key"]["Properties"]["Description"] = "Of a test."
        for title in ("Table", "Pool", "Key"):
            store["Resources"][title] |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
        change(store)
        (out / "store.json").write_text(json.dumps(store))

    return write


def take_over(tiny: Tiny, change: Change = nothing, asked: Request = TAKE_OVER, **parameters: Any) -> None:
    deploy.run(
        tiny.options(**{"KeepData": "yes"} | parameters),
        tiny.console,
        written(change),
        unchecked=True,
        take_over=asked,
    )


def ids(tiny: Tiny) -> dict[str, list[str]]:
    """The physical ids of what holds data in the running deployment."""
    return {kind: resources(tiny, kind) for kind in kept.SERVICES if "S3" not in kind}


def leave_something(tiny: Tiny) -> dict[str, list[str]]:
    """A deployment with somebody in its pool and an item in its table, destroyed; return the ids."""
    tiny.deploy(written(), KeepData="yes")
    before = ids(tiny)
    [table], [pool] = before["AWS::DynamoDB::Table"], before["AWS::Cognito::UserPool"]
    tiny.aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "said"}})
    tiny.aws.client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ana")
    destroy.run(tiny.options(), tiny.console, None)
    tiny.printed()
    return before


def require_back(tiny: Tiny, before: dict[str, list[str]]) -> None:
    assert ids(tiny) == before
    [table], [pool] = before["AWS::DynamoDB::Table"], before["AWS::Cognito::UserPool"]
    assert tiny.aws.client("dynamodb").scan(TableName=table)["Items"] == [{"pk": {"S": "said"}}]
    assert tiny.aws.client("cognito-idp").admin_get_user(UserPoolId=pool, Username="ana")


@pytest.fixture(scope="module")
def _remains(emulator: RunningEmulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """What a deployment left, once for all tests that change nothing of it."""
    tiny = Tiny("tiny-remains", tmp_path_factory.mktemp("remains"), emulator)
    with as_aws(emulator):
        leave_something(tiny)
    yield tiny
    with as_aws(emulator):
        destroy.run(tiny.options(), tiny.console, None, data=True)


@pytest.fixture
def remains(aws: RunningEmulator, _remains: Tiny) -> Iterator[Tiny]:  # noqa: ARG001
    """The same; what a test leaves of it is as it was, and there is no stack."""
    there = data(_remains)
    yield _remains
    assert (data(_remains), state(_remains)) == (there, None)
    _remains.printed()


def test_the_same_things_come_back_as_often_as_one_likes_and_go_when_asked(tiny: Tiny) -> None:
    everything = data(tiny)
    before = leave_something(tiny)
    for _ in range(2):
        take_over(tiny)
        require_back(tiny, before)
        assert state(tiny) == "UPDATE_COMPLETE"
        # From here on it is a deployment like any other.
        tiny.deploy(written(), KeepData="yes", Greeting="again")
        require_back(tiny, before)
        destroy.run(tiny.options(), tiny.console, None)
        assert f"{tiny.stack} is gone" in tiny.printed()
        assert imports.standing(tiny.aws.client("cloudformation"), tiny.stack) == []
    take_over(tiny)
    destroy.run(tiny.options(), tiny.console, None, data=True)
    assert data(tiny) == everything


def test_without_the_word_nothing_is_taken_over_and_it_is_said_that_it_could_be(tiny: Tiny) -> None:
    before = leave_something(tiny)
    plan.run(tiny.options(KeepData="yes"), tiny.console, written())
    [table] = before["AWS::DynamoDB::Table"]
    assert f"An earlier deployment left arn:aws:dynamodb:us-east-1:000000000000:table/{table}." in (
        said := tiny.printed()
    )
    assert "ARGS=--take-over" in said
    tiny.deploy(written(), KeepData="yes")
    assert not set(ids(tiny)["AWS::DynamoDB::Table"]) & {table}
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_the_plan_names_what_is_taken_over_and_changes_nothing(remains: Tiny) -> None:
    plan.run(remains.options(KeepData="yes"), remains.console, written(), take_over=TAKE_OVER)
    said = remains.printed()
    assert "3 to take over: Table, Pool, Key" in said
    assert "DATA IS LOST" not in said
    # What the new version wants otherwise is named with it.
    plan.run(remains.options(KeepData="yes"), remains.console, written(_with_index), take_over=TAKE_OVER)
    assert "Table (AttributeDefinitions, GlobalSecondaryIndexes)" in remains.printed()


def _with_index(store: Template) -> None:
    properties = store["Resources"]["Table"]["Properties"]
    properties["AttributeDefinitions"] += [{"AttributeName": "at", "AttributeType": "N"}]
    properties["GlobalSecondaryIndexes"] = [
        {
            "IndexName": "by-time",
            "KeySchema": [
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "at", "KeyType": "RANGE"},
            ],
            "Projection": {"ProjectionType": "KEYS_ONLY"},
        }
    ]


def test_a_table_of_an_older_release_is_brought_up_to_date(tiny: Tiny) -> None:
    before = leave_something(tiny)
    take_over(tiny, _with_index)
    require_back(tiny, before)
    [table] = before["AWS::DynamoDB::Table"]
    described = tiny.aws.client("dynamodb").describe_table(TableName=table)["Table"]
    assert [each["IndexName"] for each in described["GlobalSecondaryIndexes"]] == ["by-time"]
    destroy.run(tiny.options(), tiny.console, None, data=True)


def _with_two_indexes(store: Template) -> None:
    _with_index(store)
    indexes = store["Resources"]["Table"]["Properties"]["GlobalSecondaryIndexes"]
    indexes.append(indexes[0] | {"IndexName": "by-time-again"})


def test_a_table_that_lacks_two_indexes_is_not_taken_over_at_once(remains: Tiny) -> None:
    with pytest.raises(UsageError, match="lacks the indexes by-time and by-time-again"):
        take_over(remains, _with_two_indexes)


def test_a_kept_bucket_is_not_the_bootstraps(tiny: Tiny) -> None:
    """Both have the tag, once an earlier attempt has made the bootstrap stack."""

    def with_files(store: Template) -> None:
        store["Resources"]["Files"] |= {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}

    tiny.deploy(written(with_files), KeepData="yes")
    before = ids(tiny), resources(tiny, "AWS::S3::Bucket")
    destroy.run(tiny.options(), tiny.console, None)
    with pytest.raises(DeployError, match="could not be updated"):
        take_over(tiny, with_files, Hold=1)
    take_over(tiny, with_files)
    assert (ids(tiny), resources(tiny, "AWS::S3::Bucket")) == before
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_who_does_not_agree_has_changed_nothing(remains: Tiny) -> None:
    with pytest.raises(DeployError, match="nothing was changed"):
        deploy.run(
            remains.options(KeepData="yes"),
            remains.console,
            written(),
            Consent(lambda _: "no"),
            unchecked=True,
            take_over=TAKE_OVER,
        )


class Killed(BaseException):
    """Nothing is asked of AWS any more, as after a kill; tests/deployer/faults kills real ones."""


def _killed_after(tiny: Tiny, operation: str, time: int) -> None:
    """Take over until that many such calls were answered, and ask nothing more of AWS, as if killed."""
    make_call, left = BaseClient._make_api_call, [operation] * time  # type: ignore[attr-defined]

    def call(client: Any, name: str, arguments: Any) -> Any:
        if not left:
            raise Killed
        answer = make_call(client, name, arguments)
        if name == operation:
            left.pop()
        if not left:
            raise Killed
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", call)
        with pytest.raises(Killed):
            take_over(tiny)
    wait_until(
        lambda: (
            not any(
                each["StackStatus"].endswith("_IN_PROGRESS") and each["StackStatus"] != "REVIEW_IN_PROGRESS"
                for each in tiny.stacks()
            )
        )
    )


# In the order of a take-over, what each run does more than the one before it: the root and its execution, the
# stack of its own, its execution, its tags, the import into the root, its execution, the update's change set.
# The bootstrap stack's change set comes first of all in the first run.
STEPS = [
    ("CreateChangeSet", 2),
    ("ExecuteChangeSet", 1),
    ("CreateChangeSet", 1),
    ("ExecuteChangeSet", 1),
    ("UpdateStack", 1),
    ("CreateChangeSet", 2),
    ("ExecuteChangeSet", 2),
    ("CreateChangeSet", 1),
]


def test_killed_after_any_step_it_leaves_the_data_and_the_same_command_goes_on(tiny: Tiny) -> None:
    before = leave_something(tiny)
    there = data(tiny)
    for operation, time in STEPS:
        _killed_after(tiny, operation, time)
        assert data(tiny) == there, (operation, time)
    take_over(tiny)
    require_back(tiny, before)
    assert data(tiny) == there
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_destroy_lets_go_of_a_take_over_that_was_not_finished(tiny: Tiny) -> None:
    leave_something(tiny)
    there = data(tiny)
    for step in (1, 4, 6):
        for operation, time in STEPS[: step + 1]:
            _killed_after(tiny, operation, time)
        destroy.run(tiny.options(), tiny.console, None)
        assert f"{tiny.stack} is gone" in tiny.printed()
        names = {each["StackName"] for each in tiny.stacks()}
        assert not {name for name in names if name.startswith(f"{tiny.stack}-")}
        assert data(tiny) == there
    destroy.run(tiny.options(), tiny.console, None, data=True)
    assert data(tiny) != there


def test_an_update_that_fails_leaves_what_was_taken_over_and_the_same_command_goes_on(tiny: Tiny) -> None:
    before = leave_something(tiny)
    there = data(tiny)
    with pytest.raises(DeployError, match="could not be updated: Gate/Signal"):
        take_over(tiny, Hold=1)
    assert (data(tiny), state(tiny)) == (there, "UPDATE_ROLLBACK_COMPLETE")
    # Without the word: what was begun is gone on with.
    take_over(tiny, asked=Request())
    require_back(tiny, before)
    destroy.run(tiny.options(), tiny.console, None, data=True)


# In the order of a take-over: what is refused later finds more of it done.
CALLS = ["GetResources", "DescribeKey", "GetResource", "CreateChangeSet", "ExecuteChangeSet", "UpdateStack"]


def test_a_call_that_is_refused_is_one_sentence_and_the_same_command_goes_on(tiny: Tiny) -> None:
    before = leave_something(tiny)
    there = data(tiny)
    for operation in CALLS:

        def see(_: Any, name: str, arguments: Any, operation: str = operation) -> None:
            about = str(arguments.get("StackName", arguments.get("ChangeSetName", "")))
            if name == operation and "bootstrap" not in about:
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, name)

        with pytest.MonkeyPatch.context() as patch:
            calls.seen(patch, see)
            with pytest.raises(DeployError, match=f"Access denied to {operation}"):
                take_over(tiny)
        assert data(tiny) == there
    take_over(tiny)
    require_back(tiny, before)
    destroy.run(tiny.options(), tiny.console, None, data=True)


# --- refusals ---


def test_of_two_earlier_deployments_somebody_has_to_say_which(tiny: Tiny) -> None:
    first = leave_something(tiny)
    second = leave_something(tiny)
    there = data(tiny)
    with pytest.raises(UsageError) as error:
        take_over(tiny)
    for each in (first, second):
        assert all(name in str(error.value) for name in each["AWS::DynamoDB::Table"])
    assert "Say which" in str(error.value)
    [table], [pool] = first["AWS::DynamoDB::Table"], first["AWS::Cognito::UserPool"]
    with pytest.raises(UsageError, match="2 for Store/Pool"):
        take_over(tiny, asked=Request(wanted=True, chosen=(table,)))
    with pytest.raises(UsageError, match="never-was is not among what an earlier deployment kept"):
        take_over(tiny, asked=Request(wanted=True, chosen=("never-was",)))
    assert (data(tiny), state(tiny)) == (there, None)
    # The key is the table's, and nobody has to say so.
    take_over(tiny, asked=Request(wanted=True, chosen=(table, pool)))
    require_back(tiny, first)
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_a_table_whose_key_cannot_be_used_is_not_taken_over(tiny: Tiny) -> None:
    before = leave_something(tiny)
    kms, [key] = tiny.aws.client("kms"), before["AWS::KMS::Key"]
    for hurt, words in (
        (kms.schedule_key_deletion, "in the state PendingDeletion: `aws kms cancel-key-deletion"),
        (kms.disable_key, "in the state Disabled: `aws kms enable-key"),
    ):
        hurt(KeyId=key)
        with pytest.raises(UsageError, match=words) as error:
            take_over(tiny)
        assert key in str(error.value)
        assert state(tiny) is None
        if hurt == kms.schedule_key_deletion:
            kms.cancel_key_deletion(KeyId=key)
        kms.enable_key(KeyId=key)
    take_over(tiny)
    require_back(tiny, before)
    destroy.run(tiny.options(), tiny.console, None, data=True)


def _other_keys(store: Template) -> None:
    properties = store["Resources"]["Table"]["Properties"]
    properties["AttributeDefinitions"] = [{"AttributeName": "other", "AttributeType": "S"}]
    properties["KeySchema"] = [{"AttributeName": "other", "KeyType": "HASH"}]


def _other_names(store: Template) -> None:
    store["Resources"]["Pool"]["Properties"]["UsernameAttributes"] = ["phone_number"]


@pytest.mark.parametrize(
    ("change", "words"), [(_other_keys, "KeySchema"), (_other_names, "UsernameAttributes")]
)
def test_what_no_update_makes_right_is_not_taken_over(remains: Tiny, change: Change, words: str) -> None:
    with pytest.raises(UsageError, match=f"cannot be taken over: it differs.*{words}"):
        take_over(remains, change)


def test_it_is_refused_where_there_is_nothing_or_no_room_for_it(tiny: Tiny) -> None:
    with pytest.raises(UsageError, match=r"Nothing that an earlier .* look in the region where it was"):
        take_over(tiny)
    leave_something(tiny)
    with pytest.raises(UsageError, match="KeepData=no exclude each other"):
        take_over(tiny, KeepData="no")
    tiny.deploy(written(), KeepData="yes")
    with pytest.raises(UsageError, match="is deployed already, with data of its own"):
        take_over(tiny)
    assert state(tiny) == "CREATE_COMPLETE"
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_a_choice_without_the_question_is_a_mistake(tiny: Tiny) -> None:
    for command in ("deploy", "plan"):
        ended = run(DEPLOY_SH, command, "--stack", tiny.stack, "--kept", "a-table")
        assert ended.is_one_sentence
        assert "give that too" in ended.said


def test_another_stack_of_the_same_kind_of_name_is_nobodys_to_remove(tiny: Tiny) -> None:
    client = tiny.aws.client("cloudformation")
    name = imports.name_of(tiny.stack, "Store")
    body = json.dumps({"Resources": {"Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}})
    client.create_stack(StackName=name, TemplateBody=body)
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert imports.standing(client, tiny.stack) == []
    client.delete_stack(StackName=name)


def test_an_unfinished_one_is_ours_to_doctor(tiny: Tiny) -> None:
    leave_something(tiny)
    for operation, time in STEPS[:2]:
        _killed_after(tiny, operation, time)
    found = list(stacks.names(tiny.aws.client("cloudformation"), tiny.stack, f"{tiny.stack}-bootstrap"))
    assert found == []
    destroy.run(tiny.options(), tiny.console, None, data=True)
