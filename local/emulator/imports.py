"""Resource import, as far as MiniStack has it not: stacks that become nested ones, and what is as it is.

MiniStack imports tables, pools, keys and buckets. A stack is imported into a root as AWS's user guide has it
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/resource-import-nested-stacks.html), and by
what others have met in AWS that the guide leaves out (https://github.com/go-to-k/cdkd/pull/588).
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cloudcontrol
from ministack.services.cloudformation import _stacks, changesets, handlers, provisioners
from ministack.services.cloudformation.helpers import _resolve_template

from local.emulator import existing
from local.emulator.change_sets import found
from local.emulator.nested_stacks import STACK_TYPE, output_attributes
from local.emulator.registry import HANDLERS, Attributes, Properties

Parameters = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Stack = dict[str, Any]

TABLE = "AWS::DynamoDB::Table"
IMPORTABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
# The stack that a change set would nest another in, by the other's id.
_parents: dict[str, str] = {}


def install() -> None:
    changesets._IMPORT_LOOKUPS[STACK_TYPE] = (("StackId",), _stack_problem)
    provisioners._RESOURCE_HANDLERS[STACK_TYPE]["import"] = _nest
    table: dict[str, Any] = handlers._ACTION_HANDLERS
    table["CreateChangeSet"] = _creating(table["CreateChangeSet"])
    cloudcontrol._get_resource = _getting(cloudcontrol._get_resource)
    HANDLERS[TABLE]["update"] = _keeping_names(HANDLERS[TABLE]["update"])


def _creating(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    def create(parameters: Parameters) -> Response:
        if handlers._p(parameters, "ChangeSetType") != "IMPORT":
            return original(parameters)
        if handlers._p(parameters, "IncludeNestedStacks").lower() == "true":
            message = "IncludeNestedStacks is not supported for changeSet type: IMPORT."
            return handlers._error("ValidationError", message)
        response = original(parameters)
        if response[0] == 200:
            _check_nested(parameters)
        return response

    return create


def _check_nested(parameters: Parameters) -> None:
    """Fail the change set when a stack to be nested is not what its new parent says of it."""
    change_set = found(parameters)
    if change_set is None or change_set["Status"] == "FAILED":
        return
    parent = _stacks[change_set["StackName"]]
    for each in change_set["_resources_to_import"]:
        if each["ResourceType"] != STACK_TYPE:
            continue
        if problem := _nesting_problem(parent, each, change_set["_template"]):
            change_set |= {"Status": "FAILED", "ExecutionStatus": "UNAVAILABLE", "StatusReason": problem}
            change_set["Changes"] = []
            return
        _parents[each["ResourceIdentifier"]["StackId"]] = parent["StackId"]


def _nesting_problem(parent: Stack, entry: dict[str, Any], template: dict[str, Any]) -> str:
    title, stack_id = entry["LogicalResourceId"], entry["ResourceIdentifier"]["StackId"]
    child = handlers._resolve_stack(stack_id)
    properties = template["Resources"][title]["Properties"]
    body, _ = _resolve_template({"TemplateURL": [properties["TemplateURL"]]})
    if parent["StackStatus"] == "REVIEW_IN_PROGRESS":
        return f"Stack {stack_id} cannot be imported into a stack that does not exist yet."
    if "ParentId" in parent:
        return "Stacks cannot be imported into a nested stack."
    if child is None:
        return ""
    if json.loads(body or "{}") != child["_template"]:
        return f"The template of resource [{title}] doesn't match the actual template of the stack."
    wanted = {each["Key"]: each["Value"] for each in properties.get("Tags", [])}
    if wanted != {each["Key"]: each["Value"] for each in child["Tags"]}:
        return f"Tags of resource [{title}] defined in the template don't match the actual tags."
    return ""


def _stack_problem(stack_id: str) -> str | None:
    """Why a stack cannot be imported, or None."""
    child = handlers._resolve_stack(stack_id)
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return f"Stack with id {stack_id} does not exist"
    if child["StackStatus"] not in IMPORTABLE:
        status = child["StackStatus"]
        return f"Stack {stack_id} is not in an importable status, current stack status is {status}."
    if any(each["ResourceType"] == STACK_TYPE for each in child["_resources"].values()):
        return "Stacks to be imported cannot have any child stacks."
    return None


def _nest(identifier: dict[str, str]) -> tuple[str, dict[str, Any]]:
    stack_id = identifier["StackId"]
    [child] = [each for each in _stacks.values() if each["StackId"] == stack_id]
    child |= {"ParentId": _parents[stack_id], "RootId": _parents[stack_id]}
    return stack_id, output_attributes(child)


def _keeping_names(update: Callable[..., tuple[str, Attributes]]) -> Callable[..., tuple[str, Attributes]]:
    """Have an update leave a table's name alone that is none of the template's.

    MiniStack makes such a name of the stack's and the logical ID, and replaces a table by one of that name
    when it has another, as one has that was imported.
    """

    def keeping(
        table: str, old: Properties, new: Properties, stack_name: str, logical_id: str
    ) -> tuple[str, Attributes]:
        is_made = table == provisioners._physical_name(stack_name, logical_id, max_len=255)
        own = {} if is_made or "TableName" in old | new else {"TableName": table}
        return update(table, old | own, new | own, stack_name, logical_id)

    return keeping


def _getting(original: Callable[[dict[str, Any]], Response]) -> Callable[[dict[str, Any]], Response]:
    """Have Cloud Control tell of what was not made by it."""

    def get(request: dict[str, Any]) -> Response:
        kind, identifier = request["TypeName"], request["Identifier"]
        read = existing.READ.get(kind)
        if read is None:
            return original(request)
        properties = read(identifier)
        if properties is None:
            message = f"Resource of type '{kind}' with identifier '{identifier}' was not found."
            return error_response_json("ResourceNotFoundException", message, 400)
        description = {"Identifier": identifier, "Properties": json.dumps(properties)}
        return json_response({"TypeName": kind, "ResourceDescription": description})

    return get
