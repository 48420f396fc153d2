"""What a first creation that failed has kept by its deletion policies: data that nobody ever had.

A table, a bucket, a pool and a key each stay for the sake of people's data, and cost money or stand in the
way as long as they do. Here there are no people yet, which is asked and not taken for granted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.account.empty import BUCKET, empty_bucket
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import error_code, explain, is_missing_stack
from deployer.session import Aws

TABLE = "AWS::DynamoDB::Table"
POOL = "AWS::Cognito::UserPool"
KEY = "AWS::KMS::Key"
DATA = (TABLE, BUCKET, POOL, KEY)
"""What holds people's data, or opens it. Of the buckets only that of people's files outlives its stack."""
KEY_DAYS = 7
"""The shortest time that KMS takes to delete a key, which costs nothing meanwhile:
https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"""
_GONE = {"NoSuchBucket", "ResourceNotFoundException", "NotFoundException", "KMSInvalidStateException"}


@dataclass(frozen=True)
class Kept:
    """A resource that outlived the stack that made it."""

    path: str
    kind: str
    physical_id: str

    def __str__(self) -> str:
        return f"{self.path}, {self.kind} {self.physical_id}"


def skipped(cloudformation: Any, stack_id: str, path: str = "") -> Iterator[Kept]:
    """Yield what deletions and rollbacks in a stack's whole history left, nested stacks included."""
    nested: dict[str, str] = {}
    for event in _history(cloudformation, stack_id):
        title, physical_id = event["LogicalResourceId"], event.get("PhysicalResourceId", "")
        where = f"{path}/{title}".lstrip("/")
        if event["ResourceType"] == STACK_TYPE and physical_id not in ("", stack_id):
            nested[physical_id] = where
        elif event["ResourceStatus"] == "DELETE_SKIPPED" and physical_id:
            yield Kept(where, event["ResourceType"], physical_id)
    for child, where in nested.items():
        yield from skipped(cloudformation, child, where)


def remove(aws: Aws, kept: Sequence[Kept], console: Console) -> list[Kept]:
    """Delete what a failed first creation kept, saying each by name; return what stays all the same."""
    if not kept:
        return []
    for pool in (each for each in kept if each.kind == POOL):
        if _has_people(aws, pool.physical_id):
            say(console, f"{pool.path} has users already: what holds data stays.", "yellow")
            return list(kept)
    return delete(aws, kept, console, "Removed, for nobody ever used it")


def delete(aws: Aws, kept: Sequence[Kept], console: Console, done: str) -> list[Kept]:
    """Delete tables, buckets, pools and keys with all that is in them, saying each; return what stays.

    What protects them from deletion is ended first. A key goes only when everything else has gone.
    """
    # The key last: while something is there that it encrypts, it is needed.
    stays: list[Kept] = []
    for each in sorted(kept, key=lambda each: each.kind == KEY):
        if each.kind not in _REMOVE or (each.kind == KEY and stays):
            stays.append(each)
            continue
        try:
            _REMOVE[each.kind](aws, each.physical_id)
        except ClientError as error:
            if error_code(error) not in _GONE:
                say(console, f"{each} cannot be removed: {explain(error)}", "yellow")
                stays.append(each)
                continue
        say(console, f"{done}: {each}")
    return stays


def _history(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    try:
        return [event for page in pages for event in page["StackEvents"]]
    except ClientError as error:
        if is_missing_stack(error):  # only reviewed, or deleted long ago
            return []
        raise


def _has_people(aws: Aws, pool: str) -> bool:
    try:
        return bool(aws.cognito.list_users(UserPoolId=pool, Limit=1)["Users"])
    except ClientError as error:
        if error_code(error) in _GONE:
            return False
        raise


def _remove_table(aws: Aws, table: str) -> None:
    aws.dynamodb.update_table(TableName=table, DeletionProtectionEnabled=False)
    aws.dynamodb.get_waiter("table_exists").wait(TableName=table)
    aws.dynamodb.delete_table(TableName=table)
    aws.dynamodb.get_waiter("table_not_exists").wait(TableName=table)


def _remove_bucket(aws: Aws, bucket: str) -> None:
    empty_bucket(aws.s3, bucket)
    aws.s3.delete_bucket(Bucket=bucket)


def _remove_pool(aws: Aws, pool: str) -> None:
    aws.cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    aws.cognito.delete_user_pool(UserPoolId=pool)


def _remove_key(aws: Aws, key: str) -> None:
    aws.kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=KEY_DAYS)


_REMOVE = {TABLE: _remove_table, BUCKET: _remove_bucket, POOL: _remove_pool, KEY: _remove_key}
