"""What the commands ask of AWS is what the generated policies allow, and the operator's allows no more."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from deployer.account import history, people, tagged
from deployer.commands import destroy, logs, rollback, status, user, user_forget, users, verify
from deployer.commands import open as opening
from deployer.offline import operator_policy, policy
from deployer.session import USER_AGENT
from gradio_app.store import schema
from tests.deployer import calls
from tests.deployer.commands.running_deployment import Running
from tests.deployer.commands.test_verify import service
from tests.deployer.tiny import Tiny
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

IAM_NAMES = {"monitoring": "cloudwatch", "tagging": "tag"}
"""Of services that IAM calls otherwise than requests are signed for."""
ANYBODY = "sts:GetCallerIdentity"
"""Takes no permission."""
OF_S3 = {
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "DeleteObjects": "DeleteObjectVersion",
}
"""Operations whose permission has another name; the deployer deletes by version."""
NOT_ASKED_HERE = {
    "ecs:DescribeServices", "ecs:ListServiceDeployments", "ce:GetCostAndUsage", "cloudwatch:DescribeAlarms",
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom",
    "kms:ReEncryptTo",
}  # fmt: skip
"""Of what this deployment does not have (a service, alarms, a bill), and what DynamoDB asks in our name."""


@contextlib.contextmanager
def recorded() -> Iterator[set[str]]:
    """The permissions that the deployer's calls within take; not the test's, nor the application's."""
    asked: set[str] = set()

    def see(client: Any, operation: str, _: Any) -> None:
        if USER_AGENT not in (client.meta.config.user_agent_extra or ""):
            return
        service = client.meta.service_model.signing_name
        name = OF_S3.get(operation, operation) if service == "s3" else operation
        asked.add(f"{IAM_NAMES.get(service, service)}:{name}")

    with pytest.MonkeyPatch.context() as patch:
        calls.seen(patch, see)
        yield asked
    asked -= {ANYBODY}


def allowed(*documents: dict[str, Any]) -> set[str]:
    return {action for each in documents for s in each["Statement"] for action in s["Action"]}


def test_the_operator_may_do_what_is_done_day_by_day_and_nothing_else(running: Running) -> None:
    ana = "ana@example.com"
    with recorded() as asked:
        options, console = running.options, running.console
        user.run(options, console, ana, admin=True)
        for action in user.ACTIONS:
            user.run(options, console, ana, action=action)
        users.run(options, console)
        logs.run(options, console, person=ana, since=timedelta(hours=1), follow=False)
        status.run(options, console)
        opening.run(options, console, lambda _: True)
        store_something(running, ana)
        user_forget.run(options, console, ana, None, lambda _: None)
    granted = allowed(operator_policy.document("chat"))
    assert asked <= granted
    assert granted - asked == NOT_ASKED_HERE


def store_something(running: Running, email: str) -> None:
    """So that there is something to delete."""
    [person] = people.find(running.aws.cognito, running.pool, email)
    item = {"pk": {"S": schema.person(person.id)}, "sk": {"S": schema.STORAGE}}
    running.emulator.client("dynamodb").put_item(TableName=running.table, Item=item)
    key = f"{schema.uploads(person.id)}one"
    running.emulator.client("s3").put_object(Bucket=running.bucket, Key=key, Body=b"words")


def test_the_deployer_may_do_what_destroy_does(tiny: Tiny) -> None:
    tiny.deploy(KeepData="yes")
    with recorded() as asked:
        destroy.run(tiny.options(), tiny.console, None, data=True)
    assert "kms:ScheduleKeyDeletion" in asked
    assert asked <= allowed(*policy.policies("chat"))


def test_whoever_deploys_and_whoever_operates_may_prove_the_service(running: Running) -> None:
    with (
        FakeBedrock() as bedrock,
        service(running, bedrock.endpoint_url, model_ids=("fake.model",)) as url,
        recorded() as asked,
    ):
        verify.run(running.options, running.console, url)
    assert {"cognito-idp:AdminCreateUser", "cognito-idp:AdminDeleteUser", "dynamodb:Scan"} <= asked
    assert asked <= allowed(*policy.policies("chat"))
    assert asked <= allowed(operator_policy.document("chat"))


def test_the_deployer_handles_people_of_its_own_deployment_only() -> None:
    statements = [s for each in policy.policies("chat") for s in each["Statement"]]
    handling = [s for s in statements if any(":Admin" in action for action in s["Action"])]
    assert len(handling) == 1
    for statement in handling:
        assert statement["Condition"]["StringEquals"][f"aws:ResourceTag/{tagged.TAG}"] == "chat"


def test_the_deployer_may_do_what_rollback_does(tiny: Tiny) -> None:
    tiny.deploy(Greeting="hola")
    [first] = history.newest(tiny.aws.client("s3"), artifact_bucket(tiny))
    tiny.deploy(Greeting="adios")
    with recorded() as asked:
        rollback.show(tiny.options(), tiny.console)
        tiny.back(first.id)
    assert {"s3:PutObject", "s3:GetObject", "s3:ListBucket"} <= asked
    assert asked <= allowed(*policy.policies("chat"))


def artifact_bucket(tiny: Tiny) -> str:
    [base] = tiny.aws.client("cloudformation").describe_stacks(StackName=f"{tiny.stack}-bootstrap")["Stacks"]
    return base["Outputs"][0]["OutputValue"]


def test_the_operators_policy_is_one_managed_policy_confined_to_the_deployment() -> None:
    assert operator_policy.TAG == tagged.TAG
    document = operator_policy.document("chat")
    assert len(json.dumps(document, separators=(",", ":"))) <= policy.MAX_CHARACTERS
    for statement in document["Statement"]:
        confined = json.dumps([statement["Resource"], statement.get("Condition", {})])
        assert "chat" in confined or statement["Sid"] in ("Numbers", "Bill"), statement["Sid"]
    changes = {each for each in allowed(document) if ":Create" in each or ":Update" in each or ":Put" in each}
    assert not changes
