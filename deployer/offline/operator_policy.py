"""The permissions of whoever runs a deployment day by day and deploys nothing: one small policy.

It reads people's entries and deletes what table and bucket have of one, which a deployer needs not; and it
can make, change and delete no resource of AWS. A test holds it against what the commands call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

TAG = "Project"
"""As deployer/account/tagged.py has it; a test compares."""
HERE = "{region}:{account}"
IN_THE_REGION = {"aws:RequestedRegion": "{region}"}


def pools(stack: str, existing: str = "") -> tuple[list[str], dict[str, str]]:
    """The deployment's pool as resources, and what has to be equal: its own has its tag, another has none."""
    if existing:
        return [f"arn:aws:cognito-idp:{HERE}:userpool/{existing}"], IN_THE_REGION
    return [f"arn:aws:cognito-idp:{HERE}:userpool/*"], IN_THE_REGION | {f"aws:ResourceTag/{TAG}": stack}


def document(stack: str, existing_pool: str = "") -> dict[str, Any]:
    """The policy for that stack; `{account}` and `{region}` stand for what the user has.

    Where people are in a pool that exists already, that one is named instead of found by its tag.
    """
    return {
        "Version": "2012-10-17",
        "Statement": [_people(stack, existing_pool), *_what_is_stored(stack), *_how_it_is_doing(stack)],
    }


def _people(stack: str, existing_pool: str) -> dict[str, Any]:
    """To look after the entries of the deployment's pool."""
    names = [
        "AdminAddUserToGroup", "AdminCreateUser", "AdminDeleteUser", "AdminDisableUser", "AdminEnableUser",
        "AdminGetUser", "AdminRemoveUserFromGroup", "AdminSetUserMFAPreference", "AdminUserGlobalSignOut",
        "DescribeUserPool", "ListUsers", "ListUsersInGroup",
    ]  # fmt: skip
    return _allow("People", names, "cognito-idp", *pools(stack, existing_pool))


def _what_is_stored(stack: str) -> Iterator[dict[str, Any]]:
    """To count and delete what is stored of somebody."""
    yield _allow(
        "WhatIsStoredOfThem",
        ["BatchWriteItem", "Query", "Scan"],
        "dynamodb",
        [f"arn:aws:dynamodb:{HERE}:table/{stack}-*"],
        IN_THE_REGION,
    )
    # By this name, the bucket of people's files alone: the one for deployments is another stack's.
    yield _allow(
        "FilesOfTheirs",
        ["DeleteObjectVersion", "ListBucketVersions"],
        "s3",
        [f"arn:aws:s3:::{stack.lower()}-data-*"],
        IN_THE_REGION,
    )
    yield _allow(
        "TheTablesKey",
        ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"],
        "kms",
        [f"arn:aws:kms:{HERE}:key/*"],
        {"kms:ViaService": "dynamodb.{region}.amazonaws.com", f"aws:ResourceTag/{TAG}": stack},
    )


def _how_it_is_doing(stack: str) -> Iterator[dict[str, Any]]:
    """To see state, log, numbers and bill."""
    stacks = [f"arn:aws:cloudformation:{HERE}:stack/{name}/*" for name in (stack, f"{stack}-*")]
    reading = ["DescribeStacks", "GetTemplate", "ListStackResources"]
    yield _allow("Stacks", reading, "cloudformation", stacks, IN_THE_REGION)
    log = [f"arn:aws:logs:{HERE}:log-group:{stack}-*"]
    yield _allow("Log", ["FilterLogEvents"], "logs", log, IN_THE_REGION)
    service = [f"arn:aws:ecs:{HERE}:service/{stack}-*"]
    yield _allow("Service", ["DescribeServices", "ListServiceDeployments"], "ecs", service, IN_THE_REGION)
    # These take no resource.
    yield _allow("Numbers", ["DescribeAlarms", "GetMetricData"], "cloudwatch", ["*"], IN_THE_REGION)
    yield _allow("Bill", ["GetCostAndUsage"], "ce", ["*"], {})


def _allow(
    sid: str, names: list[str], service: str, resources: list[str], equals: dict[str, str]
) -> dict[str, Any]:
    actions = [f"{service}:{name}" for name in names]
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": {"StringEquals": equals}} if equals else {})
