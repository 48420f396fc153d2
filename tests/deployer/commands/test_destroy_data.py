"""What destroy announces, what it deletes with DATA=delete, and that nothing else is left."""

from __future__ import annotations

from typing import Any

import pytest

from deployer.account import tagged
from deployer.commands import destroy
from deployer.errors import DeployError
from tests.deployer import calls
from tests.deployer.account.test_unused import data, without_queue
from tests.deployer.commands.test_deploy import state
from tests.deployer.commands.test_destroy import resources
from tests.deployer.running import DEPLOY_SH, run
from tests.deployer.tiny import Tiny

pytestmark = pytest.mark.slow

LOG_GROUP = "/aws/ecs/containerinsights/{}/performance"


def test_before_it_asks_it_says_what_goes_and_what_stays(tiny: Tiny) -> None:
    tiny.deploy(KeepData="yes")
    [table], [pool] = resources(tiny, "AWS::DynamoDB::Table"), resources(tiny, "AWS::Cognito::UserPool")
    [bucket], [key] = resources(tiny, "AWS::S3::Bucket"), resources(tiny, "AWS::KMS::Key")
    tiny.aws.client("dynamodb").put_item(TableName=table, Item={"pk": {"S": "a"}})
    tiny.aws.client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ana")
    tiny.printed()

    def ask(_: str) -> str:
        said = tiny.printed()
        for words in (
            f"{tiny.stack}: 4 resources go.",
            "  Store  4",
            f"With all that is in it: the bucket {bucket} (Store/Files)",
            f"Stays: Store/Table, AWS::DynamoDB::Table {table}: about 1 items, ",
            "backups, by the GB",
            f"Stays: Store/Pool, AWS::Cognito::UserPool {pool}: about 1 people; costs nothing",
            f"Stays: Store/Key, AWS::KMS::Key {key}: without it nobody can read",
            "goes on costing 1 USD a month",
        ):
            assert words in said, words
        return tiny.stack

    destroy.run(tiny.options(), tiny.console, ask)
    printed = tiny.printed()
    assert f"Still there, as announced, by the tag Project={tiny.stack}: arn:aws:dynamodb" in printed
    assert f"{tiny.stack} is gone" in printed
    assert "Left behind" not in printed


@pytest.mark.parametrize("first_without", [False, True])
def test_data_goes_too_when_that_is_asked_for_also_what_was_kept_before(
    tiny: Tiny, first_without: bool
) -> None:
    before = data(tiny)
    tiny.deploy(without_queue, KeepData="yes")
    [pool] = resources(tiny, "AWS::Cognito::UserPool")
    tiny.aws.client("cognito-idp").admin_create_user(UserPoolId=pool, Username="ana")
    if first_without:
        destroy.run(tiny.options(), tiny.console, ask=None)
        assert data(tiny) != before
    tiny.printed()
    questions: list[str] = []

    def ask(question: str) -> str:
        questions.append(question)
        assert "Goes FOR GOOD: " in tiny.console.export_text(clear=False)
        return tiny.stack

    destroy.run(tiny.options(), tiny.console, ask, data=True)
    assert data(tiny) == before
    assert "the data named above, for good" in questions[0]
    printed = tiny.printed()
    for kind in ("DynamoDB::Table", "Cognito::UserPool", "KMS::Key"):
        assert f"AWS::{kind}" in printed.partition("Removed with all that was in it")[2]
    assert "Still there" not in printed
    assert "Kept on purpose" not in printed
    destroy.run(tiny.options(), tiny.console, None, data=True)
    assert "nothing to destroy" in tiny.printed()


@pytest.mark.parametrize("typed", ["", "yes", "delete"])
def test_data_stays_unless_the_name_is_typed(tiny: Tiny, typed: str) -> None:
    tiny.deploy(without_queue, KeepData="yes")
    there = data(tiny)
    with pytest.raises(DeployError, match="Nothing was deleted"):
        destroy.run(tiny.options(), tiny.console, lambda _: typed, data=True)
    assert data(tiny) == there
    assert state(tiny) == "CREATE_COMPLETE"
    destroy.run(tiny.options(), tiny.console, None, data=True)


def test_yes_alone_deletes_no_data(tiny: Tiny) -> None:
    tiny.deploy(without_queue, KeepData="yes")
    there = data(tiny)
    ended = run(DEPLOY_SH, "destroy", "--stack", tiny.stack, "--yes", "--data", "delete")
    assert ended.is_one_sentence
    assert "add --accept-data-loss" in ended.said
    assert (data(tiny), state(tiny)) == (there, "CREATE_COMPLETE")
    arguments = ("--stack", tiny.stack, "--yes", "--data", "delete", "--accept-data-loss")
    assert run(DEPLOY_SH, "destroy", *arguments).code == 0
    assert data(tiny) != there


REMOVALS = ["UpdateTable", "DeleteTable", "UpdateUserPool", "DeleteUserPool", "ScheduleKeyDeletion"]


@pytest.mark.parametrize("operation", REMOVALS)
@pytest.mark.parametrize("code", ["AccessDeniedException", "ThrottlingException"])
def test_a_removal_that_fails_is_named_and_the_same_command_goes_on(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, operation: str, code: str
) -> None:
    before = data(tiny)
    tiny.deploy(without_queue, KeepData="yes")
    with monkeypatch.context() as patch:
        calls.refused(patch, operation, code)
        with pytest.raises(DeployError, match="the same command goes on where it stopped") as error:
            destroy.run(tiny.options(), tiny.console, None, data=True)
    assert error.value.exit_code == 1
    assert "cannot be removed" in tiny.printed()
    destroy.run(tiny.options(), tiny.console, None, data=True)
    assert data(tiny) == before


def test_what_nobody_announced_and_is_left_is_a_failure_with_its_name(tiny: Tiny) -> None:
    tiny.deploy()
    topic = tiny.aws.client("sns").create_topic(
        Name=f"{tiny.stack}-left", Tags=[{"Key": "Project", "Value": tiny.stack}]
    )["TopicArn"]
    pauses: list[float] = []
    with pytest.raises(DeployError, match="1 named above should be too") as error:
        destroy.run(tiny.options(), tiny.console, None, sleep=pauses.append)
    assert error.value.exit_code == 1
    assert len(pauses) == destroy.LOOKS - 1
    assert f"Left behind, by the tag Project={tiny.stack}: {topic}" in tiny.printed()
    # Without a stack too, though there is nothing to delete, and nothing that goes late by itself.
    for with_data in (False, True):
        with pytest.raises(DeployError, match="1 named above should be too") as error:
            destroy.run(tiny.options(), tiny.console, None, data=with_data, sleep=pauses.append)
        assert error.value.exit_code == 1
        printed = tiny.printed()
        assert f"Left behind, by the tag Project={tiny.stack}: {topic}" in printed
        assert "deletion policy" not in printed
    assert len(pauses) == destroy.LOOKS - 1
    tiny.aws.client("sns").delete_topic(TopicArn=topic)
    destroy.run(tiny.options(), tiny.console, None)


@pytest.mark.parametrize("data", [False, True])
def test_without_a_stack_what_cannot_be_looked_up_is_no_success(
    tiny: Tiny, monkeypatch: pytest.MonkeyPatch, data: bool
) -> None:
    calls.refused(monkeypatch, "GetResources", "AccessDeniedException")
    with pytest.raises(DeployError, match=r"There is no stack .* cannot be looked up by its tag") as error:
        destroy.run(tiny.options(), tiny.console, None, data=data)
    assert error.value.exit_code == 2


def test_what_goes_late_is_waited_for(tiny: Tiny) -> None:
    tiny.deploy()
    sns = tiny.aws.client("sns")
    topic = sns.create_topic(Name=f"{tiny.stack}-late", Tags=[{"Key": "Project", "Value": tiny.stack}])
    destroy.run(
        tiny.options(), tiny.console, None, sleep=lambda _: sns.delete_topic(TopicArn=topic["TopicArn"])
    )
    assert f"{tiny.stack} is gone" in tiny.printed()


def test_of_what_aws_still_lists_the_services_are_asked(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind that the templates make and that holds data or costs money by the hour."""
    tiny.deploy()
    listed = [
        "arn:aws:s3:::never-was", "arn:aws:ecr:us-east-1:000000000000:repository/never-was",
        "arn:aws:dynamodb:us-east-1:000000000000:table/never-was",
        "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_neverwas0",
        "arn:aws:kms:us-east-1:000000000000:key/00000000-0000-0000-0000-000000000000",
        "arn:aws:logs:us-east-1:000000000000:log-group:never-was:*",
        "arn:aws:secretsmanager:us-east-1:000000000000:secret:never-was-AbCdEf",
        "arn:aws:ec2:us-east-1:000000000000:vpc/vpc-00000000000000000",
        "arn:aws:ecs:us-east-1:000000000000:cluster/never-was",
        "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/never-was/0123456789abcdef",
    ]  # fmt: skip
    monkeypatch.setattr(tagged, "_arns", lambda *_: iter(listed))
    destroy.run(tiny.options(), tiny.console, None)
    assert "Still there" not in tiny.printed()


def test_the_log_group_that_container_insights_made_goes(tiny: Tiny) -> None:
    tiny.deploy(_with_cluster)
    [cluster] = resources(tiny, "AWS::ECS::Cluster")
    logs = tiny.aws.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP.format(cluster))
    logs.create_log_group(logGroupName=LOG_GROUP.format(f"{cluster}x"))
    destroy.run(tiny.options(), tiny.console, None)
    found = logs.describe_log_groups(logGroupNamePrefix=LOG_GROUP.format(cluster)[: -len("/performance")])
    assert [each["logGroupName"] for each in found["logGroups"]] == [LOG_GROUP.format(f"{cluster}x")]


def _with_cluster(out: Any, tag: str) -> None:
    import json

    from tests.deployer import tiny as templates

    templates.write(out, tag)
    store = templates.store()
    store["Resources"]["Cluster"] = {"Type": "AWS::ECS::Cluster"}
    (out / "store.json").write_text(json.dumps(store))
