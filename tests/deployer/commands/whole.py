"""The whole product under one stack name on the emulator, and what tests want to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import Console

from deployer.cloudformation import stack
from deployer.cloudformation.inventory import inventory
from deployer.commands import deploy, destroy
from deployer.commands.taking_over import NOT_WANTED, Request
from deployer.options import Options
from tests.emulator_fixture import RunningEmulator

EMAIL, PASSWORD = "ana@example.com", "A long and quiet afternoon, 1999"
KEPT = ("Data/Table", "Data/Files", "Auth/UserPool", "Encryption/Key")


@dataclass(frozen=True)
class Whole:
    """Deploys and destroys it, as a user would."""

    emulator: RunningEmulator
    options: Options
    console: Console

    def deploy(self, take_over: Request = NOT_WANTED) -> None:
        """With all that `doctor` looks at, and without a question."""
        deploy.run(self.options, self.console, take_over=take_over)

    def destroy(self, *, with_data: bool = False) -> None:
        """Without a question."""
        destroy.run(self.options, self.console, None, data=with_data)

    def kept(self) -> dict[str, str]:
        """The physical ids of what holds data, by path."""
        every = inventory(self.emulator.client("cloudformation"), self.options.stack)
        return {each.path: each.physical_id for each in every if each.path in KEPT}

    def output(self, name: str) -> str:
        """One of the root stack's outputs."""
        found = stack.find(self.emulator.client("cloudformation"), self.options.stack)
        return stack.outputs(found or {})[name]

    @property
    def pool(self) -> str:
        """The id of the pool of its people."""
        return self.output("UserPoolId")

    @property
    def bucket(self) -> str:
        """The name of its bucket of files."""
        return self.kept()["Data/Files"]

    @property
    def table(self) -> str:
        """The name of its table."""
        return self.output("TableName")


def add_person(idp: Any, pool: str) -> None:
    """Put somebody with a password into a pool; `idp` is a client of Cognito."""
    idp.admin_create_user(UserPoolId=pool, Username=EMAIL, MessageAction="SUPPRESS")
    idp.admin_set_user_password(UserPoolId=pool, Username=EMAIL, Password=PASSWORD, Permanent=True)
