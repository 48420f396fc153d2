"""Stacks in REVIEW_IN_PROGRESS: change sets made them, and there is nothing in them yet.

CloudFormation has no template of such a stack and lists no resources of it. A change set that includes nested
stacks makes one of each child that is to be created, and who executes it creates the child in its place.
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso
from ministack.services.cloudformation import _stack_events, _stacks, handlers, stacks

STATUS = "REVIEW_IN_PROGRESS"
STACK_TYPE = "AWS::CloudFormation::Stack"

Stack = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]
Operation = Callable[[Parameters], Response]


def install() -> None:
    table: dict[str, Any] = handlers._ACTION_HANDLERS
    table["GetTemplate"] = _without_template(table["GetTemplate"])
    table["ListStackResources"] = _without_resources(table["ListStackResources"])


def add(parent: Stack, logical_id: str) -> Stack:
    """The stack under review that shall become a parent's child; made when there is none."""
    if found := find(parent, logical_id):
        return found
    stack = record(parent, logical_id)
    name, identity = stack["StackName"], stack["StackId"]
    _stacks[name] = stack
    _stack_events[identity] = []
    stacks._add_event(identity, name, name, STACK_TYPE, STATUS, physical_id=identity)
    return stack


def find(parent: Stack, logical_id: str) -> Stack | None:
    """The stack under review that shall become a parent's child."""
    for stack in _stacks.values():
        if (stack.get("ParentId"), stack.get("_logical_id")) == (parent["StackId"], logical_id):
            return stack
    return None


def record(parent: Stack, logical_id: str) -> Stack:
    """What a child is before there is anything in it."""
    name = f"{parent['StackName']}-{logical_id}-{new_uuid().replace('-', '')[:12].upper()}"
    return {
        "StackName": name,
        "StackId": f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:stack/{name}/{new_uuid()}",
        "ParentId": parent["StackId"],
        "RootId": parent.get("RootId", parent["StackId"]),
        "StackStatus": STATUS,
        "StackStatusReason": "",
        "CreationTime": now_iso(),
        "LastUpdatedTime": now_iso(),
        "Description": "",
        "Parameters": [],
        "Tags": [],
        "Outputs": [],
        "DisableRollback": parent.get("DisableRollback", False),
        "_region": get_region(),
        "_resources": {},
        "_template": {},
        "_template_body": "",
        "_resolved_params": {},
        "_conditions": {},
        "_logical_id": logical_id,
    }


def drop(stack_id: str) -> None:
    """Forget a stack if it is still under review."""
    stack = handlers._resolve_stack(stack_id)
    if stack and stack["StackStatus"] == STATUS:
        del _stacks[stack["StackName"]]
        del _stack_events[stack_id]


def _without_template(original: Operation) -> Operation:
    def get_template(parameters: Parameters) -> Response:
        if _is_reviewed(parameters) and not handlers._p(parameters, "ChangeSetName"):
            result = "<GetTemplateResult><TemplateBody/><StagesAvailable/></GetTemplateResult>"
            return handlers._xml(200, "GetTemplateResponse", result)
        return original(parameters)

    return get_template


def _without_resources(original: Operation) -> Operation:
    def list_stack_resources(parameters: Parameters) -> Response:
        if _is_reviewed(parameters):
            name = handlers._p(parameters, "StackName")
            return handlers._error("ValidationError", f"Stack with id {name} does not exist")
        return original(parameters)

    return list_stack_resources


def _is_reviewed(parameters: Parameters) -> bool:
    stack = handlers._resolve_stack(handlers._p(parameters, "StackName"))
    return stack is not None and stack["StackStatus"] == STATUS
