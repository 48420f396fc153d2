"""Whose key encrypts, and what is kept, change in place: no user and no conversation moves.

The emulator encrypts nothing, and of a table it does not even keep the key.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.emulator_fixture import RunningEmulator
from tests.templates.command_line import deployer

STACK = "key-in-place"
ALIAS = f"alias/{STACK}"


@pytest.mark.slow
def test_the_key_and_what_is_kept_change_in_place(emulator: RunningEmulator, tmp_path: Path) -> None:
    file = tmp_path / "parameters.toml"

    def deploy(**chosen: str) -> dict[str, str]:
        lines = "".join(f'{key} = "{value}"\n' for key, value in chosen.items())
        file.write_text(f'stack = "{STACK}"\n[parameters]\n{lines}')
        deployer(emulator, "deploy", file)
        return _inventory(emulator, STACK)

    own = deploy()
    key = own["Encryption/Key"]
    assert _keys_name(emulator) == key
    assert key in _secret_key(emulator, own)

    aws = deploy(EncryptionKey="aws")
    assert "Encryption/Key" not in aws
    for name in ("Data/Table", "Auth/UserPool", "Auth/ClientSecret"):
        assert aws[name] == own[name], name
    assert _secret_key(emulator, aws) == "alias/aws/secretsmanager"
    # What was encrypted with it before can still be read, and its name is free.
    assert (_state(emulator, key), _keys_name(emulator)) == ("Enabled", None)

    thrown_away = deploy(KeepData="no")
    second = thrown_away["Encryption/Key"]
    assert second != key
    assert thrown_away["Data/Table"] == own["Data/Table"]
    assert second in _secret_key(emulator, thrown_away)

    assert "Kept on purpose" not in deployer(emulator, "destroy", file)
    assert (_state(emulator, key), _state(emulator, second)) == ("Enabled", "PendingDeletion")
    tables = emulator.client("dynamodb").get_paginator("list_tables").paginate()
    assert own["Data/Table"] not in [name for page in tables for name in page["TableNames"]]


def _inventory(emulator: RunningEmulator, stack: str, path: str = "") -> dict[str, str]:
    """The physical id of every resource, nested ones as `Data/Table`."""
    found = {}
    pages = emulator.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    for summary in (summary for page in pages for summary in page["StackResourceSummaries"]):
        name, physical_id = f"{path}{summary['LogicalResourceId']}", summary["PhysicalResourceId"]
        found[name] = physical_id
        if summary["ResourceType"] == "AWS::CloudFormation::Stack":
            found |= _inventory(emulator, physical_id, f"{name}/")
    return found


def _secret_key(emulator: RunningEmulator, resources: Mapping[str, str]) -> str:
    secret = emulator.client("secretsmanager").describe_secret(SecretId=resources["Auth/ClientSecret"])
    return secret.get("KmsKeyId", "")


def _state(emulator: RunningEmulator, key: str) -> str:
    return emulator.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"]


def _keys_name(emulator: RunningEmulator) -> Any:
    """The key that is called like the deployment, or None."""
    aliases = emulator.client("kms").list_aliases()["Aliases"]
    return next((alias["TargetKeyId"] for alias in aliases if alias["AliasName"] == ALIAS), None)
