"""A gap in ECS: MiniStack hands out no credentials of the task role."""

import uuid
from typing import Any
from unittest import mock

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from local.emulator import task_environment
from tests.emulator_fixture import REGION, RunningEmulator
from tests.local.emulator_kit import deploy, resource, resources

TABLE = resource(
    "DynamoDB::Table",
    BillingMode="PAY_PER_REQUEST",
    AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
    KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
)
ITEM = {"pk": {"S": "1"}}


def process_has_the_rights_of_its_task_role(aws: RunningEmulator) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    read = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": {"Fn::GetAtt": ["Table", "Arn"]}}
    role = resource(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[
            {"PolicyName": "Read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [read]}},
        ],
    )
    stack = deploy(aws, resources(Table=TABLE, Role=role))
    role_arn = f"arn:aws:iam::000000000000:role/{stack.physical_id('Role')}"
    table, dynamodb = stack.physical_id("Table"), _dynamodb(aws, role_arn)
    assert "Item" not in dynamodb.get_item(TableName=table, Key=ITEM)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.put_item(TableName=table, Item=ITEM)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.get_item(TableName=f"other-{uuid.uuid4()}", Key=ITEM)


def _dynamodb(aws: RunningEmulator, role_arn: str) -> Any:
    """A client as a task makes it: all that it knows is in its environment."""
    variables = task_environment(aws.endpoint_url, REGION, role_arn)
    # boto3 would try a missing endpoint again and again.
    assert httpx.get(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], trust_env=False).status_code == 200
    with mock.patch.dict("os.environ", variables, clear=True):
        session = boto3.Session()
        session.get_credentials()
        return session.client("dynamodb")


CASES = [process_has_the_rights_of_its_task_role]
