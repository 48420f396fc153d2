"""Puts the product into an account: artifact bucket, templates and source, then the stacks themselves."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from deployer.account import default_group, protection, region, service_linked_roles, tagged
from deployer.account.build_watch import BuildWatch
from deployer.account.service_watch import ServiceWatch
from deployer.cloudformation import other_network, package, parameters, stack
from deployer.cloudformation.events import Event
from deployer.command import Command
from deployer.commands import status, teardown
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, UsageError, explained
from deployer.options import Options
from deployer.session import Aws, connect
from source import image_tag, source_zip

# Stand for what is not known yet while parameters are checked: whether they are right must be known before
# AWS is asked for anything, and before the bucket is made.
UNKNOWN_BUCKET = "made-by-the-bootstrap-stack"
UNKNOWN_PREFIX_LIST = "pl-00000000"

# Writes the templates into a folder, for an image tag.
Write = Callable[[Path, str], Any]


def run(options: Options, console: Console, write: Write | None = None) -> dict[str, str]:
    """Create or update the stacks as `options` say; return the root stack's outputs by name.

    `write` makes the templates, by default `generate.write`. Raises DeployError with the exit code: 2 when
    something has to be set right before anything is created, 1 when the operation failed.
    """
    with explained(EXIT_USAGE):
        tag = write_templates(options, write)
        root = package.read(options.out / "root.json")
        own = {"ImageTag": tag, "SourceKey": f"source-{tag}.zip", "ArtifactBucketName": UNKNOWN_BUCKET}
        unknown = {"OriginFacingPrefixListId": UNKNOWN_PREFIX_LIST}
        wanted = parameters.resolve(root, options.parameters, own | unknown)
        aws = connect(options)
        say(console, f"Deploying {options.stack} to account {aws.account}, region {aws.region}.")
        stack.find_deployable(aws.cloudformation, options.bootstrap_stack, options.stack)
        deployed = _deployed(stack.find_deployable(aws.cloudformation, options.stack, options.stack))
        other_network.refuse_changes(deployed or {}, wanted)
        own |= region.explore(aws.ec2, wanted, deployed)
        parameters.resolve(root, options.parameters, own)
    with explained(EXIT_FAILED):
        bucket = _bootstrap(aws, options, console)
        upload = package.uploader(aws.s3, bucket)
        upload(own["SourceKey"], source_zip(options.root))
        service_linked_roles.ensure(aws.iam, console)
        root_stack = _wanted(options, own | {"ArtifactBucketName": bucket}, upload)
        outputs = _apply(aws, root_stack, options, console)
        default_group.close(aws.cloudformation, aws.ec2, options.stack, console)
        return outputs


def write_templates(options: Options, write: Write | None = None) -> str:
    """Write the templates into the options' out folder; return the image tag that they are for."""
    if write is None:
        # Imported late: it takes troposphere along, which `status` and `destroy` do without.
        from generate import write as generated

        write = partial(generated, keep_data=parameters.keeps_data(options.parameters))
    try:
        tag = image_tag(options.root)
        options.out.mkdir(parents=True, exist_ok=True)
        # Each file whole or not at all: another deployment may be reading it.
        with TemporaryDirectory(dir=options.out, prefix=".new-") as fresh:
            write(Path(fresh), tag)
            for path in Path(fresh).iterdir():
                path.replace(options.out / path.name)
    except OSError as error:
        raise UsageError(f"The templates cannot be written: {error}.") from error
    return tag


def _deployed(current: stack.Description | None) -> dict[str, str] | None:
    """The parameters of the running stack; None without one, or where a failed creation left its rest."""
    if current is None or current["StackStatus"] in stack.LEFTOVER:
        return None
    return {item["ParameterKey"]: item["ParameterValue"] for item in current.get("Parameters", [])}


def _bootstrap(aws: Aws, options: Options, console: Console) -> str:
    """Bring the bootstrap stack up to date; return the artifact bucket's name."""
    path = options.out / "bootstrap.json"
    template = package.read(path)
    wanted = stack.Wanted(
        name=options.bootstrap_stack,
        template=template,
        body=path.read_text("utf-8"),  # there is no bucket yet to upload it to
        parameters=parameters.resolve(template, {}, {}),
        capabilities=package.capabilities([template]),
        tags=tagged.tags(options.stack),
    )
    return _apply(aws, wanted, options, console)["ArtifactBucketName"]


def _wanted(options: Options, own: dict[str, str], upload: package.Upload) -> stack.Wanted:
    path = options.out / "root.json"
    template, url = package.publish(path, upload)
    return stack.Wanted(
        name=options.stack,
        template=template,
        url=url,
        parameters=parameters.resolve(template, options.parameters, own),
        capabilities=package.capabilities(package.read_all(path)),
        tags=tagged.tags(options.stack),
    )


def _apply(aws: Aws, wanted: stack.Wanted, options: Options, console: Console) -> dict[str, str]:
    """Bring one stack up to date, what a failed first creation left of it removed; return its outputs."""
    current = stack.find_deployable(aws.cloudformation, wanted.name, options.stack)
    if current and current["StackStatus"] in stack.LEFTOVER:
        protection.require_none(aws, current)
        say(console, f"Removing what an earlier attempt left of {wanted.name} ({current['StackStatus']}).")
        teardown.remove(aws, current, console)
        current = None
    watches = (BuildWatch(aws.codepipeline, console), ServiceWatch(lambda: aws.ecs, console))

    def look(events: Sequence[Event]) -> None:
        for watch in watches:
            watch(events)

    try:
        return stack.apply(aws.cloudformation, current, wanted, console, look)
    except stack.Failed as failed:
        if failed.status in stack.LEFTOVER:
            teardown.clear(aws, wanted.name, console)
        raise


def _start(_: Namespace, options: Options, console: Console) -> None:
    status.show_outputs(run(options, console), console)


COMMAND = Command(name="deploy", summary="Create or update the stacks", start=_start, takes_parameters=True)
