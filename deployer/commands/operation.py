"""One deployment from the change set to the proof, recorded: what `deploy` and `rollback` have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from deployer.account import default_group, earlier, protection, unused
from deployer.account.build_log import BuildLog
from deployer.account.build_watch import BuildWatch
from deployer.account.service_watch import ServiceWatch
from deployer.account.stopped_tasks import StoppedTasks
from deployer.cloudformation import changes, events, foreseen, package, stack
from deployer.cloudformation.changes import ChangeSet
from deployer.cloudformation.events import Event
from deployer.cloudformation.progress import Look
from deployer.commands import recorded, teardown
from deployer.commands.recorded import Recording
from deployer.console import say
from deployer.errors import DeployError, explain
from deployer.options import Options
from deployer.session import Aws

# Is given the outputs, and returns whether it has proved the service; raises DeployError when it is not well.
Prove = Callable[[dict[str, str]], bool]


def without_proof(_: dict[str, str]) -> bool:
    """Prove nothing."""
    return False


def carry_out(
    recording: Recording,
    wanted: stack.Wanted,
    options: Options,
    review: stack.Review | None,
    prove: Prove,
) -> dict[str, str]:
    """Bring the root stack up to date after a `review`, and prove it; return its outputs."""
    aws, console = recording.aws, recording.console

    def reviewed(change_set: ChangeSet) -> None:
        if review:
            review(change_set)
        else:
            found = foreseen.of_change_set(aws.cloudformation, change_set["ChangeSetId"])
            say(console, f"{wanted.name}: {changes.summary(found)}.")
        recording.begin()

    return _to_the_end(recording, options, prove, lambda: apply(aws, wanted, options, console, reviewed))


def taken_up(
    aws: Aws, bucket: str, busy: stack.Description, wanted: stack.Wanted, root: str, console: Console
) -> Recording:
    """The recording of the operation that is going on, when it is our own and of the same.

    Raises Busy, with who is at work as far as that can be read, when it is not.
    """
    record = recorded.begun_by(aws, bucket, busy)
    same = record and record.is_of(package.content(wanted.template), wanted.parameters)
    if record and same and recorded.is_by(record, aws.identity):
        return Recording(aws, bucket, console, record, is_begun=True, has_changed=True)
    raise recorded.busy_error(busy, root, record)


def follow(recording: Recording, busy: stack.Description, options: Options, prove: Prove) -> dict[str, str]:
    """Follow the root stack's operation that goes on to its end, and prove it; return the outputs."""
    aws, console = recording.aws, recording.console
    since = events.begun(aws.cloudformation, busy["StackId"])
    if since is None:  # it has just ended, or what goes on is another one
        raise stack.Busy(busy, options.stack)
    say(
        console,
        f"Taking up what goes on with {options.stack} ({busy['StackStatus']}), begun by "
        f"{recorded.who(recording.record)} at {recorded.when(recording.record)}: "
        f"{recorded.what(recording.record)}.",
    )

    def go_on() -> dict[str, str]:
        with _cleared_when_first(aws, options, console):
            return stack.take_up(aws.cloudformation, busy, since, console, _watches(aws, console))

    return _to_the_end(recording, options, prove, go_on)


def _to_the_end(
    recording: Recording, options: Options, prove: Prove, operate: Callable[[], dict[str, str]]
) -> dict[str, str]:
    aws, console = recording.aws, recording.console
    try:
        with recording.watched():
            outputs = operate()
            default_group.close(aws.cloudformation, aws.ec2, options.stack, console)
    except stack.Failed as failed:
        # From the other states a stack does not go back: one is removed, the other is stuck.
        is_back = failed.status == "UPDATE_ROLLBACK_COMPLETE"
        way = recorded.way_further_back(recording, options.stack) if is_back else ""
        message = f"{failed}\n{way}".strip()
        raise stack.Failed(message, failed.name, failed.status, failed.events, failed.exit_code) from failed
    recording.done()
    try:
        if prove(outputs):
            recording.proved()
    except DeployError as error:
        recording.proved(str(error))
        way = recorded.way_back(recording, options.stack)
        raise DeployError(f"{error}\n{way}".strip(), error.exit_code) from error
    return outputs


def apply(
    aws: Aws,
    wanted: stack.Wanted,
    options: Options,
    console: Console,
    review: stack.Review | None = None,
) -> dict[str, str]:
    """Bring one stack up to date, what a failed first creation left of it removed; return its outputs."""
    current = stack.find_deployable(aws.cloudformation, wanted.name, options.stack)
    if current and current["StackStatus"] in stack.LEFTOVER:
        protection.require_none(aws, current)
        say(console, f"Removing what an earlier attempt left of {wanted.name} ({current['StackStatus']}).")
        with _going_on(options.stack, console):
            teardown.remove(aws, current, console)
        current = None
    elif current is None and wanted.name == options.stack:
        with _going_on(options.stack, console):
            _remove_what_failed_creations_kept(aws, options, console)
    with _cleared_when_first(aws, options, console):
        return stack.apply(aws.cloudformation, current, wanted, console, _watches(aws, console), review)


def _remove_what_failed_creations_kept(aws: Aws, options: Options, console: Console) -> None:
    """What is left where even its stack is gone: whoever removed it was refused or interrupted then."""
    try:
        base = stack.find(aws.cloudformation, options.bootstrap_stack)
        failed = earlier.left(aws, options.stack, [base] if base else []).failed
    except (BotoCoreError, ClientError) as error:
        say(console, f"What earlier attempts left cannot be looked up: {explain(error)}", "yellow")
        return
    unused.remove(aws, failed, console)


@contextmanager
def _going_on(root: str, console: Console) -> Iterator[None]:
    """A deployment can do without the removal of what an earlier one kept, which is named."""
    try:
        yield
    except unused.NotRemoved as error:
        say(
            console,
            f"{error} That was not on purpose, and it costs what it costs: `./deploy.sh destroy --stack "
            f"{root}` tries again to remove it. The deployment goes on without it.",
            "yellow",
        )


@contextmanager
def _cleared_when_first(aws: Aws, options: Options, console: Console) -> Iterator[None]:
    """Remove what a first creation has left that fails within."""
    try:
        yield
    except stack.Failed as failed:
        if failed.status not in stack.LEFTOVER:
            raise
        raise teardown.cleared(aws, options.stack, failed, console) from failed


def _watches(aws: Aws, console: Console) -> Look:
    watches = (
        BuildWatch(aws.codepipeline, console, BuildLog(aws.client, console)),
        ServiceWatch(lambda: aws.ecs, console),
        StoppedTasks(aws.client, console),
    )

    def look(events: Sequence[Event]) -> None:
        for watch in watches:
            watch(events)

    return look
