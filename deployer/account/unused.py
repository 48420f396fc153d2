"""What a first creation that failed has kept by its deletion policies: data that nobody ever had.

A table, a bucket, a pool and a key each stay for the sake of people's data, and cost money or stand in the
way as long as they do. Here there are no people yet, which is asked and not taken for granted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.account.empty import BUCKET, empty_bucket
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import DeployError, error_code, explain, is_missing_stack
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


class NotRemoved(DeployError):
    """Some of what was to be deleted is still there; `left` names it, and why has been said of each."""

    def __init__(self, left: Sequence[str]) -> None:
        self.left = tuple(left)
        super().__init__(f"Still there: {'; '.join(left)}.")


def remove(aws: Aws, kept: Sequence[Kept], console: Console) -> list[Kept]:
    """Delete what a failed first creation kept, saying each by name; return what stays, which is said too.

    All of it stays when somebody has used some of it. Raises NotRemoved when something could not be deleted.
    """
    for each in kept:
        try:
            used = _use(aws, each)
        except (BotoCoreError, ClientError) as error:
            say(console, f"Whether anybody used {each.path} cannot be looked at: {explain(error)}", "yellow")
            raise NotRemoved(list(map(str, kept))) from error
        if used:
            say(console, f"{each.path} has {used} already: what holds data stays.", "yellow")
            for one in kept:
                say(console, f"Kept on purpose: {one}", "yellow")
            return list(kept)
    stays = delete(aws, kept, console, "Removed, for nobody ever used it")
    for each in stays:
        say(console, f"Stays, though nobody ever used it: {each}; delete it yourself.", "yellow")
    return stays


def delete(aws: Aws, kept: Sequence[Kept], console: Console, done: str) -> list[Kept]:
    """Delete tables, buckets, pools and keys with all that is in them, saying each.

    What protects them from deletion is ended first. A key goes only when everything else has gone. Returns
    what this deletes none of, and a key with it; raises NotRemoved when something could not be deleted.
    """
    # The key last: while something is there that it encrypts, it is needed.
    stays: list[Kept] = []
    failed: list[str] = []
    for each in sorted(kept, key=lambda each: each.kind == KEY):
        if each.kind == KEY and failed:
            failed.append(str(each))
        elif each.kind not in _REMOVE or (each.kind == KEY and stays):
            stays.append(each)
        elif why := _removed(aws, each):
            say(console, f"{each} cannot be removed: {why}", "yellow")
            failed.append(str(each))
        else:
            say(console, f"{done}: {each}")
    if failed:
        raise NotRemoved(failed)
    return stays


def _removed(aws: Aws, kept: Kept) -> str:
    """Remove one; return why it could not be, empty when it is gone."""
    try:
        _REMOVE[kept.kind](aws, kept.physical_id)
    except ClientError as error:
        return "" if error_code(error) in _GONE else explain(error)
    except BotoCoreError as error:
        return explain(error)
    except DeployError as error:
        return str(error)
    return ""


def _history(cloudformation: Any, stack_id: str) -> list[dict[str, Any]]:
    pages = cloudformation.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    try:
        return [event for page in pages for event in page["StackEvents"]]
    except ClientError as error:
        if is_missing_stack(error):  # only reviewed, or deleted long ago
            return []
        raise


def _use(aws: Aws, kept: Kept) -> str:
    """What somebody has put into it, for a sentence; empty when that is nothing, or when it is gone."""
    if kept.kind not in _LOOK:
        return ""
    word, look = _LOOK[kept.kind]
    try:
        return word if look(aws, kept.physical_id) else ""
    except ClientError as error:
        if error_code(error) in _GONE:
            return ""
        raise


_LOOK: dict[str, tuple[str, Callable[[Aws, str], Any]]] = {
    POOL: ("users", lambda aws, pool: aws.cognito.list_users(UserPoolId=pool, Limit=1)["Users"]),
    TABLE: ("items", lambda aws, table: aws.dynamodb.scan(TableName=table, Limit=1)["Items"]),
    BUCKET: ("files", lambda aws, bucket: aws.s3.list_objects_v2(Bucket=bucket, MaxKeys=1)["KeyCount"]),
}


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
