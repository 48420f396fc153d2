"""What a command line means to deploy: templates, parameters, and the account with what runs there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import Any

from deployer.account import region, tagged
from deployer.cloudformation import imports, other_network, package, parameters, stack
from deployer.cloudformation.package import Template
from deployer.commands import recorded
from deployer.commands.recorded import artifact_bucket
from deployer.errors import UsageError
from deployer.options import Options
from deployer.session import Aws, connect
from source import image_tag

# Stand for what is not known yet while parameters are checked: whether they are right must be known before
# AWS is asked for anything, and before the bucket is made.
UNKNOWN_BUCKET = "made-by-the-bootstrap-stack"
UNKNOWN_PREFIX_LIST = "pl-00000000"

# Writes the templates into a folder, for an image tag.
Write = Callable[[Path, str], Any]
# Is given the account before anything is looked at there.
Announce = Callable[[Aws], None]


@dataclass(frozen=True)
class Intended:
    """Templates in a folder of their own, and parameters that they take.

    `own` are the parameters that the deployer knows by itself, `values` all of them; of both, what only AWS
    can tell is made up. The folder goes with its last owner.
    """

    folder: TemporaryDirectory[str]
    root: Template
    own: dict[str, str]
    values: dict[str, str]


def intend(options: Options, write: Write | None = None) -> Intended:
    """Write the templates and check the parameters against them; raises UsageError with every mistake."""
    # Not the out folder: another deployment, of another KeepData, may write its templates there meanwhile.
    folder = _folder()
    tag = _written(options, Path(folder.name), write)
    root = package.read(Path(folder.name) / "root.json")
    own = {"ImageTag": tag, "SourceKey": f"source-{tag}.zip", "ArtifactBucketName": UNKNOWN_BUCKET}
    unknown = {"OriginFacingPrefixListId": UNKNOWN_PREFIX_LIST}
    return Intended(folder, root, own, parameters.resolve(root, options.parameters, own | unknown))


@dataclass(frozen=True)
class Prepared:
    """What is meant to be deployed, and what is there; nothing was changed yet.

    Attributes:
        options: the command line's, with the folder that holds the templates as `out`.
        aws: the account and Region.
        root: the root template, as it is written in the out folder.
        own: the parameters that the deployer knows by itself.
        values: all parameters.
        base: the bootstrap stack, None when there is none.
        current: the root stack, likewise.
        folder: owns the templates' folder, where it is not somebody else's.
    """

    options: Options
    aws: Aws
    root: Template
    own: dict[str, str]
    values: dict[str, str]
    base: stack.Description | None
    current: stack.Description | None
    folder: TemporaryDirectory[str] | None = None

    @property
    def running(self) -> stack.Description | None:
        """The root stack, unless a failed creation left no more than its rest."""
        return None if deployed_parameters(self.current) is None else self.current

    @property
    def deployed(self) -> dict[str, str] | None:
        """The parameters of the running stack; None without one."""
        return deployed_parameters(self.current)

    @property
    def bucket(self) -> str:
        """The artifact bucket; empty when it has to be made first."""
        return artifact_bucket(self.base)

    @property
    def busy(self) -> stack.Description | None:
        """The root stack while an operation goes on in it."""
        return self.current if self.current and stack.is_busy(self.current) else None


def prepare(
    options: Options,
    write: Write | None = None,
    announce: Announce | None = None,
    *,
    when_busy: bool = False,
) -> Prepared:
    """Write the templates, check the parameters and look at what is there.

    Raises UsageError for what has to be set right, Busy while another operation goes on; of the root stack
    only when it is not asked for `when_busy` too.
    """
    intended = intend(options, write)
    aws = connect(options)
    if announce:
        announce(aws)
    base = stack.find_deployable(aws.cloudformation, options.bootstrap_stack, options.stack)
    current = find_root(aws, options, when_busy=when_busy)
    deployed = deployed_parameters(current)
    other_network.refuse_changes(deployed or {}, intended.values)
    own = intended.own | region.explore(aws.ec2, intended.values, deployed)
    here = replace(options, out=Path(intended.folder.name))
    first = Prepared(here, aws, intended.root, own, {}, base, current, intended.folder)
    own |= {"ArtifactBucketName": first.bucket} if first.bucket else {}
    return replace(first, own=own, values=parameters.resolve(intended.root, options.parameters, own))


def find_root(aws: Aws, options: Options, *, when_busy: bool) -> stack.Description | None:
    """The root stack, None when there is none; raises Busy, which says who is at work, unless `when_busy`."""
    try:
        return stack.find_deployable(aws.cloudformation, options.stack, options.stack)
    except stack.Busy as busy:
        if when_busy and stack.is_busy(busy.stack):
            return busy.stack
        raise recorded.who_is_at_work(aws, options, busy) from None


def root_stack(prepared: Prepared, bucket: str, upload: package.Upload) -> stack.Wanted:
    """The root stack as it shall be, its templates uploaded."""
    options = prepared.options
    path = options.out / "root.json"
    template, url = package.publish(path, upload)
    own = prepared.own | {"ArtifactBucketName": bucket}
    return stack.Wanted(
        name=options.stack,
        template=template,
        url=url,
        parameters=parameters.resolve(template, options.parameters, own),
        capabilities=package.capabilities(package.read_all(path)),
        tags=tagged.tags(options.stack),
    )


def bootstrap_stack(prepared: Prepared) -> stack.Wanted:
    """The bootstrap stack as it shall be."""
    options = prepared.options
    path = options.out / "bootstrap.json"
    template = package.read(path)
    return stack.Wanted(
        name=options.bootstrap_stack,
        template=template,
        body=path.read_text("utf-8"),  # there is no bucket yet to upload it to
        parameters=parameters.resolve(template, {}, {}),
        capabilities=package.capabilities([template]),
        tags=tagged.tags(options.stack),
    )


def is_up_to_date(prepared: Prepared) -> bool:
    """Whether both stacks are as they shall be; asks little and uploads nothing."""
    base, running, cloudformation = prepared.base, prepared.running, prepared.aws.cloudformation
    if not (base and running and prepared.bucket):
        return False
    addresses = package.addresses(prepared.aws.s3, prepared.bucket)
    wanted = root_stack(prepared, prepared.bucket, addresses)
    return stack.is_up_to_date(cloudformation, base, bootstrap_stack(prepared)) and stack.is_up_to_date(
        cloudformation, running, wanted
    )


def write_templates(options: Options, write: Write | None = None) -> str:
    """Write the templates into the options' out folder; return the image tag that they are for."""
    with _folder() as folder:
        return _written(options, Path(folder), write)


def _folder() -> TemporaryDirectory[str]:
    try:
        return TemporaryDirectory(prefix="asistente-")
    except OSError as error:
        raise UsageError(f"The templates cannot be written: {error}.") from error


def _written(options: Options, folder: Path, write: Write | None) -> str:
    """Write the templates into the folder, and what people read into the out folder; return the image tag."""
    if write is None:
        # Imported late: it takes troposphere along, which `status` and `destroy` do without.
        from generate import write as generated

        write = partial(generated, keep_data=parameters.keeps_data(options.parameters))
    try:
        tag = image_tag(options.root)
        write(folder, tag)
        options.out.mkdir(parents=True, exist_ok=True)
        # Each file whole or not at all: somebody may be reading it.
        with TemporaryDirectory(dir=options.out, prefix=".new-") as fresh:
            for path in folder.iterdir():
                copyfile(path, Path(fresh) / path.name)
                (Path(fresh) / path.name).replace(options.out / path.name)
    except OSError as error:
        raise UsageError(f"The templates cannot be written: {error}.") from error
    return tag


def deployed_parameters(current: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The parameters of the running stack.

    None without one, where a failed creation left its rest, and where one has only begun to take over.
    """
    if current is None or current["StackStatus"] in stack.LEFTOVER or imports.is_beginning(dict(current)):
        return None
    return {item["ParameterKey"]: item["ParameterValue"] for item in current.get("Parameters", [])}
