"""Puts the product into an account: artifact bucket, templates and source, then the stacks themselves."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from command_line import Parser
from deployer.account import service_linked_roles
from deployer.cloudformation import package, stack
from deployer.cloudformation.changes import ChangeSet
from deployer.command import Command
from deployer.commands import doctor, foresight, operation, outcome, plan, recorded, taking_over, verify
from deployer.commands.consent import FLAG, WITHOUT_QUESTION, Consent
from deployer.commands.intended import (
    Prepared,
    Write,
    bootstrap_stack,
    is_up_to_date,
    prepare,
    root_stack,
)
from deployer.commands.operation import Prove, without_proof
from deployer.commands.recorded import Recording
from deployer.commands.taking_over import NOT_WANTED, Request, Taken
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
    take_over: Request = NOT_WANTED,
    prove: Prove = without_proof,
    told: Path | None = None,
) -> dict[str, str]:
    """Create or update the stacks as `options` say; return the root stack's outputs by name.

    What goes on already, begun by the same command, is followed to its end instead.

    Args:
        options: what to deploy, and where.
        console: where it is said how it goes.
        write: makes the templates, by default `generate.write`.
        consent: how the plan comes by somebody's word.
        unchecked: leave `doctor` out.
        take_over: whether what an earlier deployment has kept is to be had back.
        prove: looks whether the service works, once it should.
        told: the file in which it is said, before the proof, whether anything changed.

    Raises DeployError with the exit code: 2 when something has to be set right before anything is created, 1
    when the operation failed.
    """

    def announce(aws: Aws) -> None:
        say(console, f"Deploying {options.stack} to account {aws.account}, region {aws.region}.")
        # Whoever began it: without the bucket nothing else can be done, and nobody's data is in it yet.
        stack.finish(aws.cloudformation, options.bootstrap_stack, console)

    outcome.require(told)
    with explained(EXIT_USAGE):
        prepared = prepare(options, write, announce, when_busy=True)
        begun = _taken_up(prepared, prepared.busy, console) if prepared.busy else None
        taken = [] if begun else taking_over.intend(prepared, take_over, console)
        if not begun and not is_up_to_date(prepared):
            consent.require_somebody()
            if not unchecked:
                doctor.require_well(prepared.aws, options, prepared.values, prepared.deployed, console)
            if prepared.running is None:
                found = taking_over.foreseen(plan.from_templates(prepared), taken)
                _agree(found, options.stack, consent, console)
    with explained(EXIT_FAILED):
        if prepared.busy and begun:
            return operation.follow(begun, prepared.busy, options, _telling(begun, told, prove))
        return _deploy(prepared, taken, consent, console, prove, told)


def _taken_up(prepared: Prepared, busy: stack.Description, console: Console) -> Recording:
    """The recording of our own operation that goes on; raises Busy when it is another one."""
    aws, bucket = prepared.aws, prepared.bucket
    wanted = root_stack(prepared, bucket, package.addresses(aws.s3, bucket))
    return operation.taken_up(aws, bucket, busy, wanted, prepared.options.stack, console)


def _telling(recording: Recording, told: Path | None, prove: Prove) -> Prove:
    """The same proof, once it is told whether there is anything new to prove."""

    def tell_and_prove(outputs: dict[str, str]) -> bool:
        outcome.tell(told, outcome.CHANGED, "true" if recording.has_changed else "false")
        return prove(outputs)

    return tell_and_prove


def _deploy(
    prepared: Prepared,
    taken: Sequence[Taken],
    consent: Consent,
    console: Console,
    prove: Prove,
    told: Path | None,
) -> dict[str, str]:
    aws, options = prepared.aws, prepared.options
    bucket = _bootstrap(prepared, consent, console)
    upload = package.uploader(aws.s3, bucket)
    upload(prepared.own["SourceKey"], source_zip(options.root))
    service_linked_roles.ensure(aws.iam, console)
    if taken:
        taking_over.carry_out(prepared, taken, upload, console)

    def review(change_set: ChangeSet) -> None:
        if prepared.running is None:  # agreed to before anything was made
            taking_over.guard(prepared, taken, change_set)
            return
        found = plan.from_change_set(prepared, change_set, options.stack)
        _agree(found, options.stack, consent, console)

    keys: list[str] = []
    wanted = root_stack(prepared, bucket, package.noting(upload, keys))
    recording = recorded.new(aws, bucket, console, wanted, keys, "deploy", "")
    asked = review if prepared.running or taken else None
    return operation.carry_out(recording, wanted, options, asked, _telling(recording, told, prove))


def _agree(foreseen: foresight.Plan, name: str, consent: Consent, console: Console) -> None:
    foresight.show(foreseen, f"Plan for {name}", console)
    consent.require(foreseen, name)


def _bootstrap(prepared: Prepared, consent: Consent, console: Console) -> str:
    """Bring the bootstrap stack up to date; return the artifact bucket's name."""
    wanted = bootstrap_stack(prepared)

    def review(change_set: ChangeSet) -> None:
        _agree(plan.from_change_set(prepared, change_set, wanted.name), wanted.name, consent, console)

    # Where there is no bucket yet, nothing of it can be lost.
    asked = review if prepared.bucket else None
    outputs = operation.apply(prepared.aws, wanted, prepared.options, console, asked)
    return outputs["ArtifactBucketName"]


def _arguments(parser: Parser) -> None:
    parser.add_argument(FLAG, action="store_true", help="also where data is lost")
    taking_over.arguments(parser)
    parser.add_argument("--unchecked", action="store_true", help="without what doctor looks at")
    parser.add_argument("--unproved", action="store_true", help="without the proof at the end")
    outcome.argument(parser, f"{outcome.CHANGED}=true or {outcome.CHANGED}=false")


def _start(given: Namespace, options: Options, console: Console) -> None:
    consent = Consent.of(given)
    take_over = taking_over.request(given.take_over, given.kept)
    prove = verify.proof(options, console, unproved=given.unproved)
    run(
        options,
        console,
        consent=consent,
        unchecked=given.unchecked,
        take_over=take_over,
        prove=prove,
        told=given.outcome,
    )


COMMAND = Command(
    name="deploy",
    summary="Create or update the stacks; shows the plan, asks, and proves the service at the end",
    start=_start,
    arguments=_arguments,
    takes_parameters=True,
)
