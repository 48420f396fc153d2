"""What a command line means to deploy: the templates as they are now, its parameters, and where they go."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from deployer.cloudformation import package, parameters, stack
from deployer.cloudformation.package import Template
from deployer.errors import UsageError
from deployer.options import Options
from source import image_tag

# Stand for what is not known yet while parameters are checked: whether they are right must be known before
# AWS is asked for anything, and before the bucket is made.
UNKNOWN_BUCKET = "made-by-the-bootstrap-stack"
UNKNOWN_PREFIX_LIST = "pl-00000000"

# Writes the templates into a folder, for an image tag.
Write = Callable[[Path, str], Any]


@dataclass(frozen=True)
class Intended:
    """Templates in the out folder, and parameters that they take.

    `own` are the parameters that the deployer knows by itself, `values` all of them; of both, what only AWS
    can tell is made up.
    """

    root: Template
    own: dict[str, str]
    values: dict[str, str]


def intend(options: Options, write: Write | None = None) -> Intended:
    """Write the templates and check the parameters against them; raises UsageError with every mistake."""
    tag = write_templates(options, write)
    root = package.read(options.out / "root.json")
    own = {"ImageTag": tag, "SourceKey": f"source-{tag}.zip", "ArtifactBucketName": UNKNOWN_BUCKET}
    unknown = {"OriginFacingPrefixListId": UNKNOWN_PREFIX_LIST}
    return Intended(root, own, parameters.resolve(root, options.parameters, own | unknown))


def write_templates(options: Options, write: Write | None = None) -> str:
    """Write the templates into the options' out folder; return the image tag that they are for."""
    if write is None:
        # Imported late: it takes troposphere along, which `status` and `destroy` do without.
        from generate import write
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


def deployed_parameters(current: Mapping[str, Any] | None) -> dict[str, str] | None:
    """The parameters of the running stack; None without one, or where a failed creation left its rest."""
    if current is None or current["StackStatus"] in stack.LEFTOVER:
        return None
    return {item["ParameterKey"]: item["ParameterValue"] for item in current.get("Parameters", [])}
