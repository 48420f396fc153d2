"""Short helpers for IAM: policy documents, trust, ARNs of this account and region, and what tasks do."""

from __future__ import annotations

from collections.abc import Sequence

from awacs import bedrock, dynamodb, ecr, s3, sts
from awacs.aws import (
    Action,
    Allow,
    Bool,
    Condition,
    Deny,
    PolicyDocument,
    Principal,
    Statement,
    StringEquals,
)
from troposphere import AccountId, Sub, iam

from templates.wiring import Value

POLICY_VERSION = "2012-10-17"

# What tasks do: their roles allow it, and the VPC's endpoints let it through.
INVOKE = [bedrock.InvokeModel, bedrock.InvokeModelWithResponseStream]
"""Converse and ConverseStream are permitted by these two."""
PULL = [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer]
COUNT = [bedrock.CountTokens]
"""Costs nothing. It takes models and no profiles:
https://docs.aws.amazon.com/bedrock/latest/userguide/count-tokens.html"""
USE_THE_TABLE = [
    dynamodb.BatchGetItem,
    dynamodb.BatchWriteItem,
    dynamodb.ConditionCheckItem,
    dynamodb.DeleteItem,
    dynamodb.GetItem,
    dynamodb.PutItem,
    dynamodb.Query,
    dynamodb.UpdateItem,
]
USE_THE_FILES = [s3.DeleteObject, s3.GetObject, s3.PutObject]
LIST_THE_FILES = [s3.ListBucket]
"""Of a conversation, to delete them. Without it S3 also says of a missing file that it may not be read."""
LIST_BY_CHANGE = [dynamodb.Query]
"""All that is done with the table's index."""
FIND_OLD = [dynamodb.Scan]
"""On that index alone, where conversations are deleted when their time is over."""
SEARCH = [dynamodb.SearchVectors]
"""On the vector index, and in a statement of its own: a condition on DynamoDB's keys would match no search.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/VectorSearch.Security.html"""
LOOK_AT_THE_TABLE = [dynamodb.DescribeTable]
"""To see whether the vector index is there already."""


def document(*statements: Statement) -> PolicyDocument:
    """A policy document of these statements."""
    return PolicyDocument(Version=POLICY_VERSION, Statement=list(statements))


def allow(
    sid: str,
    actions: Sequence[Action],
    resources: Sequence[Value],
    condition: Condition | None = None,
    *,
    principal: Principal | None = None,
) -> Statement:
    """Allow `actions` on `resources`; `sid` says in one camel-cased phrase what for.

    A role's own policy names no principal, that of a resource does.
    """
    given = {"Condition": condition, "Principal": principal}
    extra = {name: value for name, value in given.items() if value is not None}
    return Statement(Sid=sid, Effect=Allow, Action=list(actions), Resource=list(resources), **extra)


def deny_plain_http(actions: Sequence[Action], resources: Sequence[Value]) -> Statement:
    """Deny `actions` to everyone who does not come over TLS."""
    return Statement(
        Sid="DenyPlainHttp",
        Effect=Deny,
        Principal=Principal("*"),
        Action=list(actions),
        Resource=list(resources),
        Condition=Condition(Bool({"aws:SecureTransport": "false"})),
    )


def trust(service: str, *, names_source_account: bool = True) -> PolicyDocument:
    """Let an AWS service assume a role, on behalf of this account only where the service names the account.

    A service that does not send `aws:SourceAccount` would be locked out by the condition.
    """
    own_account = Condition(StringEquals({"aws:SourceAccount": AccountId}))
    return document(
        Statement(
            Effect=Allow,
            Principal=Principal("Service", f"{service}.amazonaws.com"),
            Action=[sts.AssumeRole],
            **({"Condition": own_account} if names_source_account else {}),
        )
    )


def inline(name: str, *statements: Statement) -> iam.Policy:
    """A policy that lives and dies with its role."""
    return iam.Policy(PolicyName=name, PolicyDocument=document(*statements))


def arn(service_and_resource: str, **values: Value) -> Sub:
    """An ARN in this partition, from `service:region:account:resource`, with `values` filled in."""
    return Sub(f"arn:${{AWS::Partition}}:{service_and_resource}", dict(values))
