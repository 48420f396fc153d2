"""The whole product, deployed again: people sign in as before, and find what they wrote."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from rich.console import Console

from deployer.cloudformation.inventory import inventory
from deployer.commands import deploy, destroy
from deployer.commands.taking_over import NOT_WANTED, Request
from deployer.options import ROOT, Options
from deployer.proof.conversation import Conversation, read_back
from deployer.proof.visitor import Authenticator, Visitor
from tests.deployer.account.test_unused import data
from tests.deployer.commands.test_verify import service
from tests.deployer.tiny import Tiny
from tests.emulator_fixture import RunningEmulator
from tests.gradio_app.fake_bedrock import FakeBedrock

pytestmark = pytest.mark.slow

EMAIL, PASSWORD = "ana@example.com", "a long and quiet afternoon"
KEPT = ("Data/Table", "Auth/UserPool", "Encryption/Key")


@dataclass(frozen=True)
class Whole:
    """The product under one stack name."""

    emulator: RunningEmulator
    options: Options
    console: Console

    def deploy(self, take_over: Request = NOT_WANTED) -> None:
        deploy.run(self.options, self.console, take_over=take_over)

    def destroy(self, *, with_data: bool = False) -> None:
        destroy.run(self.options, self.console, None, data=with_data)

    def kept(self) -> dict[str, str]:
        """The physical ids of what holds data, by path."""
        every = inventory(self.emulator.client("cloudformation"), self.options.stack)
        return {each.path: each.physical_id for each in every if each.path in KEPT}

    @property
    def pool(self) -> str:
        return self.kept()["Auth/UserPool"]

    @property
    def table(self) -> str:
        return self.kept()["Data/Table"]


@pytest.fixture
def whole(aws: RunningEmulator, stack_name: str, tmp_path: Path) -> Whole:
    options = Options(stack=stack_name.replace("tiny", "whole"), root=ROOT, out=tmp_path / "out")
    return Whole(aws, options, Console(record=True, width=200, file=io.StringIO()))


@pytest.fixture
def bedrock() -> Iterator[FakeBedrock]:
    with FakeBedrock() as fake:
        yield fake


def test_people_sign_in_as_before_and_find_what_they_wrote(
    whole: Whole, bedrock: FakeBedrock, tiny: Tiny
) -> None:
    before = data(tiny)
    whole.deploy()
    kept = whole.kept()
    people = whole.emulator.client("cognito-idp")
    people.admin_create_user(UserPoolId=whole.pool, Username=EMAIL, MessageAction="SUPPRESS")
    people.admin_set_user_password(UserPoolId=whole.pool, Username=EMAIL, Password=PASSWORD, Permanent=True)
    with service(whole, bedrock.endpoint_url) as url, Visitor(url, Authenticator()) as ana:  # type: ignore[arg-type]
        ana.sign_in(EMAIL, PASSWORD)
        answer = Conversation(ana).ask("fake.model")
    for _ in range(2):
        whole.destroy()
        whole.deploy(Request(wanted=True))
        assert whole.kept() == kept
        with service(whole, bedrock.endpoint_url) as url, Visitor(url, Authenticator()) as ana:  # type: ignore[arg-type]
            ana.sign_in(EMAIL, PASSWORD)
            assert read_back(ana, answer.conversation_id, answer.turn) == answer.text
            assert Conversation(ana).ask("fake.model").text
    whole.destroy(with_data=True)
    assert data(tiny) == before
