"""Goes back to an earlier deployment: its templates, its parameters and its image, after the plan was shown.

What is needed is in the artifact bucket, named by the record that each deployment leaves there. The image is
in the repository still, or is built again from the zipped source: the pipeline sees to either.
"""

from __future__ import annotations

import hashlib
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from botocore.exceptions import ClientError
from rich.console import Console

from command_line import Parser, shown, text
from deployer.account import history, objects, tagged
from deployer.account.history import Record, Result, Unreadable
from deployer.cloudformation import other_network, package, stack
from deployer.cloudformation.changes import ChangeSet
from deployer.command import Command
from deployer.commands import doctor, foresight, operation, plan, recorded, verify
from deployer.commands.consent import FLAG, WITHOUT_QUESTION, Consent
from deployer.commands.intended import Prepared, deployed_parameters, find_root
from deployer.commands.operation import Prove, without_proof
from deployer.commands.recorded import artifact_bucket
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, UsageError, error_code, explained
from deployer.options import Options
from deployer.session import Aws, connect

GONE = ("NoSuchKey", "404")

PREVIOUS = "previous"
"""In place of an id: the newest good deployment before what runs, for whoever cannot look at the list."""


def show(options: Options, console: Console) -> None:
    """List the newest deployments; raises DeployError with exit code 2 when they cannot be read."""
    with explained(EXIT_USAGE):
        aws = connect(options)
        bucket = _bucket(aws, options)
        found = history.newest(aws.s3, bucket)
        current = stack.find(aws.cloudformation, options.stack)
        readable = [each for each in found if isinstance(each, Record)]
        now = recorded.running(aws, current, readable) if deployed_parameters(current) and current else None
    if not found:
        say(console, f"{options.stack}: no deployment has been recorded yet.")
        return
    say(console, f"Deployments of {options.stack}, the newest first:")
    busy = bool(current and stack.is_busy(current))
    for number, each in enumerate(found):
        say(console, _line(each, runs=each is now, goes_on=busy and number == 0), _color(each))
    if now is None and not busy:
        say(console, "None of these is what runs now.")
    say(console, f"`./deploy.sh rollback --to ID --stack {options.stack}` goes back to one.")


def run(
    options: Options,
    console: Console,
    to: str,
    consent: Consent = WITHOUT_QUESTION,
    prove: Prove = without_proof,
    *,
    unchecked: bool = False,
) -> dict[str, str]:
    """Go back to the deployment of the id `to`, or to the previous one; return the root stack's outputs.

    What goes on already, begun by the same command, is followed to its end instead. `doctor` looks first
    whether all is there that it needs, unless it is left out with `unchecked`.

    Raises DeployError: exit code 2 where there is nothing to go back to, or something of it is gone, and
    nothing was changed then; 1 when the operation failed.
    """
    # The folder is what the templates of that time are compared from, until the plan is agreed to.
    with explained(EXIT_USAGE), TemporaryDirectory(prefix="asistente-") as folder:
        aws = connect(options)
        bucket = _bucket(aws, options, lasting=True)
        target = _previous(aws, bucket, options) if to == PREVIOUS else _target(aws, bucket, to)
        say(console, f"Going back to {target.id}, {recorded.what(target)} of {recorded.when(target)}.")
        prepared = _prepare(options, aws, bucket, target, Path(folder))
        wanted, keys = _publish(prepared, bucket, target)
        if prepared.busy:
            recording = operation.taken_up(aws, bucket, prepared.busy, wanted, options.stack, console)
            with explained(EXIT_FAILED):
                return operation.follow(recording, prepared.busy, options, prove)
        consent.require_somebody()
        if not unchecked:
            # What an older version does not know yet is as it is now.
            values = (prepared.deployed or {}) | prepared.values
            doctor.require_well(aws, options, values, prepared.deployed, console)

        def review(change_set: ChangeSet) -> None:
            found = plan.from_change_set(prepared, change_set, options.stack)
            foresight.show(found, f"Plan for {options.stack}, back to {target.id}", console)
            consent.require(found, options.stack)

        recording = recorded.new(aws, bucket, console, wanted, keys, "rollback", target.id)
        with explained(EXIT_FAILED):
            return operation.carry_out(recording, wanted, options, review, prove)


def _bucket(aws: Aws, options: Options, *, lasting: bool = False) -> str:
    """The artifact bucket; raises DeployError where there is none, or `lasting`, where it goes."""
    base = stack.find(aws.cloudformation, options.bootstrap_stack)
    if base and lasting and base["StackStatus"].startswith("DELETE_"):
        stack.find_deployable(aws.cloudformation, options.bootstrap_stack, options.stack)
    bucket = artifact_bucket(base)
    if not bucket:
        raise UsageError(
            f"There is no deployment {options.stack} in account {aws.account}, region {aws.region}: deploy "
            "it first (`make deploy`), or name another with --stack and --region."
        )
    return bucket


def _previous(aws: Aws, bucket: str, options: Options) -> Record:
    found = stack.find(aws.cloudformation, options.stack)
    target = recorded.previous(aws, found, recorded.others(aws, bucket)) if found else None
    if target is None:
        raise UsageError(
            "No deployment of something else, done and well, is recorded before what runs now: "
            "`./deploy.sh rollback` lists what there is."
        )
    return target


def _target(aws: Aws, bucket: str, to: str) -> Record:
    try:
        found = history.read(aws.s3, bucket, to)
    except ValueError:
        raise UsageError(
            f"{shown(to)} is no deployment's id, which looks like 20261231-235959-999: "
            "`./deploy.sh rollback` lists them."
        ) from None
    if found is None:
        raise UsageError(
            f"There is no record of a deployment {to}: it never was, or has expired. `./deploy.sh rollback` "
            "lists those that there are."
        )
    if isinstance(found, Unreadable):
        raise UsageError(f"The record of the deployment {to} cannot be used: {found.why}.")
    return found


def _prepare(options: Options, aws: Aws, bucket: str, target: Record, folder: Path) -> Prepared:
    """What was deployed then beside what is there; raises UsageError when there is no way back."""
    current = find_root(aws, options, when_busy=True)
    deployed = deployed_parameters(current)
    if deployed is None:
        raise UsageError(
            f"There is no stack {options.stack} that runs and could go back: `make deploy` makes one."
        )
    other_network.refuse_changes(deployed, target.parameters)
    root = _restore(aws, bucket, target, folder)
    return Prepared(
        options=replace(options, out=folder),
        aws=aws,
        root=root,
        own={},
        values=dict(target.parameters),
        base=None,
        current=current,
    )


def _restore(aws: Aws, bucket: str, target: Record, folder: Path) -> package.Template:
    """Write the templates of that time into the folder; raises UsageError when one is gone."""

    def download(key: str) -> bytes:
        body = _download(aws, bucket, target, key)
        if f"{package.FOLDER}{hashlib.sha256(body).hexdigest()}.json" != key:
            raise UsageError(f"{key} is not what was uploaded under this name: {_no_way_back(target)}")
        return body

    return package.restore(target.template, download, folder / "root.json")


def _publish(prepared: Prepared, bucket: str, target: Record) -> tuple[stack.Wanted, Sequence[str]]:
    """The root stack as it was; source and templates are written again, so that they live on with it."""
    aws = prepared.aws
    path = prepared.options.out / "root.json"
    keys: list[str] = []
    upload = package.uploader(aws.s3, bucket)
    if target.source:
        upload(target.source, _download(aws, bucket, target, target.source))
    template, url = package.publish(path, package.noting(upload, keys))
    wanted = stack.Wanted(
        name=prepared.options.stack,
        template=template,
        url=url,
        parameters=dict(target.parameters),
        capabilities=package.capabilities(package.read_all(path)),
        tags=tagged.tags(prepared.options.stack),
    )
    return wanted, keys


def _download(aws: Aws, bucket: str, target: Record, key: str) -> bytes:
    try:
        return objects.read(aws.s3, bucket, key)
    except ClientError as error:
        if error_code(error) in GONE:
            raise UsageError(f"{key} is not in the bucket any more: {_no_way_back(target)}") from error
        raise


def _no_way_back(target: Record) -> str:
    return (
        f"there is no way back to {target.id} by itself. Check the source of the version {target.version} "
        "out and `make deploy` it."
    )


def _line(each: Record | Unreadable, *, runs: bool, goes_on: bool) -> str:
    if isinstance(each, Unreadable):
        return f"  {each.id}  cannot be read: {each.why}"
    words = [f"  {each.id}", recorded.when(each), f"{each.version:<16}", recorded.who(each)]
    words.append(_result(each, goes_on=goes_on) + (f", back to {each.to}" if each.to else ""))
    return "  ".join([*words, *(["runs now"] if runs else [])])


def _result(each: Record, *, goes_on: bool) -> str:
    if each.result is Result.BEGUN:
        return "goes on" if goes_on else "begun, and not seen to its end"
    took = f" in {each.seconds // 60}:{each.seconds % 60:02} minutes" if each.seconds is not None else ""
    proof = {True: ", proved", False: ", NOT PROVED", None: ", without proof"}[each.proved]
    first = each.reason.splitlines()[0] if each.reason else ""
    return f"{each.result}{took}{proof if each.result is Result.DONE else ''}{f': {first}' if first else ''}"


def _color(each: Record | Unreadable) -> str:
    if isinstance(each, Unreadable):
        return "yellow"
    return "red" if each.result is Result.FAILED or each.proved is False else ""


def _arguments(parser: Parser) -> None:
    parser.add_argument(
        "--to", type=text, metavar="ID", help=f"go back to this one, or to {PREVIOUS} (default: list them)"
    )
    parser.add_argument(FLAG, action="store_true", help="also where data is lost")
    parser.add_argument("--unchecked", action="store_true", help="without what doctor looks at")
    parser.add_argument("--unproved", action="store_true", help="without the proof at the end")
    parser.only_with("--to", FLAG, "--unchecked", "--unproved")


def _start(given: Namespace, options: Options, console: Console) -> None:
    if given.to is None:
        show(options, console)
        return
    prove = verify.proof(options, console, unproved=given.unproved)
    run(options, console, given.to, Consent.of(given), prove, unchecked=given.unchecked)


COMMAND = Command(
    name="rollback",
    summary="List the deployments so far, or go back to one of them (--to)",
    start=_start,
    arguments=_arguments,
)
