"""Gaps in ECS and IAM: MiniStack hands out no credentials of the task role, and knows no loopback."""

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
    table, dynamodb = stack.physical_id("Table"), _client("dynamodb", aws, role_arn)
    assert "Item" not in dynamodb.get_item(TableName=table, Key=ITEM)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.put_item(TableName=table, Item=ITEM)
    with pytest.raises(ClientError, match="AccessDenied"):
        dynamodb.get_item(TableName=f"other-{uuid.uuid4()}", Key=ITEM)


def bucket_for_tls_alone_takes_what_comes_over_the_loopback(aws: RunningEmulator) -> None:
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    objects = {"Fn::Sub": "${Bucket.Arn}/*"}
    write = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": objects}
    plain = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": objects,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    role = resource(
        "IAM::Role",
        AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": [trust]},
        Policies=[
            {"PolicyName": "Write", "PolicyDocument": {"Version": "2012-10-17", "Statement": [write]}},
        ],
    )
    policy = resource(
        "S3::BucketPolicy",
        Bucket={"Ref": "Bucket"},
        PolicyDocument={"Version": "2012-10-17", "Statement": [plain]},
    )
    stack = deploy(aws, resources(Bucket=resource("S3::Bucket"), Policy=policy, Role=role))
    role_arn = f"arn:aws:iam::000000000000:role/{stack.physical_id('Role')}"
    s3 = _client("s3", aws, role_arn)
    s3.put_object(Bucket=stack.physical_id("Bucket"), Key="one", Body=b"1")


def _client(service: str, aws: RunningEmulator, role_arn: str) -> Any:
    """A client as a task makes it: all that it knows is in its environment."""
    variables = task_environment(aws.endpoint_url, REGION, role_arn)
    # boto3 would try a missing endpoint again and again.
    assert httpx.get(variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"], trust_env=False).status_code == 200
    with mock.patch.dict("os.environ", variables, clear=True):
        session = boto3.Session()
        session.get_credentials()
        return session.client(service)  # type: ignore[call-overload]


CASES = [
    process_has_the_rights_of_its_task_role,
    bucket_for_tls_alone_takes_what_comes_over_the_loopback,
]
