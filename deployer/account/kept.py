"""What an earlier deployment has kept, matched to the templates of the new one that could have it back."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from deployer.account import tagged
from deployer.account.existence import exists, name_of
from deployer.account.unused import KEY, POOL, TABLE
from deployer.cloudformation import schemas
from deployer.errors import UsageError, error_code
from deployer.session import Aws

SERVICES = {TABLE: "dynamodb", POOL: "cognito-idp", KEY: "kms", "AWS::S3::Bucket": "s3"}
"""By type, the service in a resource's ARN. Each of them can be imported:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-supported-resources.html"""
LOGICAL_ID = "aws:cloudformation:logical-id"
"""A tag that CloudFormation puts on what it makes, where the service takes it."""

REMEDY = (
    "`make deploy ARGS=--take-over` has the data back that was kept; without it a new deployment makes its "
    "own, and this stays and costs what it costs."
)
NOT_DATA = (
    "Nothing takes it over: in some hours AWS may list it no longer; delete by hand what is still there "
    "(`make destroy` lists it)."
)
"""Of what has the deployment's tag, is in no stack and holds nobody's data."""

Places = Mapping[str, str]
"""The types of what can be taken over, by paths such as Data/Table."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """What was kept, for the place that it shall take. `properties` are its own, in its type's schema."""

    path: str
    kind: str
    arn: str
    properties: dict[str, Any]

    @property
    def physical_id(self) -> str:
        """A table's or bucket's name, a pool's or key's id."""
        return name_of(self.arn)

    @property
    def title(self) -> str:
        """The logical ID of its nested stack."""
        return self.path.partition("/")[0]

    @property
    def logical_id(self) -> str:
        """Its own logical ID."""
        return self.path.rpartition("/")[2]

    @property
    def identifier(self) -> dict[str, str]:
        """What an import is given to find it: the name of its type's identifier, and its value."""
        (pointer,) = schemas.schema(self.kind)["primaryIdentifier"]
        return {pointer.rpartition("/")[2]: self.physical_id}

    def __str__(self) -> str:
        return f"{self.path}, {self.kind} {self.physical_id}"


def remedy(arn: str) -> str:
    """What to do about something that an earlier deployment left."""
    return REMEDY if tagged.holds_data(arn) else NOT_DATA


def candidates(aws: Aws, stack: str, places: Places, in_use: Collection[str]) -> dict[str, list[str]]:
    """By path, the ARNs of what has the deployment's tag and is of that place's type.

    What is in another stack of the deployment has the tag too, and `in_use` are the ids of that.
    """
    found = [
        (arn, tags)
        for arn, tags in tagged.with_tags(aws, stack)
        if name_of(arn) not in in_use and exists(aws, arn)
    ]
    return {
        path: [arn for arn, tags in found if _fits(arn, tags, path, kind)] for path, kind in places.items()
    }


def choose(
    aws: Aws,
    found: Mapping[str, list[str]],
    places: Places,
    chosen: Collection[str],
    fixed: Mapping[str, str],
) -> list[Kept]:
    """Choose one for each place that has some.

    A key is that of what it encrypts; of several others, somebody has to say which.

    Args:
        aws: where they are.
        found: the candidates.
        places: the types by path.
        chosen: ids and names that somebody gave.
        fixed: physical ids by path, of what is in its place already.

    Raises UsageError when the choice is not clear, or names what is not there.
    """
    every = {arn for arns in found.values() for arn in arns}
    if unknown := set(chosen) - every - {name_of(arn) for arn in every}:
        raise UsageError(
            f"{', '.join(sorted(unknown))} is not among what an earlier deployment kept in region "
            f"{aws.region}: {_listed(found) or 'there is nothing'}."
        )
    kept: list[Kept] = []
    # Keys last: by then it is known what they have to open.
    for path in sorted(places, key=lambda path: places[path] == KEY):
        among = [arn for arn in found[path] if fixed.get(path) in (None, name_of(arn))]
        among = [arn for arn in among if {arn, name_of(arn)} & set(chosen)] or among
        if places[path] == KEY:
            among = [arn for arn in among if _opens(arn, kept)] or among
        if len(among) > 1:
            raise UsageError(_which(aws, path, places[path], among))
        kept += [_read(aws, path, places[path], arn) for arn in among]
    return kept


def require_keys(aws: Aws, kept: Iterable[Kept]) -> None:
    """Raise UsageError when the key is not to be had that encrypts something of this."""
    for each in kept:
        for key in _keys_of(each.properties):
            try:
                state = aws.kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
            except ClientError as error:
                if error_code(error) != "NotFoundException":
                    raise
                raise UsageError(
                    f"{each} is encrypted with the key {key}, which is gone: nobody can read it any more."
                ) from error
            if state != "Enabled":
                raise UsageError(
                    f"{each} is encrypted with the key {key}, which is in the state {state}: "
                    f"{_REMEDIES.get(state, 'it has to be Enabled.')}"
                )


_REMEDIES = {
    "PendingDeletion": "`aws kms cancel-key-deletion --key-id ID` and `aws kms enable-key --key-id ID` bring "
    "it back, then try again.",
    "Disabled": "`aws kms enable-key --key-id ID` brings it back, then try again.",
}


def _fits(arn: str, tags: Mapping[str, str], path: str, kind: str) -> bool:
    logical_id = path.rpartition("/")[2]
    return arn.split(":")[2] == SERVICES[kind] and tags.get(LOGICAL_ID, logical_id) == logical_id


def _opens(arn: str, kept: Sequence[Kept]) -> bool:
    """Whether this key encrypts something of these."""
    return any(name_of(arn) in key for each in kept for key in _keys_of(each.properties))


def _keys_of(properties: Any) -> set[str]:
    """The keys in a resource's properties that encrypt it."""
    if isinstance(properties, list):
        return {key for item in properties for key in _keys_of(item)}
    if not isinstance(properties, dict):
        return set()
    own = {str(value) for name, value in properties.items() if name.lower() == "kmsmasterkeyid" and value}
    return own | {key for value in properties.values() for key in _keys_of(value)}


def _read(aws: Aws, path: str, kind: str, arn: str) -> Kept:
    """What AWS's Cloud Control API tells of it, in the words of its type's schema."""
    answer = aws.client("cloudcontrol").get_resource(TypeName=kind, Identifier=name_of(arn))
    properties = json.loads(answer["ResourceDescription"]["Properties"])
    return Kept(path=path, kind=kind, arn=arn, properties=properties)


def _which(aws: Aws, path: str, kind: str, among: Sequence[str]) -> str:
    names = ", ".join(map(name_of, among))
    return (
        f"Earlier deployments have kept {len(among)} for {path} ({kind}) in region {aws.region}: {names}. "
        f"Say which shall be taken over, for example `--kept {name_of(among[0])}`; `./deploy.sh destroy` "
        "says what is in each."
    )


def _listed(found: Mapping[str, list[str]]) -> str:
    return ", ".join(f"{name_of(arn)} ({path})" for path, arns in found.items() for arn in arns)
