"""Puts the product into an account: artifact bucket, templates and source, then the stacks themselves."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console

from deployer.account import default_group, protection, region, service_linked_roles, tagged
from deployer.account.build_watch import BuildWatch
from deployer.account.service_watch import ServiceWatch
from deployer.cloudformation import other_network, package, parameters, stack
from deployer.cloudformation.events import Event
from deployer.commands import teardown
from deployer.commands.intended import Write, deployed_parameters, intend
from deployer.console import say
from deployer.errors import EXIT_FAILED, EXIT_USAGE, explained
from deployer.options import Options
from deployer.session import Aws, connect
from source import source_zip


def run(options: Options, console: Console, write: Write | None = None) -> dict[str, str]:
    """Create or update the stacks as `options` say; return the root stack's outputs by name.

    `write` makes the templates, by default `generate.write`. Raises DeployError with the exit code: 2 when
    something has to be set right before anything is created, 1 when the operation failed.
    """
    with explained(EXIT_USAGE):
        intended = intend(options, write)
        aws = connect(options)
        say(console, f"Deploying {options.stack} to account {aws.account}, region {aws.region}.")
        stack.find_deployable(aws.cloudformation, options.bootstrap_stack, options.stack)
        deployed = deployed_parameters(
            stack.find_deployable(aws.cloudformation, options.stack, options.stack)
        )
        other_network.refuse_changes(deployed or {}, intended.values)
        own = intended.own | region.explore(aws.ec2, intended.values, deployed)
        parameters.resolve(intended.root, options.parameters, own)
    with explained(EXIT_FAILED):
        bucket = _bootstrap(aws, options, console)
        upload = package.uploader(aws.s3, bucket)
        upload(own["SourceKey"], source_zip(options.root))
        service_linked_roles.ensure(aws.iam, console)
        root_stack = _wanted(options, own | {"ArtifactBucketName": bucket}, upload)
        outputs = _apply(aws, root_stack, options, console)
        default_group.close(aws.cloudformation, aws.ec2, options.stack, console)
        return outputs


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
