"""Whether names are free and nothing is at work: stacks, what an earlier deployment left, a prefix."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from deployer.account import earlier, kept
from deployer.account.checks.findings import Finding, ok, warning, wrong
from deployer.cloudformation import imports, stack
from deployer.cloudformation.inventory import resources
from deployer.cloudformation.package import STACK_TYPE
from deployer.errors import DeployError
from deployer.session import Aws

NAMES, OPERATION = "names", "operation"
OURS = {"ImageTag", "SourceKey"}
"""Parameters that every root stack of ours has, and hardly another."""
NESTED_REMEDY = "Bring it to rest in CloudFormation's console, where *View nested* shows it, and look again."
BUCKET_OUTPUT = "ArtifactBucketName"


def operation(cloudformation: Any, names: Sequence[str], root: str) -> Iterator[Finding]:
    """Yield whether a stack is being worked on, or is stuck where no deployment goes on from."""
    for name in names:
        try:
            found = stack.find_deployable(cloudformation, name, root)
        except DeployError as error:
            yield wrong(OPERATION, name, str(error))
            continue
        status = found["StackStatus"] if found else "not there yet"
        if status in stack.LEFTOVER:
            message = f"A first creation left it in {status}: the next deployment removes that first."
            yield warning(OPERATION, name, message)
        else:
            yield ok(OPERATION, name, f"Nothing is at work on it ({status}).")


def nested(cloudformation: Any, root: str) -> Iterator[Finding]:
    """Yield which nested stacks are not well though the root is: an update would fail at them."""
    found = stack.find(cloudformation, root)
    if not found or found["StackStatus"] not in stack.WELL:
        return
    for each in resources(cloudformation, found["StackId"]):
        if each["ResourceType"] != STACK_TYPE or not each.get("PhysicalResourceId"):
            continue
        child = stack.find(cloudformation, each["PhysicalResourceId"])
        status = child["StackStatus"] if child else "gone"
        if status not in stack.WELL:
            message = f"It is {status} though {root} is well: somebody has worked on it alone."
            yield wrong(OPERATION, f"{root}/{each['LogicalResourceId']}", message, NESTED_REMEDY)


def names(cloudformation: Any, root: str, bootstrap: str) -> Iterator[Finding]:
    """Yield whether a stack of one of these names is somebody else's."""
    found = stack.find(cloudformation, root)
    parameters = {each["ParameterKey"] for each in found.get("Parameters", [])} if found else OURS
    begun = found and (found["StackStatus"] == "REVIEW_IN_PROGRESS" or imports.is_beginning(found))
    if not begun and not parameters >= OURS:
        yield _taken(root)
    base = stack.find(cloudformation, bootstrap)
    if base and _stands(base) and BUCKET_OUTPUT not in stack.outputs(base):
        yield _taken(bootstrap)


def _stands(found: stack.Description) -> bool:
    """Whether it was made once and nobody works on it."""
    status = found["StackStatus"]
    return status.endswith("_COMPLETE") and status not in stack.LEFTOVER


def _taken(name: str) -> Finding:
    message = f"There is a stack {name} that is none of ours, and a deployment would change it into one."
    return wrong(NAMES, name, message, "Choose another name: --stack NAME, or `stack` in parameters.toml.")


def left_behind(aws: Aws, name: str, bootstrap: str) -> Iterator[Finding]:
    """Yield what earlier deployments of that name left; asked before a first one only."""
    found = (stack.find(aws.cloudformation, each) for each in (name, bootstrap))
    unasked: list[str] = []
    left = earlier.left(aws, name, [each for each in found if each], unasked.append)
    yield from (warning(NAMES, name, sentence) for sentence in unasked)
    if not left.failed and not left.kept and not unasked:
        yield ok(NAMES, name, "Nothing is left of an earlier deployment of this name.")
    for each in left.failed:
        yield warning(NAMES, name, f"A creation that failed left {each}.", earlier.GOES)
    for arn in left.kept:
        yield warning(NAMES, name, f"An earlier deployment left {arn}.", kept.remedy(arn))


def prefix(cognito: Any, wanted: Mapping[str, str], deployed: Mapping[str, str] | None) -> Iterator[Finding]:
    """Yield whether the prefix of the sign-in address is in use; other accounts' use cannot be asked."""
    key = "SingleSignOnDomainPrefix"
    chosen = wanted.get(key, "")
    if not chosen or wanted.get("SingleSignOn") == "off" or (deployed or {}).get(key) == chosen:
        return
    if cognito.describe_user_pool_domain(Domain=chosen)["DomainDescription"].get("UserPoolId"):
        yield wrong(
            NAMES, chosen, "Another user pool of this account has this prefix.", f"Choose another {key}."
        )
