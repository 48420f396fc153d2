"""The deployments so far: one small object each in the artifact bucket says what, when, who and how it went.

The keys begin with what is left until a far day: S3 lists by the alphabet, and so the newest come first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from botocore.exceptions import ClientError

from deployer.account import objects
from deployer.errors import DENIED, error_code

FORM = 1
"""Of a record. What reads none of a higher one says so; a field that is added is no new form."""
PREFIX = "deployments/"
LISTED = 20
MOST_BYTES = 256 * 1024
"""Of a record: 200 parameters of 4,096 bytes are more, and nobody has them."""

_FAR = 9_999_999_999_999  # milliseconds, in the year 2286
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9]{3}")
_KEY = re.compile(rf"{PREFIX}[0-9]{{13}}-({_ID.pattern})\.json")


class Result(StrEnum):
    """How far a deployment has come."""

    BEGUN = "begun"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Record:
    """One deployment.

    Attributes:
        id: its beginning in UTC, to the millisecond; `time_of` reads it.
        command: which one it was, `deploy` or `rollback`.
        by: the ARN of who began it.
        parameters: all of the root stack's; none of them is a secret.
        template: the key of the root template in the artifact bucket.
        templates: the keys of all templates, the root's included.
        content: the hash of the root template, whatever the order in it.
        to: the id of the deployment that it went back to; empty for a `deploy`.
        reason: why it failed, or was not proved.
        proved: whether the proof succeeded; None where there was none.
        seconds: from its beginning to its end; None until then.
    """

    id: str
    command: str
    by: str
    parameters: Mapping[str, str]
    template: str
    templates: Sequence[str]
    content: str
    to: str = ""
    result: Result = Result.BEGUN
    reason: str = ""
    proved: bool | None = None
    seconds: int | None = None

    @property
    def version(self) -> str:
        """The image's tag."""
        return self.parameters.get("ImageTag", "")

    @property
    def source(self) -> str:
        """The key of the zipped source; empty where the templates take none."""
        return self.parameters.get("SourceKey", "")

    @property
    def begun(self) -> datetime:
        """When it began."""
        return time_of(self.id)

    def is_of(self, content: str, parameters: Mapping[str, str]) -> bool:
        """Whether it deployed that root template with those parameters."""
        return self.content == content and self.parameters == parameters


@dataclass(frozen=True)
class Unreadable:
    """A record that cannot be read, and why."""

    id: str
    why: str


class Unusable(Exception):
    """What is stored as a record is none of ours; the message says why."""


def new_id(now: datetime) -> str:
    """The id of a deployment that begins now."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{now.microsecond // 1000:03}"


def time_of(identity: str) -> datetime:
    """When the deployment of that id began; raises ValueError for what is no id."""
    if not _ID.fullmatch(identity):
        raise ValueError(identity)
    day, milliseconds = identity[:-4], int(identity[-3:])
    moment = datetime.strptime(day, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
    return moment + timedelta(milliseconds=milliseconds)


def key_of(identity: str) -> str:
    """Where the record of that id is; raises ValueError for what is no id."""
    since = time_of(identity) - datetime.fromtimestamp(0, UTC)
    left = _FAR - since // timedelta(milliseconds=1)
    return f"{PREFIX}{left:013}-{identity}.json"


def write(s3: Any, bucket: str, record: Record) -> None:
    """Write a record, or write it again as it is now; raises what boto3 raises."""
    # Time, version and source stand in it for who reads it without this module.
    more: dict[str, Any] = {"form": FORM, "time": record.begun.isoformat()}
    more |= {"version": record.version, "source": record.source}
    body = json.dumps(more | asdict(record), indent=1).encode()
    s3.put_object(Bucket=bucket, Key=key_of(record.id), Body=body, ContentType="application/json")


def read(s3: Any, bucket: str, identity: str) -> Record | Unreadable | None:
    """Return the record of that id, None where there is none; raises ValueError for what is no id."""
    try:
        return _record(identity, objects.read(s3, bucket, key_of(identity), MOST_BYTES + 1))
    except Unusable as error:
        return Unreadable(identity, str(error))
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return None
        if error_code(error) in DENIED:
            return Unreadable(identity, "access denied")
        raise


def newest(s3: Any, bucket: str, most: int = LISTED) -> list[Record | Unreadable]:
    """Return the newest records, the newest first; what cannot be read has its place among them."""
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=PREFIX, MaxKeys=most)
    found = (_KEY.fullmatch(each["Key"]) for each in listed.get("Contents", []))
    records = (_listed(s3, bucket, match[1]) for match in found if match)
    return [each for each in records if each]


def _listed(s3: Any, bucket: str, identity: str) -> Record | Unreadable | None:
    try:
        return read(s3, bucket, identity)
    except ValueError:
        return Unreadable(identity, "its name is no time")


def _record(identity: str, body: bytes) -> Record:
    """The record that is stored; raises Unusable."""
    if len(body) > MOST_BYTES:
        raise Unusable(f"it has more than {MOST_BYTES} bytes")
    try:
        stored = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unusable("it is no JSON") from error
    form = stored.get("form") if isinstance(stored, dict) else None
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise Unusable("it does not have the form of a record")
    if form > FORM:
        raise Unusable(f"a newer version wrote it (form {form})")
    fields: dict[str, Any] = {name: stored[name] for name in Record.__dataclass_fields__ if name in stored}
    if fields.get("id") != identity or not _is_well_formed(fields):
        raise Unusable("it does not have the form of a record")
    fields["result"] = Result(fields["result"])
    return Record(**fields)


def _is_well_formed(fields: Mapping[str, Any]) -> bool:
    texts = ("id", "command", "by", "template", "content", "to", "reason")
    parameters, templates = fields.get("parameters"), fields.get("templates")
    seconds = fields.get("seconds")
    return (
        all(isinstance(fields.get(name), str) for name in texts)
        and isinstance(parameters, dict)
        and all(isinstance(value, str) for value in parameters.values())
        and isinstance(templates, list)
        and all(isinstance(each, str) for each in templates)
        and fields.get("result") in list(Result)
        and isinstance(fields.get("proved"), bool | None)
        and (seconds is None or (isinstance(seconds, int) and seconds >= 0))
    )
