"""One CloudFormation stack: what state it is in, and bringing it into a wanted one by a change set."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from deployer.cloudformation import changes, events, foreseen, reviewed
from deployer.cloudformation.events import Event, Watch, root_cause
from deployer.cloudformation.package import Template
from deployer.cloudformation.progress import GoesOn, Look, Outcome, follow, nothing_more
from deployer.console import say
from deployer.errors import EXIT_FAILED, DeployError, advice, is_missing_stack
from deployer.options import BOOTSTRAP_SUFFIX

Description = dict[str, Any]  # a stack as DescribeStacks gives it
# Looks at a change set before it is executed; what it raises ends the operation before anything is changed.
Review = Callable[[changes.ChangeSet], None]

# A first creation that came to nothing leaves a stack that can only be deleted.
LEFTOVER = {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}
DELETING = "DELETE_IN_PROGRESS"
_STUCK = {
    "DELETE_FAILED": "was deleted in part only: finish that with `./deploy.sh destroy --stack {root}` first.",
    "UPDATE_ROLLBACK_FAILED": "is stuck in a failed rollback: `./deploy.sh continue-rollback --stack {root}` "
    "names what hinders it, and goes on with it.",
    "IMPORT_ROLLBACK_FAILED": "is stuck in a failed import: `./deploy.sh destroy --stack {root}` takes it "
    "away and leaves what it was to take over, then try again.",
}
_SUCCESS = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
WELL = {*_SUCCESS, "UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
"""States from which a stack can be updated."""
_DONE = {"UPDATE": "updated", "IMPORT": "brought back"}
_AFTERMATH = {
    "ROLLBACK_COMPLETE": "CloudFormation rolled back.",
    "ROLLBACK_FAILED": "CloudFormation could not take everything back by itself.",
    "UPDATE_ROLLBACK_COMPLETE": "CloudFormation rolled back: the stack is as it was before.",
    "IMPORT_ROLLBACK_COMPLETE": "CloudFormation rolled back: what was to be taken over is as it was before.",
    "UPDATE_ROLLBACK_FAILED": "Rolling back failed too: `./deploy.sh continue-rollback --stack {root}` names "
    "what hinders it, and goes on with it.",
}


class Failed(DeployError):
    """The operation was begun and did not succeed; `status` is the stack's, and `events` what happened."""

    def __init__(
        self, message: str, name: str, status: str, events: Sequence[Event], exit_code: int = EXIT_FAILED
    ) -> None:
        super().__init__(message, exit_code)
        self.name, self.status, self.events = name, status, events


class Busy(DeployError):
    """Another operation works on the stack; `begun` says of it what else is known."""

    def __init__(self, stack: Description, root: str, begun: str = "") -> None:
        self.stack = stack
        super().__init__(
            f"Another operation on the stack {stack['StackName']} is in progress ({stack['StackStatus']}"
            f"{begun}): wait until it is over (`./deploy.sh status --stack {root}` shows it), then try again."
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A stack as it shall be. Without a `url` the template goes along as `body` (to 51,200 bytes)."""

    name: str
    template: Template
    body: str = ""
    url: str = ""
    parameters: Mapping[str, str]
    capabilities: Sequence[str]
    tags: Mapping[str, str]

    def request(self) -> dict[str, Any]:
        """What CreateChangeSet takes of it."""
        return {
            "StackName": self.name,
            **({"TemplateURL": self.url} if self.url else {"TemplateBody": self.body}),
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in self.parameters.items()
            ],
            "Capabilities": list(self.capabilities),
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
        }


def find(cloudformation: Any, name: str) -> Description | None:
    """Return the stack of that name (or id), None when there is none."""
    try:
        return cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if is_missing_stack(error):
            return None
        raise


def outputs(stack: Description) -> dict[str, str]:
    """Return a stack's outputs by name."""
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}


def exists(cloudformation: Any, stack_id: str) -> bool:
    """Whether the stack of that id is there; CloudFormation remembers deleted ones for 90 days."""
    stack = find(cloudformation, stack_id)
    return stack is not None and stack["StackStatus"] != "DELETE_COMPLETE"


def find_idle(cloudformation: Any, name: str, root: str) -> Description | None:
    """Return the stack, None when there is none; raises Busy while another operation works on it."""
    stack = find(cloudformation, name)
    if stack and (
        is_busy(stack)
        or (stack["StackStatus"] == reviewed.STATUS and changes.is_being_made(cloudformation, name))
    ):
        raise Busy(stack, root)
    return stack


def is_busy(stack: Description) -> bool:
    """Whether CloudFormation is at work on it; a change set that is being made is not its work."""
    return events.is_busy(stack["StackStatus"])


def is_first(cloudformation: Any, stack: Description) -> bool:
    """Whether it is the rest of a first creation that came to nothing, perhaps deleted in part."""
    status = stack["StackStatus"]
    if not status.startswith("DELETE_"):
        return status in LEFTOVER
    return not any(raw["ResourceStatus"] in WELL for raw in events.own(cloudformation, stack["StackId"]))


def find_deployable(cloudformation: Any, name: str, root: str) -> Description | None:
    """Return the stack, None when there is none; raises DeployError when it cannot be deployed now."""
    stack = find_idle(cloudformation, name, root)
    if stack and (hindrance := _STUCK.get(stack["StackStatus"])):
        raise DeployError(f"The stack {name} {hindrance.format(name=name, root=root)}")
    return stack


def apply(
    cloudformation: Any,
    current: Description | None,
    wanted: Wanted,
    console: Console,
    look: Look = nothing_more,
    review: Review | None = None,
) -> dict[str, str]:
    """Create the stack, or update the `current` one, showing how it goes; return its outputs.

    `look` is handed to `progress.follow`; what `review` refuses is not executed and goes again. Raises
    DeployError when it fails.
    """
    if current and is_up_to_date(cloudformation, current, wanted):
        say(console, f"{wanted.name}: nothing has changed.")
        return outputs(current)
    say(console, f"{wanted.name}: making the change set.")
    kind = "UPDATE" if current else "CREATE"
    change_set = changes.make(cloudformation, wanted.request(), kind, console)
    if change_set is None:
        say(console, f"{wanted.name}: nothing has changed.")
        return outputs(current or {})
    try:
        if review:
            review(change_set)
        else:
            found = foreseen.of_change_set(cloudformation, change_set["ChangeSetId"])
            say(console, f"{wanted.name}: {changes.summary(found)}.")
        watch = _begin(cloudformation, wanted.name, change_set)
    except GoesOn:
        raise
    except BaseException:
        identity, stack_id = change_set["ChangeSetId"], change_set["StackId"]
        changes.forget(cloudformation, identity, stack_id, kind, console)
        raise
    _require_success(wanted.name, follow(cloudformation, watch, wanted.name, console, look), console)
    return outputs(find(cloudformation, wanted.name) or {})


def finish(cloudformation: Any, name: str, console: Console) -> None:
    """Follow what goes on in a stack to its end, whoever began it; a deletion is left to who deletes."""
    found = find(cloudformation, name)
    if found and is_busy(found) and found["StackStatus"] != DELETING:
        say(console, f"Taking up what goes on with {name} ({found['StackStatus']}).")
        watch = Watch(cloudformation, found["StackId"], events.latest(cloudformation, found["StackId"]))
        follow(cloudformation, watch, name, console)


def delete(cloudformation: Any, stack: Description, console: Console) -> Outcome:
    """Delete a stack, showing how it goes, or take up its deletion; the outcome says whether that worked.

    Raises Busy when somebody has begun to create it since it was looked at.
    """
    stack_id = stack["StackId"]
    if stack["StackStatus"] == reviewed.STATUS:  # there is nothing to watch
        name = stack["StackName"]
        if not reviewed.drop_stack(cloudformation, stack_id) and (now := find(cloudformation, name)):
            raise Busy(now, name.removesuffix(BOOTSTRAP_SUFFIX))
        return Outcome("DELETE_COMPLETE", [])
    goes_on = stack["StackStatus"] == DELETING
    watch = Watch(cloudformation, stack_id, events.latest(cloudformation, stack_id) if goes_on else None)
    if not goes_on:
        cloudformation.delete_stack(StackName=stack_id)
    return follow(cloudformation, watch, stack["StackName"], console)


def failure(outcome: Outcome) -> str:
    """Return what failed first and why, for people."""
    cause = root_cause(outcome.events)
    if cause is None:
        return f"CloudFormation gives no reason ({outcome.status})"
    return f"{cause.path} ({cause.kind}): {cause.reason or cause.status} {advice(cause.reason)}".rstrip()


def take_up(
    cloudformation: Any, busy: Description, since: datetime, console: Console, look: Look
) -> dict[str, str]:
    """Follow the operation that is going on since then to its end; return the stack's outputs.

    Raises DeployError when it fails.
    """
    name = busy["StackName"]
    watch = Watch(cloudformation, busy["StackId"], since)
    _require_success(name, follow(cloudformation, watch, name, console, look), console)
    return outputs(find(cloudformation, name) or {})


def execute(
    cloudformation: Any, name: str, change_set: changes.ChangeSet, console: Console, look: Look = nothing_more
) -> None:
    """Execute a change set, showing how it goes; raises DeployError when it fails."""
    watch = _begin(cloudformation, name, change_set)
    _require_success(name, follow(cloudformation, watch, name, console, look), console)


def _begin(cloudformation: Any, name: str, change_set: changes.ChangeSet) -> Watch:
    watch = Watch(cloudformation, change_set["StackId"])
    changes.execute(cloudformation, change_set["ChangeSetId"], name)
    return watch


def retag(cloudformation: Any, name: str, stack_id: str, tags: Mapping[str, str], console: Console) -> None:
    """Give a stack other tags, and what is in it; raises DeployError when that fails."""
    watch = Watch(cloudformation, stack_id)
    cloudformation.update_stack(
        StackName=stack_id,
        UsePreviousTemplate=True,
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        ClientRequestToken=f"tag-{uuid.uuid4()}",
    )
    _require_success(name, follow(cloudformation, watch, name, console), console)


def _require_success(name: str, outcome: Outcome, console: Console) -> None:
    if outcome.status in _SUCCESS:
        return
    is_first = outcome.status in LEFTOVER
    for event in outcome.events:
        if event.status == "DELETE_SKIPPED" and not is_first:
            say(console, f"Kept by its deletion policy: {event.path}, {event.kind} {event.resource_id}")
    done = _DONE.get(outcome.status.partition("_")[0], "created")
    aftermath = _AFTERMATH.get(outcome.status, f"The stack is in {outcome.status}.")
    aftermath = aftermath.format(root=name.removesuffix(BOOTSTRAP_SUFFIX))
    message = f"{name} could not be {done}: {failure(outcome)}\n{aftermath}"
    raise Failed(message, name, outcome.status, outcome.events)


def is_up_to_date(cloudformation: Any, current: Description, wanted: Wanted) -> bool:
    """Whether an update would be given exactly what the stack was made of.

    A change set cannot tell: a nested stack that takes another's outputs always counts as changed there. The
    addresses of the children carry their content's hash, so the root template alone speaks for all of them.
    """
    parameters = {item["ParameterKey"]: item["ParameterValue"] for item in current.get("Parameters", [])}
    tags = {item["Key"]: item["Value"] for item in current.get("Tags", [])}
    if parameters != wanted.parameters or tags != wanted.tags:
        return False
    deployed = cloudformation.get_template(StackName=current["StackId"], TemplateStage="Original")
    return deployed["TemplateBody"] == wanted.template
