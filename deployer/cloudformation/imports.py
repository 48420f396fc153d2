"""Bringing existing resources into a deployment by CloudFormation's resource import.

An import makes, changes and removes nothing, and reaches no nested stack: a change set of its type takes no
IncludeNestedStacks, and a stack can be imported only as one that exists, into a root that does. So there are
three steps:

1. What belongs into a nested stack is imported into a stack of its own, with nothing else in it.
2. That stack is given the deployment's tags: an import takes none, a nested stack's must be those that its
   parent says, and one that has only been imported (IMPORT_COMPLETE) cannot be imported in turn.
3. It is imported into the root as the nested stack. An update of the root then makes everything else.

Whatever ends in between leaves the resources as they are: in each stack they have the policy Retain.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-manually.html
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-nested-stacks.html
What those pages leave out was seen in AWS by others: https://github.com/go-to-k/cdkd/pull/588
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from deployer.cloudformation import changes, stack
from deployer.cloudformation.intrinsics import Json
from deployer.cloudformation.inventory import inventory, resources
from deployer.cloudformation.package import STACK_TYPE
from deployer.console import say
from deployer.errors import DeployError

DESCRIPTION = "What an earlier deployment has kept, on its way into a new one."
SUFFIX = "-kept"
BEGINNING = "TakeOver"
"""The logical ID of what is in a root before anything else: no stack can be empty, and this costs nothing."""


def template(found: Mapping[str, Json]) -> Json:
    """A template of nothing but these resources."""
    return {"AWSTemplateFormatVersion": "2010-09-09", "Description": DESCRIPTION, "Resources": dict(found)}


def root() -> Json:
    """The root before anything is imported into it."""
    return template({BEGINNING: {"Type": "AWS::CloudFormation::WaitConditionHandle"}})


def is_beginning(found: stack.Description | None) -> bool:
    """Whether a root has nothing but what it has taken over so far."""
    return bool(found and found.get("Description") == DESCRIPTION)


def name_of(root_name: str, title: str) -> str:
    """The name of the stack that becomes the root's nested stack `title`."""
    return f"{root_name}-{title}{SUFFIX}"


def standing(cloudformation: Any, root_name: str) -> list[stack.Description]:
    """The stacks of an import that is not finished: those that are in no root."""
    ours = re.compile(rf"{re.escape(root_name)}-[A-Za-z0-9]+{SUFFIX}")
    pages = cloudformation.get_paginator("list_stacks").paginate()
    names = {
        each["StackName"]
        for page in pages
        for each in page["StackSummaries"]
        if each["StackStatus"] != "DELETE_COMPLETE" and ours.fullmatch(each["StackName"])
    }
    nested = _nested(cloudformation, root_name)
    found = [stack.find(cloudformation, name) for name in sorted(names)]
    return [each for each in found if each and each["StackId"] not in nested and _is_ours(each)]


def release(cloudformation: Any, found: stack.Description, console: Console) -> None:
    """Delete a stack of an unfinished import and leave what is in it as it is.

    Raises DeployError when something is in it that would not stay, or when it cannot be deleted.
    """
    name = found["StackName"]
    if stack.is_busy(found):
        raise DeployError(
            f"CloudFormation is at work on {name} ({found['StackStatus']}): try again in a minute."
        )
    if goes := [each.path for each in inventory(cloudformation, found["StackId"]) if not each.retained]:
        raise DeployError(f"{name} would take {', '.join(goes)} with it: look at it in the console.")
    say(console, f"{name}: removing what an earlier attempt began; what it was to take over stays.")
    outcome = stack.delete(cloudformation, found, console)
    if outcome.status != "DELETE_COMPLETE":
        raise DeployError(f"{name} could not be deleted: {stack.failure(outcome)}")


def standalone(
    cloudformation: Any,
    name: str,
    url: str,
    to_import: Sequence[Json],
    tags: Mapping[str, str],
    console: Console,
) -> str:
    """Import these into a stack of their own with these tags; return its id. Raises DeployError."""
    try:
        change_set = _import(cloudformation, {"StackName": name, "TemplateURL": url}, to_import, console)
    except DeployError:
        if found := stack.find(cloudformation, name):
            release(cloudformation, found, console)
        raise
    stack.retag(cloudformation, name, change_set["StackId"], tags, console)
    return change_set["StackId"]


def nest(
    cloudformation: Any,
    root_name: str,
    found: Mapping[str, tuple[str, str]],
    tags: Mapping[str, str],
    console: Console,
) -> None:
    """Import stacks into the root, each by its logical ID with its id and its template's address."""
    current = cloudformation.get_template(StackName=root_name, TemplateStage="Original")["TemplateBody"]
    rows = {title: _row(url, tags) for title, (_, url) in found.items()}
    body = dict(current) | {"Resources": dict(current["Resources"]) | rows}
    to_import = [
        {"ResourceType": STACK_TYPE, "LogicalResourceId": title, "ResourceIdentifier": {"StackId": stack_id}}
        for title, (stack_id, _) in found.items()
    ]
    _import(cloudformation, {"StackName": root_name, "TemplateBody": json.dumps(body)}, to_import, console)


def nested_titles(cloudformation: Any, root_name: str) -> set[str]:
    """The logical IDs of a root's nested stacks."""
    return set(_nested(cloudformation, root_name).values())


def _row(url: str, tags: Mapping[str, str]) -> Json:
    return {
        "Type": STACK_TYPE,
        # An import wants some policy. By this one a stack goes with its root; the data in it stays.
        "DeletionPolicy": "Delete",
        "UpdateReplacePolicy": "Delete",
        "Properties": {
            "TemplateURL": url,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        },
    }


def _import(
    cloudformation: Any, request: Json, to_import: Sequence[Json], console: Console
) -> changes.ChangeSet:
    name = request["StackName"]
    say(console, f"{name}: bringing back {', '.join(each['LogicalResourceId'] for each in to_import)}.")
    try:
        change_set = changes.make(
            cloudformation, request | {"ResourcesToImport": list(to_import)}, "IMPORT", console
        )
    except changes.Refused as refused:
        raise DeployError(f"{name}: CloudFormation does not bring it back: {refused.reasons}") from refused
    if change_set is None:
        raise DeployError(f"{name}: CloudFormation sees nothing to bring back.")
    stack.execute(cloudformation, name, change_set, console)
    return change_set


def _nested(cloudformation: Any, root_name: str) -> dict[str, str]:
    """The stacks in a root by their ids, with their logical IDs."""
    found = stack.find(cloudformation, root_name)
    return {
        each["PhysicalResourceId"]: each["LogicalResourceId"]
        for each in (resources(cloudformation, found["StackId"]) if found else [])
        if each["ResourceType"] == STACK_TYPE and each.get("PhysicalResourceId")
    }


def _is_ours(found: stack.Description) -> bool:
    """A stack that was never imported into has no description yet, and nothing in it."""
    return found.get("Description") == DESCRIPTION or found["StackStatus"] in stack.LEFTOVER
