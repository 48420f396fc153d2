"""What day-by-day commands find of a deployment: the real pool, table and log group, in one stack."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from deployer.options import ROOT, Options
from deployer.session import Aws, connect
from templates.stacks import auth, data
from tests.emulator_fixture import RunningEmulator

DEADLINE_SECONDS = 60


def template() -> dict[str, Any]:
    """The resources of the real auth and data stacks, with a log group and the root's outputs."""
    users, store = auth.template("no").to_dict(), data.template("no").to_dict()
    values = {
        "KeyArn": "",
        "KeepData": "no",
        "SignUpDomains": "",
        "Mfa": "off",
        "ArtifactBucketName": "logs",
        "ExistingUserPoolId": "",
        "EmbeddingModelId": "amazon.titan-embed-text-v2:0",
    }
    return {
        "Parameters": {
            name: declaration | {"Default": values[name]}
            for each in (users, store)
            for name, declaration in each["Parameters"].items()
        },
        "Conditions": {**users.get("Conditions", {}), **store.get("Conditions", {})},
        "Resources": {
            **users["Resources"],
            **store["Resources"],
            "LogGroup": {"Type": "AWS::Logs::LogGroup"},
        },
        "Outputs": {
            "UserPoolId": {"Value": {"Ref": "UserPool"}},
            "TableName": {"Value": {"Ref": "Table"}},
            "FilesBucketName": {"Value": {"Ref": "Files"}},
            "LogGroupName": {"Value": {"Ref": "LogGroup"}},
            "ServiceUrl": {"Value": "https://chat.example.com/"},
        },
    }


class Running:
    """One such deployment, with everything that is printed about it."""

    def __init__(self, emulator: RunningEmulator, stack: str, out: Path) -> None:
        self.emulator = emulator
        self.options = Options(stack=stack, root=ROOT, out=out)
        self.console = Console(record=True, width=250, file=io.StringIO())
        client = emulator.client("cloudformation")
        client.create_stack(
            StackName=stack, TemplateBody=json.dumps(template()), Capabilities=["CAPABILITY_IAM"]
        )
        end = time.monotonic() + DEADLINE_SECONDS
        while (found := client.describe_stacks(StackName=stack)["Stacks"][0])[
            "StackStatus"
        ] == "CREATE_IN_PROGRESS":
            assert time.monotonic() < end
            time.sleep(0.05)
        assert found["StackStatus"] == "CREATE_COMPLETE", found
        self.outputs = {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}
        self.pool, self.table = self.outputs["UserPoolId"], self.outputs["TableName"]
        self.bucket = self.outputs["FilesBucketName"]
        self.aws: Aws = connect(self.options)

    def printed(self) -> str:
        """What was printed since the last call."""
        return self.console.export_text()
