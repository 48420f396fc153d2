"""What a deletion takes and what it leaves, told before it is begun."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.account import unused
from deployer.account.empty import BUCKET, REPOSITORY
from deployer.account.unused import DATA, KEY, POOL, TABLE, Kept
from deployer.cloudformation import stack
from deployer.cloudformation.inventory import Resource, inventory
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import explain
from deployer.session import Aws

LARGEST = 1024
COUNTED_FILES = 1000
"""What S3 lists at once; more are not counted."""


@dataclass(frozen=True)
class Fate:
    """Of one stack: everything in it, and what its deletion policies keep."""

    name: str
    is_first: bool
    """Whether it is the rest of a first creation, which nobody ever used."""
    resources: Sequence[Resource]
    stays: Sequence[Kept]


def of(aws: Aws, found: stack.Description) -> Fate:
    """What a deletion of that stack would do."""
    every = list(inventory(aws.cloudformation, found["StackId"]))
    is_first = stack.is_first(aws.cloudformation, found)
    stays = [Kept(each.path, each.kind, each.physical_id) for each in every if each.retained]
    if is_first:
        stays += unused.skipped(aws.cloudformation, found["StackId"])
    return Fate(found["StackName"], is_first, every, list(dict.fromkeys(stays)))


def show(
    aws: Aws, fates: Sequence[Fate], kept_before: Sequence[Kept], console: Console, *, data: bool
) -> None:
    """Print it: counts by nested stack, what is emptied, and by name what stays or, with `data`, goes too."""
    for each in fates:
        _show_what_goes(each, console)
    stays = [kept for each in fates if not each.is_first for kept in each.stays]
    _show_data(aws, [*stays, *kept_before], console, data=data)
    show_failed((kept for each in fates if each.is_first for kept in each.stays), console)


def show_failed(kept: Iterable[Kept], console: Console) -> None:
    """Print what creations have left that failed."""
    for each in kept:
        say(console, f"Goes unless somebody has used it already, left by a failed creation: {each}")


def _show_what_goes(fate: Fate, console: Console) -> None:
    kept = {each.path for each in fate.stays}
    going = [each for each in fate.resources if each.path not in kept]
    counts = Counter(each.path.rpartition("/")[0] for each in going if each.kind != STACK_TYPE)
    say(console, f"{fate.name}: {counts.total()} resources go.")
    width = max(map(len, counts), default=0)
    for nested, count in counts.items():
        if nested:
            say(console, f"  {nested:<{width}}  {count}")
    for each in going:
        if each.kind in (BUCKET, REPOSITORY):
            what = "bucket" if each.kind == BUCKET else "repository"
            say(console, f"  With all that is in it: the {what} {each.physical_id} ({each.path})")


def _show_data(aws: Aws, kept: Iterable[Kept], console: Console, *, data: bool) -> None:
    for each in kept:
        goes = data and each.kind in DATA
        what = f"{each}: {_contents(aws, each)}"
        if goes:
            say(console, f"Goes FOR GOOD: {what}", "red")
        else:
            say(console, f"Stays: {what}; {_COSTS.get(each.kind, 'costs what it costs')}", "yellow")


_COSTS = {
    TABLE: "goes on costing what is stored in it and in its backups, by the GB",
    BUCKET: "goes on costing what is stored in it, by the GB",
    POOL: "costs nothing while nobody signs in",
    KEY: "goes on costing 1 USD a month",
}


def _contents(aws: Aws, kept: Kept) -> str:
    """What is in it, in figures where the service has some; AWS counts both now and then only."""
    try:
        match kept.kind:
            case "AWS::DynamoDB::Table":
                table = aws.dynamodb.describe_table(TableName=kept.physical_id)["Table"]
                return f"about {table['ItemCount']:,} items, {_size(table['TableSizeBytes'])}"
            case "AWS::S3::Bucket":
                found = aws.s3.list_objects_v2(Bucket=kept.physical_id, MaxKeys=COUNTED_FILES)
                return f"{found['KeyCount']:,} {'files or more' if found['IsTruncated'] else 'files'}"
            case "AWS::Cognito::UserPool":
                pool = aws.cognito.describe_user_pool(UserPoolId=kept.physical_id)["UserPool"]
                return f"about {pool.get('EstimatedNumberOfUsers', 0):,} people"
            case "AWS::KMS::Key":
                return "without it nobody can read what it encrypted, backups included"
    except (BotoCoreError, ClientError) as error:
        return f"what is in it cannot be counted ({explain(error).rstrip('.')})"
    return "kept by its deletion policy"


def _size(count: float) -> str:
    for unit in ("bytes", "KB", "MB", "GB"):
        if count < LARGEST:
            return f"{count:,.0f} {unit}"
        count /= LARGEST
    return f"{count:,.1f} TB"
