"""The generated templates on their way to AWS: read from out/, uploaded by content, joined by addresses.

A child's TemplateURL is a file's name in out/. CloudFormation wants an S3 address, so children are uploaded
under their own hash first and the parent is rewritten: an unchanged template keeps its address, and nothing
that a deployed stack still points to is ever overwritten with something else.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from deployer.errors import UsageError

STACK_TYPE = "AWS::CloudFormation::Stack"

Template = dict[str, Any]
# Takes a key and a body, returns the address that CloudFormation reads it from.
Upload = Callable[[str, bytes], str]
# Takes a key, returns what is stored there.
Download = Callable[[str], bytes]

FOLDER = "templates/"
"""Where in the bucket the templates are, each under its hash."""

# Properties that give an IAM resource a name of its own, which CloudFormation wants acknowledged separately.
_IAM_NAMES = {"RoleName", "UserName", "GroupName", "ManagedPolicyName", "InstanceProfileName"}


def read(path: Path) -> Template:
    """Return the template in a file; raises UsageError when it is unusable."""
    try:
        template = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"The template {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise UsageError(f"The template {path} is not valid JSON: {error}.") from error
    if not isinstance(template, dict) or not template.get("Resources"):
        raise UsageError(f"The template {path} has no Resources.")
    return template


def read_all(path: Path) -> list[Template]:
    """Return the template in a file and those of its nested stacks; raises UsageError for an unusable one."""
    template = read(path)
    nested = [child for _, name in children(template) for child in read_all(path.parent / name)]
    return [template, *nested]


def publish(path: Path, upload: Upload) -> tuple[Template, str]:
    """Upload the template in a file, its nested stacks first; return it as uploaded, and its address."""
    template = read(path)
    for title, name in children(template):
        _, url = publish(path.parent / name, upload)
        template["Resources"][title]["Properties"]["TemplateURL"] = url
    body = json.dumps(template, indent=1).encode()
    return template, upload(f"{FOLDER}{hashlib.sha256(body).hexdigest()}.json", body)


def restore(key: str, download: Download, path: Path) -> Template:
    """Write the uploaded template of that key into a file, and its nested stacks beside it.

    What `publish` makes of that file are the same objects again. Return the template as it is uploaded.
    """
    template = json.loads(download(key))
    local = copy.deepcopy(template)
    for title, url in children(template):
        child = url.rpartition("/")[2]
        restore(f"{FOLDER}{child}", download, path.parent / child)
        local["Resources"][title]["Properties"]["TemplateURL"] = child
    path.write_text(json.dumps(local), "utf-8")
    return template


def content(template: Template) -> str:
    """The hash of a template, whatever the order of what is in it."""
    return hashlib.sha256(json.dumps(template, sort_keys=True).encode()).hexdigest()


def addresses(s3: Any, bucket: str) -> Upload:
    """Return what an Upload into a bucket would return, without uploading."""
    # The client's own endpoint is right in every partition, and the emulator's where that is in use.
    base = f"{s3.meta.endpoint_url}/{bucket}"
    return lambda key, _: f"{base}/{key}"


def uploader(s3: Any, bucket: str) -> Upload:
    """Return an Upload into a bucket.

    What is there already is written again: a key names its content, and with each writing the time begins
    anew after which the bucket lets an object expire.
    """
    address = addresses(s3, bucket)

    def upload(key: str, body: bytes) -> str:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
        return address(key, body)

    return upload


def noting(upload: Upload, keys: list[str]) -> Upload:
    """Return an Upload that notes each key."""

    def note(key: str, body: bytes) -> str:
        keys.append(key)
        return upload(key, body)

    return note


def capabilities(templates: list[Template]) -> list[str]:
    """Return what CloudFormation wants acknowledged about these templates, and no more."""
    resources = [resource for template in templates for resource in template["Resources"].values()]
    iam = [resource for resource in resources if resource["Type"].startswith("AWS::IAM::")]
    named = any(_IAM_NAMES & resource.get("Properties", {}).keys() for resource in iam)
    return ["CAPABILITY_NAMED_IAM" if named else "CAPABILITY_IAM"] if iam else []


def children(template: Template) -> Iterator[tuple[str, str]]:
    """The nested stacks of a template: logical ID and file name."""
    for title, resource in template["Resources"].items():
        if resource.get("Type") == STACK_TYPE:
            yield title, resource["Properties"]["TemplateURL"]
