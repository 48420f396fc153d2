"""A pool that was there before: its people chat, and nothing of it is changed, then or by a deletion."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from deployer.commands import user_forget
from deployer.errors import UsageError
from deployer.proof.conversation import Conversation
from deployer.proof.visitor import Authenticator, Visitor
from tests.deployer.commands.test_verify import service
from tests.deployer.commands.whole import EMAIL, PASSWORD, Whole, add_person
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

CHANGES_BY_ITSELF = {"LastModifiedDate", "EstimatedNumberOfUsers"}


def _make_pool(idp: Any) -> str:
    """A pool as its owner makes one, with a person and the client of another application."""
    pool = idp.create_user_pool(
        PoolName="of-the-company",
        UsernameAttributes=["email"],
        UsernameConfiguration={"CaseSensitive": False},
        AutoVerifiedAttributes=["email"],
        AdminCreateUserConfig={"AllowAdminCreateUserOnly": True},
        DeletionProtection="ACTIVE",
        UserPoolTags={"Team": "people"},
    )["UserPool"]["Id"]
    idp.create_user_pool_client(UserPoolId=pool, ClientName="another")
    add_person(idp, pool)
    return pool


def _seen(idp: Any, pool: str) -> tuple[Any, ...]:
    """Everything of the pool that somebody could change."""
    described = idp.describe_user_pool(UserPoolId=pool)["UserPool"]
    people = idp.list_users(UserPoolId=pool)["Users"]
    return (
        {key: value for key, value in described.items() if key not in CHANGES_BY_ITSELF},
        [(each["Username"], each["Enabled"], each["UserStatus"]) for each in people],
        [each["ClientName"] for each in idp.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"]],
        idp.list_groups(UserPoolId=pool)["Groups"],
    )


def test_its_people_chat_and_it_is_left_as_it_was(whole: Whole, bedrock: FakeBedrock) -> None:
    idp = whole.emulator.client("cognito-idp")
    pool = _make_pool(idp)
    before = _seen(idp, pool)
    whole = replace(
        whole, options=replace(whole.options, parameters={"ExistingUserPoolId": pool, "Mfa": "off"})
    )
    whole.deploy()
    assert whole.pool == pool
    assert whole.kept().keys() == {"Data/Table", "Data/Files", "Encryption/Key"}
    client_id = whole.output("UserPoolClientId")
    with (
        service(whole, bedrock.endpoint_url, client_id=client_id, mfa="off") as url,
        Visitor(url, Authenticator()) as ana,
    ):
        ana.sign_in(EMAIL, PASSWORD)
        assert Conversation(ana).ask("fake.model").text
    whole.console.export_text()
    # What is stored of a person goes, and the person stays: other applications have them too.
    user_forget.run(whole.options, whole.console, EMAIL, None, sleep=lambda _: None)
    said = whole.console.export_text()
    assert f"The entry stays in {pool}" in said
    assert re.search(r"in the table .*1 conversation", said)
    items = whole.emulator.client("dynamodb").scan(TableName=whole.table)["Items"]
    assert [item for item in items if item["pk"]["S"].startswith("USER#")] == []
    whole.destroy(with_data=True)
    assert _seen(idp, pool) == before


def test_one_that_does_not_fit_is_refused_before_anything_is_made(whole: Whole) -> None:
    pool = whole.emulator.client("cognito-idp").create_user_pool(PoolName="by-name")["UserPool"]["Id"]
    whole = replace(whole, options=replace(whole.options, parameters={"ExistingUserPoolId": pool}))
    with pytest.raises(UsageError, match="must be set right first, and nothing was made"):
        whole.deploy()
    said = whole.console.export_text()
    assert "People do not sign in by their e-mail addresses there" in said
    assert "Its second factor is off, and Mfa is optional." in said
