"""A deployment small enough for quick tests: the real bootstrap, and a root with two nested stacks.

`Store` holds a queue and gives its name away; `Gate` takes it and, when `Hold` is not 0, waits that many
seconds for a signal that nobody sends: an operation that lasts, and then fails for a known reason.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console

from deployer.commands import deploy, rollback
from deployer.options import ROOT, Options
from templates.stacks import bootstrap
from tests.emulator_fixture import RunningEmulator

Template = dict[str, Any]


def write(out: Path, tag: str) -> None:
    """Write the tiny templates, as `generate.write` writes the real ones."""
    out.mkdir(parents=True, exist_ok=True)
    templates = {"root": root(tag), "store": store(), "gate": gate()}
    for name, template in templates.items():
        (out / f"{name}.json").write_text(json.dumps(template))
    (out / "bootstrap.json").write_text(bootstrap.template().to_json())


def root(tag: str) -> Template:
    """The root; its parameters are the real root's own and a few to play with."""
    return {
        "Parameters": {
            "ImageTag": {"Type": "String", "AllowedValues": [tag]},
            "SourceKey": {"Type": "String"},
            "ArtifactBucketName": {"Type": "String"},
            "AvailabilityZones": {"Type": "String", "Default": ""},
            "OriginFacingPrefixListId": {"Type": "String", "MinLength": 1},
            "Egress": {"Type": "String", "Default": "nat", "AllowedValues": ["nat", "existing"]},
            "Greeting": {"Type": "String", "Default": "hello"},
            "Hold": {"Type": "Number", "Default": 0, "MaxValue": 600},
            "KeepData": {"Type": "String", "Default": "no", "AllowedValues": ["yes", "no"]},
            "ProtectFrontDoor": {"Type": "String", "Default": "false", "AllowedValues": ["true", "false"]},
            "Logs": {"Type": "String", "Default": "true", "AllowedValues": ["true", "false"]},
        },
        "Conditions": {"Holds": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Hold"}, "0"]}]}},
        "Resources": {
            "Store": _nested(
                "store",
                Greeting={"Ref": "Greeting"},
                KeepData={"Ref": "KeepData"},
                ProtectFrontDoor={"Ref": "ProtectFrontDoor"},
                Logs={"Ref": "Logs"},
            ),
            "Gate": _nested("gate", QueueName=_output("Store", "QueueName"), Hold={"Ref": "Hold"})
            | {"Condition": "Holds"},
        },
        "Outputs": {
            "QueueName": {"Value": _output("Store", "QueueName")},
            "Greeting": {"Value": _output("Store", "Greeting")},
        },
    }


def store() -> Template:
    """A queue that stays when `KeepData` is yes, and what else the deployer treats in its own way."""
    return {
        "Parameters": {
            name: {"Type": "String"} for name in ("Greeting", "KeepData", "ProtectFrontDoor", "Logs")
        },
        "Conditions": {"Keeps": {"Fn::Equals": [{"Ref": "KeepData"}, "yes"]}},
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "DeletionPolicy": {"Fn::If": ["Keeps", "Retain", "Delete"]}},
            **_data(),
            "Files": {
                "Type": "AWS::S3::Bucket",
                "Properties": {"VersioningConfiguration": {"Status": "Enabled"}},
            },
            "Images": {"Type": "AWS::ECR::Repository"},
            "Door": {
                "Type": "AWS::ElasticLoadBalancingV2::LoadBalancer",
                "Properties": {
                    "LoadBalancerAttributes": [
                        {"Key": "access_logs.s3.enabled", "Value": {"Ref": "Logs"}},
                        {"Key": "access_logs.s3.bucket", "Value": {"Ref": "Files"}},
                        {"Key": "deletion_protection.enabled", "Value": {"Ref": "ProtectFrontDoor"}},
                    ]
                },
            },
            "Text": {
                "Type": "AWS::SSM::Parameter",
                "Properties": {"Type": "String", "Value": {"Ref": "Greeting"}},
            },
        },
        "Outputs": {
            "QueueName": {"Value": {"Fn::GetAtt": ["Queue", "QueueName"]}},
            "Greeting": {"Value": {"Fn::GetAtt": ["Text", "Value"]}},
        },
    }


def _data() -> Template:
    """What holds people's data, each protected as in the real templates while it is kept."""
    kept = {"DeletionPolicy": {"Fn::If": ["Keeps", "Retain", "Delete"]}}
    return {
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "AttributeDefinitions": [{"AttributeName": "pk", "AttributeType": "S"}],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "BillingMode": "PAY_PER_REQUEST",
                "DeletionProtectionEnabled": {"Fn::If": ["Keeps", True, False]},
            },
        }
        | kept,
        "Pool": {
            "Type": "AWS::Cognito::UserPool",
            "Properties": {"DeletionProtection": {"Fn::If": ["Keeps", "ACTIVE", "INACTIVE"]}},
        }
        | kept,
        "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Version": "2012-10-17"}}} | kept,
    }


def gate() -> Template:
    """A wait for a signal that never comes."""
    return {
        "Parameters": {"QueueName": {"Type": "String"}, "Hold": {"Type": "String"}},
        "Resources": {
            "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
            "Signal": {
                "Type": "AWS::CloudFormation::WaitCondition",
                "Properties": {"Handle": {"Ref": "Handle"}, "Timeout": {"Ref": "Hold"}},
            },
        },
    }


def _nested(name: str, **parameters: Any) -> Template:
    return {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": f"{name}.json", "Parameters": parameters},
    }


def _output(stack: str, name: str) -> Template:
    return {"Fn::GetAtt": [stack, f"Outputs.{name}"]}


class Tiny:
    """The tiny product under one stack name, with everything that was printed about it."""

    def __init__(self, stack: str, out: Path, aws: RunningEmulator) -> None:
        self.stack = stack
        self.aws = aws
        self.out = out
        self.console = Console(record=True, width=200, file=io.StringIO())

    def options(self, **parameters: Any) -> Options:
        """What to deploy."""
        return Options(stack=self.stack, parameters=parameters, root=ROOT, out=self.out)

    def deploy(self, write: Callable[[Path, str], None] = write, **parameters: Any) -> dict[str, str]:
        """Deploy with these parameters, which are not those that `doctor` looks at; return the outputs."""
        return deploy.run(self.options(**parameters), self.console, write, unchecked=True)

    def back(self, to: str, *arguments: Any) -> dict[str, str]:
        """Go back to a deployment, likewise."""
        return rollback.run(self.options(), self.console, to, *arguments, unchecked=True)

    def printed(self) -> str:
        """What was printed since the last call."""
        return self.console.export_text()

    def stacks(self) -> list[dict[str, Any]]:
        """Every stack of the whole account, those of other tests too."""
        pages = self.aws.client("cloudformation").get_paginator("describe_stacks").paginate()
        return [each for page in pages for each in page["Stacks"]]
