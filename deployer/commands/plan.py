"""Shows what a deployment would do, and does none of it.

CloudFormation is asked for a change set, which needs the templates in the artifact bucket, and which goes
again. Before there is a bucket, the templates alone are enough: everything is new.
"""

from __future__ import annotations

from argparse import Namespace

from botocore.exceptions import WaiterError
from rich.console import Console

from command_line import Parser
from deployer.cloudformation import changes, deployed, drift, package
from deployer.cloudformation.foreseen import Action, Change
from deployer.command import Command
from deployer.commands import foresight, taking_over
from deployer.commands.foresight import Plan
from deployer.commands.intended import Prepared, Write, is_up_to_date, prepare, root_stack
from deployer.commands.taking_over import NOT_WANTED, Request
from deployer.console import say
from deployer.errors import EXIT_USAGE, DeployError, explained
from deployer.offline.compared import Unforeseeable
from deployer.options import Options

NOTHING_MADE = "the templates alone: nothing runs yet, and CloudFormation was not asked"
BY_TEMPLATES = "the templates, old against new: CloudFormation was not asked, and nothing was uploaded"
LEFT = "the templates alone: what an earlier attempt left goes first"


def run(
    options: Options,
    console: Console,
    write: Write | None = None,
    *,
    with_drift: bool = False,
    reads_only: bool = False,
    take_over: Request = NOT_WANTED,
) -> None:
    """Print what a deployment would do; raises DeployError with exit code 2 when it cannot be told.

    With `reads_only` nothing is uploaded, CloudFormation makes no change set, and nobody looks for what an
    earlier deployment kept: the role of a pull request's plan sees the stacks alone.
    """
    with explained(EXIT_USAGE):
        prepared = prepare(options, write)
        taken = taking_over.intend(prepared, take_over, console)
        if not taken and not prepared.running and not reads_only:
            taking_over.hint(prepared, console)
        if is_up_to_date(prepared):
            say(console, f"{options.stack}: nothing has changed, and a deployment would change nothing.")
        else:
            found = _by_templates(prepared) if reads_only or taken else _plan(prepared, console)
            found = taking_over.foreseen(found, taken)
            aws = prepared.aws
            title = f"Plan for {options.stack} in account {aws.account}, region {aws.region}"
            foresight.show(found, title, console)
        if with_drift:
            _show_drift(prepared, console)


def from_templates(prepared: Prepared) -> Plan:
    """The plan of the templates alone, where no stack runs: everything is new."""
    source = LEFT if prepared.current else NOTHING_MADE
    try:
        found = _compared(prepared, prepared.options.stack)
    except Unforeseeable as error:
        new = prepared.root["Resources"].items()
        added = [Change(path=title, kind=each["Type"], action=Action.ADD) for title, each in new]
        return Plan(source=f"the root template alone, for {error}", changes=added)
    return foresight.of_templates(found, source)


def from_change_set(prepared: Prepared, change_set: changes.ChangeSet, name: str) -> Plan:
    """The plan of a change set for the stack of that name, the root's or the bootstrap's."""
    try:
        found: foresight.Templates | Unforeseeable = _compared(prepared, name)
    except Unforeseeable as error:
        found = error
    return foresight.of_change_set(prepared.aws.cloudformation, change_set, found)


def _compared(prepared: Prepared, name: str) -> foresight.Templates:
    """Old and new templates of the root or the bootstrap stack; raises Unforeseeable."""
    is_root = name == prepared.options.stack
    running = prepared.running if is_root else prepared.base
    before = deployed.read(prepared.aws.cloudformation, running) if running else None
    file = prepared.options.out / ("root.json" if is_root else "bootstrap.json")
    return foresight.by_templates(file, prepared.values if is_root else {}, before)


def _by_templates(prepared: Prepared) -> Plan:
    """The plan without CloudFormation; raises DeployError when what runs cannot be compared with it."""
    if not prepared.running:
        return from_templates(prepared)
    try:
        return foresight.of_templates(_compared(prepared, prepared.options.stack), BY_TEMPLATES)
    except Unforeseeable as error:
        raise DeployError(f"What would happen cannot be foreseen: {error}.", EXIT_USAGE) from error


def _plan(prepared: Prepared, console: Console) -> Plan:
    # A stack that a failed creation left takes no change set, and one under review may be somebody else's.
    if not prepared.bucket or (prepared.current and not prepared.running):
        return from_templates(prepared)
    aws, options = prepared.aws, prepared.options
    kind = "UPDATE" if prepared.running else "CREATE"
    wanted = root_stack(prepared, prepared.bucket, package.uploader(aws.s3, prepared.bucket))
    say(console, f"{options.stack}: asking CloudFormation for a change set, which goes again.")
    change_set = changes.make(aws.cloudformation, wanted.request(), kind, console)
    if change_set is None:
        return Plan(source="CloudFormation, which sees no change", changes=())
    try:
        return from_change_set(prepared, change_set, options.stack)
    finally:
        identity, stack_id = change_set["ChangeSetId"], change_set["StackId"]
        changes.forget(aws.cloudformation, identity, stack_id, kind, console)


def _show_drift(prepared: Prepared, console: Console) -> None:
    if prepared.running is None:
        say(console, "Nothing runs yet that could have drifted.")
        return
    say(console, "Comparing what runs with its templates; that takes minutes.")
    try:
        found = list(drift.detect(prepared.aws.cloudformation, prepared.running["StackId"]))
    except WaiterError as error:
        raise DeployError("CloudFormation did not finish comparing: try again later.", EXIT_USAGE) from error
    for each in found:
        what = f": {', '.join(each.properties)}" if each.properties else ""
        say(console, f"Drifted: {each.path} ({each.kind}), {each.status.lower()}{what}", "yellow")
    if not found:
        say(console, "Nothing has drifted.")


def _arguments(parser: Parser) -> None:
    taking_over.arguments(parser)
    parser.add_argument("--drift", action="store_true", help="also what was changed by hand (takes minutes)")
    parser.add_argument(
        "--from-templates",
        action="store_true",
        help="read only: no upload, and no change set of CloudFormation",
    )


def _start(given: Namespace, options: Options, console: Console) -> None:
    take_over = taking_over.request(given.take_over, given.kept)
    run(options, console, with_drift=given.drift, reads_only=given.from_templates, take_over=take_over)


COMMAND = Command(
    name="plan",
    summary="Show what a deployment would do, and change nothing",
    start=_start,
    arguments=_arguments,
    takes_parameters=True,
)
