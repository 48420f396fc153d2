"""Keeps the record of a deployment while it goes on, and reads from the others what helps.

A deployment does without its record: what cannot be written or read is said, and nothing fails for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.account import history
from deployer.account.history import Record, Result
from deployer.cloudformation import events, package, stack
from deployer.cloudformation.progress import GoesOn
from deployer.console import say
from deployer.errors import DeployError, explain
from deployer.options import Options
from deployer.session import Aws

SKEW = timedelta(minutes=5)
"""Between a record, by this machine's clock, and the beginning of its operation, by AWS's."""


@dataclass
class Recording:
    """The record of the deployment that this process carries out."""

    aws: Aws
    bucket: str
    console: Console
    record: Record
    is_begun: bool = False
    """Whether the record stands in the bucket, or should."""
    has_changed: bool = False
    """Whether CloudFormation was to change something, here or where nobody saw the end of it."""

    def begin(self) -> None:
        """Write that it begins: whatever it is about is agreed to, and not yet begun."""
        self.has_changed = True
        self._begin()

    def done(self) -> None:
        """Write that the stack is as it shall be.

        A deployment that changed nothing is that of the record of what runs, which lives longer by it, as the
        templates and the source do that were uploaded again.
        """
        if self.is_begun:
            self._end(Result.DONE)
            return
        same = (each for each in others(self.aws, self.bucket) if _is_same(each, self.record))
        if found := next(same, None):
            reason = found.reason if found.result is Result.DONE else ""
            self.has_changed = found.result is Result.BEGUN
            self.record, self.is_begun = replace(found, result=Result.DONE, reason=reason), True
            self._write()
        else:
            self._begin()
            self._end(Result.DONE)

    def proved(self, why_not: str = "") -> None:
        """Write whether the service has been proved.

        One that once was stays so: the same templates and parameters worked, and what is not well now, as a
        model that AWS does not serve for an hour, makes them no worse to go back to.
        """
        if why_not and self.record.proved:
            return
        self.record = replace(self.record, proved=not why_not, reason=why_not)
        self._write()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Write why the operation within failed; one that goes on without us has not."""
        try:
            yield
        except GoesOn:
            raise
        except (DeployError, ClientError) as error:
            if self.is_begun:
                self._end(Result.FAILED, explain(error) if isinstance(error, ClientError) else str(error))
            raise

    def _begin(self) -> None:
        self.record = replace(self.record, id=history.new_id(datetime.now(UTC)))
        self.is_begun = True
        self._write()

    def _end(self, result: Result, reason: str = "") -> None:
        seconds = max(0, int((datetime.now(UTC) - self.record.begun).total_seconds()))
        self.record = replace(self.record, result=result, reason=reason, seconds=seconds)
        self._write()

    def _write(self) -> None:
        try:
            history.write(self.aws.s3, self.bucket, self.record)
        except (BotoCoreError, ClientError) as error:
            say(
                self.console,
                f"This deployment cannot be recorded ({self.record.result}), and `./deploy.sh rollback` will "
                f"not know it as it is: {explain(error)}",
                "yellow",
            )


def new(
    aws: Aws, bucket: str, console: Console, wanted: stack.Wanted, keys: Sequence[str], command: str, to: str
) -> Recording:
    """The recording of a deployment that is about to begin; `keys` are its templates', the root's last."""
    record = Record(
        id=history.new_id(datetime.now(UTC)),
        command=command,
        by=aws.identity,
        parameters=dict(wanted.parameters),
        template=keys[-1],
        templates=list(keys),
        content=package.content(wanted.template),
        to=to,
    )
    return Recording(aws, bucket, console, record)


def proved_later(
    aws: Aws, options: Options, console: Console, before: stack.Description, why_not: str = ""
) -> None:
    """Write into the record of what runs whether it is proved, which was looked at since `before`.

    What nobody recorded has no record to write into, and of what was changed meanwhile nothing is known.
    """
    try:
        now = stack.find(aws.cloudformation, options.stack)
        bucket = artifact_bucket(stack.find(aws.cloudformation, options.bootstrap_stack))
        if not (now and bucket) or _is_touched(before, now):
            return
        found = history.newest(aws.s3, bucket)
        record = running(aws, now, [each for each in found if isinstance(each, Record)])
    except (BotoCoreError, ClientError) as error:
        say(
            console,
            f"How this proof ended is not recorded, for the record cannot be read: {explain(error)}",
            "yellow",
        )
        return
    if record:
        Recording(aws, bucket, console, record, is_begun=True).proved(why_not)


def _is_touched(before: stack.Description, now: stack.Description) -> bool:
    """Whether a stack is another one than before, or may become one."""
    same = ("StackId", "LastUpdatedTime")
    return stack.is_busy(now) or any(before.get(name) != now.get(name) for name in same)


def others(aws: Aws, bucket: str) -> list[Record]:
    """The records that can be read, the newest first; none where that is not allowed."""
    try:
        found = history.newest(aws.s3, bucket)
    except (BotoCoreError, ClientError):
        return []
    return [each for each in found if isinstance(each, Record)]


def way_back(recording: Recording, name: str) -> str:
    """How to get from what runs now to the deployment before, as a sentence; empty where there is none."""
    return _way(next(iter(_good(recording)), None), name)


def way_further_back(recording: Recording, name: str) -> str:
    """The same where CloudFormation went back to the deployment before by itself: to the one before that."""
    before, *earlier = _good(recording) or [recording.record]
    return _way(next((each for each in earlier if not _is_same(each, before)), None), name)


def _good(recording: Recording) -> list[Record]:
    """The deployments of something else that were done, and whose proof did not fail; the newest first."""
    return [
        each
        for each in others(recording.aws, recording.bucket)
        if _is_good(each) and not _is_same(each, recording.record)
    ]


def _way(to: Record | None, name: str) -> str:
    if to is None:
        return ""
    command = f"./deploy.sh rollback --to {to.id} --stack {name}"
    return f"`{command}` goes back to the version {to.version} of {when(to)}."


def running(aws: Aws, found: stack.Description, records: Sequence[Record]) -> Record | None:
    """The newest record of what the stack is made of; raises what boto3 raises."""
    body = aws.cloudformation.get_template(StackName=found["StackId"], TemplateStage="Original")
    template = body["TemplateBody"]
    if not isinstance(template, dict):  # what is no JSON was not deployed by this
        return None
    values = {item["ParameterKey"]: item["ParameterValue"] for item in found.get("Parameters", [])}
    content = package.content(template)
    return next((each for each in records if each.is_of(content, values)), None)


def previous(aws: Aws, found: stack.Description, records: Sequence[Record]) -> Record | None:
    """The newest good deployment of something else before what runs; raises what boto3 raises."""
    now = running(aws, found, records)
    if now is None:
        return None
    earlier = records[records.index(now) + 1 :]
    return next((each for each in earlier if _is_good(each) and not _is_same(each, now)), None)


def begun_by(aws: Aws, bucket: str, busy: stack.Description) -> Record | None:
    """The record of the operation that is going on; None where it is not known whose that is."""
    latest = next(iter(others(aws, bucket)), None) if bucket else None
    if latest is None or latest.result is not Result.BEGUN:
        return None
    # A record whose process was killed may be followed by an operation that somebody began by other means.
    began = events.begun(aws.cloudformation, busy["StackId"])
    return latest if began and abs(began - latest.begun) <= SKEW else None


def artifact_bucket(base: stack.Description | None) -> str:
    """The artifact bucket of the bootstrap stack; empty when it has to be made first."""
    done = base and base["StackStatus"] not in stack.LEFTOVER
    return stack.outputs(base).get("ArtifactBucketName", "") if base and done else ""


def who_is_at_work(aws: Aws, options: Options, busy: stack.Busy) -> stack.Busy:
    """The same error, saying who began it and with what, as far as that is recorded."""
    bucket = artifact_bucket(stack.find(aws.cloudformation, options.bootstrap_stack))
    return busy_error(busy.stack, options.stack, begun_by(aws, bucket, busy.stack))


def busy_error(busy: stack.Description, root: str, record: Record | None) -> stack.Busy:
    """The error that says who is at work, and with what."""
    if record is None:
        return stack.Busy(busy, root)
    return stack.Busy(busy, root, f", begun by {who(record)} at {when(record)}: {what(record)}")


def is_by(record: Record, identity: str) -> bool:
    """Whether the same user or role began it; a role's session may have another name in each process."""
    return _without_session(record.by) == _without_session(identity)


def _without_session(arn: str) -> str:
    """Of `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` what does not change; any other ARN as it is."""
    return arn.rpartition("/")[0] if ":assumed-role/" in arn else arn


def who(record: Record) -> str:
    """Who began it, without the account: `user/ana`, and of a role the session too."""
    return record.by.rpartition(":")[2]


def when(record: Record) -> str:
    """When it began, in this machine's time."""
    return f"{record.begun.astimezone():%Y-%m-%d %H:%M:%S %Z}"


def what(record: Record) -> str:
    """What it was to do: `deploy of the version 0123456789abcdef`."""
    back = f", back to {record.to}" if record.to else ""
    return f"{record.command} of the version {record.version}{back}"


def _is_good(record: Record) -> bool:
    """Whether it was done, and its proof did not fail."""
    return record.result is Result.DONE and record.proved is not False


def _is_same(one: Record, other: Record) -> bool:
    return one.is_of(other.content, other.parameters)
