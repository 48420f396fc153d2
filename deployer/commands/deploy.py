"""Puts the product into an account: artifact bucket, templates and source, then the stacks themselves."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Sequence

from rich.console import Console

from command_line import Parser
from deployer.account import default_group, protection, service_linked_roles
from deployer.account.build_log import BuildLog
from deployer.account.build_watch import BuildWatch
from deployer.account.service_watch import ServiceWatch
from deployer.account.stopped_tasks import StoppedTasks
from deployer.cloudformation import package, stack
from deployer.cloudformation.changes import ChangeSet
from deployer.cloudformation.events import Event
from deployer.command import Command
from deployer.commands import doctor, foresight, plan, status, teardown, verify
from deployer.commands.consent import FLAG, WITHOUT_QUESTION, Consent
from deployer.commands.intended import (
    Prepared,
    Write,
    bootstrap_stack,
    is_up_to_date,
    prepare,
    root_stack,
)
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, explained
from deployer.options import Options
from deployer.session import Aws
from source import source_zip


def run(
    options: Options,
    console: Console,
    write: Write | None = None,
    consent: Consent = WITHOUT_QUESTION,
    *,
    unchecked: bool = False,
) -> dict[str, str]:
    """Create or update the stacks as `options` say; return the root stack's outputs by name.

    Args:
        options: what to deploy, and where.
        console: where it is said how it goes.
        write: makes the templates, by default `generate.write`.
        consent: how the plan comes by somebody's word.
        unchecked: leave `doctor` out.

    Raises DeployError with the exit code: 2 when something has to be set right before anything is created, 1
    when the operation failed.
    """

    def announce(aws: Aws) -> None:
        say(console, f"Deploying {options.stack} to account {aws.account}, region {aws.region}.")

    with explained(EXIT_USAGE):
        prepared = prepare(options, write, announce)
        if not is_up_to_date(prepared):
            consent.require_somebody()
            if not unchecked:
                doctor.require_well(prepared.aws, options, prepared.values, prepared.deployed, console)
            if prepared.running is None:
                _agree(plan.from_templates(prepared), options.stack, consent, console)
    with explained(EXIT_FAILED):
        return _deploy(prepared, consent, console)


def _deploy(prepared: Prepared, consent: Consent, console: Console) -> dict[str, str]:
    aws, options = prepared.aws, prepared.options
    bucket = _bootstrap(prepared, consent, console)
    upload = package.uploader(aws.s3, bucket)
    upload(prepared.own["SourceKey"], source_zip(options.root))
    service_linked_roles.ensure(aws.iam, console)

    def review(change_set: ChangeSet) -> None:
        found = plan.from_change_set(prepared, change_set, options.stack)
        _agree(found, options.stack, consent, console)

    # A first deployment has been agreed to before anything was made.
    first = prepared.running is None
    wanted = root_stack(prepared, bucket, upload)
    outputs = _apply(aws, wanted, options, console, None if first else review)
    default_group.close(aws.cloudformation, aws.ec2, options.stack, console)
    return outputs


def _agree(foreseen: foresight.Plan, name: str, consent: Consent, console: Console) -> None:
    foresight.show(foreseen, f"Plan for {name}", console)
    consent.require(foreseen, name)


def _bootstrap(prepared: Prepared, consent: Consent, console: Console) -> str:
    """Bring the bootstrap stack up to date; return the artifact bucket's name."""
    wanted = bootstrap_stack(prepared)

    def review(change_set: ChangeSet) -> None:
        _agree(plan.from_change_set(prepared, change_set, wanted.name), wanted.name, consent, console)

    # Where there is no bucket yet, nothing of it can be lost.
    outputs = _apply(prepared.aws, wanted, prepared.options, console, review if prepared.bucket else None)
    return outputs["ArtifactBucketName"]


def _apply(
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
        teardown.remove(aws, current, console)
        current = None
    watches = (
        BuildWatch(aws.codepipeline, console, BuildLog(aws.client, console)),
        ServiceWatch(lambda: aws.ecs, console),
        StoppedTasks(aws.client, console),
    )

    def look(events: Sequence[Event]) -> None:
        for watch in watches:
            watch(events)

    try:
        return stack.apply(aws.cloudformation, current, wanted, console, look, review)
    except stack.Failed as failed:
        if failed.status in stack.LEFTOVER:
            teardown.clear(aws, wanted.name, console)
        raise


def _arguments(parser: Parser) -> None:
    parser.add_argument(FLAG, action="store_true", help="also where data is lost")
    parser.add_argument("--unchecked", action="store_true", help="without what doctor looks at")
    parser.add_argument("--unproved", action="store_true", help="without the proof at the end")


def _start(given: Namespace, options: Options, console: Console) -> None:
    is_there = sys.stdin is not None and sys.stdin.isatty()
    consent = Consent(None if given.yes else input, given.accept_data_loss, is_there)
    outputs = run(options, console, consent=consent, unchecked=given.unchecked)
    status.show_outputs(outputs, console)
    if not given.unproved:
        # An account's first deployment may well have a second model whose terms nobody has agreed to yet.
        verify.run(options, console, every_model=False)


COMMAND = Command(
    name="deploy",
    summary="Create or update the stacks; shows the plan, asks, and proves the service at the end",
    start=_start,
    arguments=_arguments,
    takes_parameters=True,
)
