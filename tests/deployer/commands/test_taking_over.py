"""What an earlier deployment has kept comes back: the same table, pool and key, in a new deployment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from deployer.account import kept
from deployer.cloudformation import imports
from deployer.commands import deploy, destroy, doctor, plan, taking_over
from deployer.commands.consent import Consent
from deployer.commands.taking_over import Request
from deployer.errors import DeployError, UsageError
from tests.deployer import tiny as templates
from tests.deployer.account.test_unused import data
from tests.deployer.commands.test_deploy import state
from tests.deployer.commands.test_destroy import resources
from tests.deployer.running import DEPLOY_SH, run
from tests.deployer.tiny import Template, Tiny

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
