"""The permissions of whoever runs a deployment day by day and deploys nothing: one small policy.

It reads people's entries and deletes what table and bucket have of one, which a deployer needs not; and it
can make, change and delete no resource of AWS. A test holds it against what the commands call.
"""

from __future__ import annotations

from typing import Any

TAG = "Project"
"""As deployer/account/tagged.py has it; a test compares."""
HERE = "{region}:{account}"


def pools(stack: str, existing: str = "") -> tuple[list[str], dict[str, str]]:
    """The deployment's pool as resources, and what has to be equal: its own has its tag, another has none."""
    here = {"aws:RequestedRegion": "{region}"}
    if existing:
        return [f"arn:aws:cognito-idp:{HERE}:userpool/{existing}"], here
    return [f"arn:aws:cognito-idp:{HERE}:userpool/*"], here | {f"aws:ResourceTag/{TAG}": stack}


def document(stack: str, existing_pool: str = "") -> dict[str, Any]:
    """The policy for that stack; `{account}` and `{region}` stand for what the user has.

    Where people are in a pool that exists already, that one is named instead of found by its tag.
    """
    people, theirs = pools(stack, existing_pool)
    here = {"aws:RequestedRegion": "{region}"}
    return {
        "Version": "2012-10-17",
        "Statement": [
            _allow(
                "Stacks",
                ["DescribeStacks", "GetTemplate", "ListStackResources"],
                "cloudformation",
                [f"arn:aws:cloudformation:{HERE}:stack/{name}/*" for name in (stack, f"{stack}-*")],
                here,
            ),
            _allow(
                "People",
                [
                    "AdminAddUserToGroup", "AdminCreateUser", "AdminDeleteUser", "AdminDisableUser",
                    "AdminEnableUser", "AdminGetUser", "AdminRemoveUserFromGroup",
                    "AdminSetUserMFAPreference", "AdminUserGlobalSignOut",
                    "DescribeUserPool", "ListUsers", "ListUsersInGroup",
                ],
                "cognito-idp",
                people,
                theirs,
            ),
            _allow(
                "WhatIsStoredOfThem",
                ["BatchWriteItem", "Query", "Scan"],
                "dynamodb",
                [f"arn:aws:dynamodb:{HERE}:table/{stack}-*"],
                here,
            ),
            # By this name, the bucket of people's files alone: the one for deployments is another stack's.
            _allow(
                "FilesOfTheirs",
                ["DeleteObjectVersion", "ListBucketVersions"],
                "s3",
                [f"arn:aws:s3:::{stack.lower()}-data-*"],
                here,
            ),
            _allow(
                "TheTablesKey",
                ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo"],
                "kms",
                [f"arn:aws:kms:{HERE}:key/*"],
                {"kms:ViaService": "dynamodb.{region}.amazonaws.com", f"aws:ResourceTag/{TAG}": stack},
            ),
            _allow(
                "Log",
                ["FilterLogEvents"],
                "logs",
                [f"arn:aws:logs:{HERE}:log-group:{stack}-*"],
                here,
            ),
            _allow(
                "Service",
                ["DescribeServices", "ListServiceDeployments"],
                "ecs",
                [f"arn:aws:ecs:{HERE}:service/{stack}-*"],
                here,
            ),
            # These take no resource.
            _allow("Numbers", ["DescribeAlarms", "GetMetricData"], "cloudwatch", ["*"], here),
            _allow("Bill", ["GetCostAndUsage"], "ce", ["*"], {}),
        ],
    }  # fmt: skip


def _allow(
    sid: str, names: list[str], service: str, resources: list[str], equals: dict[str, str]
) -> dict[str, Any]:
    actions = [f"{service}:{name}" for name in names]
    statement = {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}
    return statement | ({"Condition": {"StringEquals": equals}} if equals else {})
