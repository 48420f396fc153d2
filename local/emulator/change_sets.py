"""Change sets: nested ones (IncludeNestedStacks), conditions, and changes of nothing but outputs.

A nested change set says what will happen inside a child, and a child that cannot be deployed fails the
parent's change set before anything is touched.
"""

from collections.abc import Callable
from typing import Any
from xml.etree.ElementTree import SubElement, fromstring, tostring

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region, new_uuid, now_iso
from ministack.services.cloudformation import _change_sets, _stacks, changesets, engine, handlers, stacks

from local.emulator import reviewed_stacks
from local.emulator.nested_stacks import STACK_TYPE, definition

ChangeSet = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
Parameters = dict[str, Any]
# AWS's placeholder for a value that only the deployment of a sibling will tell.
UNKNOWN_VALUE = "{{changeSet:KNOWN_AFTER_APPLY}}"


def install() -> None:
    changesets._resolve_props_for_diff = _without_conditioned_off(changesets._resolve_props_for_diff)
    table: dict[str, Any] = handlers._ACTION_HANDLERS
    table["CreateChangeSet"] = _creating(table["CreateChangeSet"])
    table["DescribeChangeSet"] = _describing(table["DescribeChangeSet"])
    table["ExecuteChangeSet"] = _executing(table["ExecuteChangeSet"])
    table["DeleteChangeSet"] = _deleting(table["DeleteChangeSet"])
    table["ListChangeSets"] = _by_stack_id(table["ListChangeSets"])
    table["DescribeStacks"] = _with_descriptions(table["DescribeStacks"])


def _without_conditioned_off(original: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Compare templates without the resources whose condition is false: those do not exist."""

    def resolve(template: dict[str, Any], parameters: Parameters, *names: str) -> dict[str, Any]:
        resolved = original(template, parameters, *names)
        if resolved:
            conditions = engine._evaluate_conditions(template, parameters)
            resolved["Resources"] = {
                name: resource
                for name, resource in resolved["Resources"].items()
                if conditions.get(resource.get("Condition"), True)
            }
        return resolved

    return resolve


def _creating(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    def create(parameters: Parameters) -> Response:
        stack = handlers._resolve_stack(_text(parameters, "StackName"))
        if (
            stack
            and _text(parameters, "ChangeSetType") != "CREATE"
            and not _is_updatable(stack["StackStatus"])
        ):
            status = stack["StackStatus"]
            message = f"Stack:{stack['StackId']} is in {status} state and can not be updated."
            return handlers._error("ValidationError", message)
        response = original(parameters)
        change_set = found(parameters)
        if response[0] != 200 or change_set is None:
            return response
        _allow_changed_outputs(change_set)
        if _text(parameters, "IncludeNestedStacks").lower() == "true":
            change_set["IncludeNestedStacks"] = "true"
            _add_nested(change_set)
        return response

    return create


def _is_updatable(status: str) -> bool:
    """Whether AWS takes an update; for a deleted stack, MiniStack says itself that it does not exist."""
    failed = status.endswith("_FAILED") and status != "UPDATE_FAILED"
    busy = status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"
    return not (failed or busy or status == "ROLLBACK_COMPLETE")


def _allow_changed_outputs(change_set: ChangeSet) -> None:
    """A template whose outputs alone differ is a change without changed resources."""
    running = _stacks[change_set["StackName"]].get("_template") or {}
    outputs_differ = running.get("Outputs") != change_set["_template"].get("Outputs")
    if change_set["ChangeSetType"] == "UPDATE" and not change_set["Changes"] and outputs_differ:
        change_set |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}


def _add_nested(change_set: ChangeSet) -> None:
    for change in (each["ResourceChange"] for each in change_set["Changes"]):
        if change["ResourceType"] != STACK_TYPE or change["Action"] not in ("Add", "Modify"):
            continue
        nested = _nested_change_set(change_set, change)
        _change_sets[nested["ChangeSetId"]] = nested
        change["ChangeSetId"] = nested["ChangeSetId"]
        if nested["Status"] == "FAILED" and change_set["Status"] != "FAILED":
            reason = f"Nested change set {nested['ChangeSetId']} was not successfully created"
            change_set |= {
                "Status": "FAILED",
                "ExecutionStatus": "UNAVAILABLE",
                "StatusReason": f"{reason}: Currently in FAILED.",
            }


def _nested_change_set(parent: ChangeSet, change: dict[str, Any]) -> ChangeSet:
    name = f"{parent['ChangeSetName']}-{change['LogicalResourceId']}-{new_uuid()[:8]}"
    identity = f"arn:aws:cloudformation:{get_region()}:{get_account_id()}:changeSet/{name}/{new_uuid()}"
    child = handlers._resolve_stack(change.get("PhysicalResourceId", "")) or {}
    stack = child or reviewed_stacks.add(_stacks[parent["StackName"]], change["LogicalResourceId"])
    nested: ChangeSet = {
        "ChangeSetId": identity,
        "ChangeSetName": name,
        "RootChangeSetId": parent["ChangeSetId"],
        "StackId": stack["StackId"],
        "StackName": stack["StackName"],
        "Status": "CREATE_COMPLETE",
        "StatusReason": "",
        # AWS executes nested change sets with their root only.
        "ExecutionStatus": "UNAVAILABLE",
        "CreationTime": now_iso(),
        "ChangeSetType": "UPDATE" if child else "CREATE",
        "Changes": [],
        "Capabilities": parent["Capabilities"],
    }
    try:
        _describe_changes(nested, child, parent, change["LogicalResourceId"])
    except ValueError as error:
        nested |= {"Status": "FAILED", "StatusReason": str(error)}
    return nested


def _describe_changes(nested: ChangeSet, child: dict[str, Any], parent: ChangeSet, logical_id: str) -> None:
    running = child.get("_resolved_params", {})
    properties = parent["_template"]["Resources"][logical_id]["Properties"]
    given = properties.get("Parameters") or {}
    known = {key: _resolved(value, parent) for key, value in given.items() if not _is_late(value, parent)}
    late = {key: running.get(key, {}).get("Value", UNKNOWN_VALUE) for key in given.keys() - known.keys()}
    wanted = definition(
        {"TemplateURL": _resolved(properties["TemplateURL"], parent), "Parameters": known | late},
        unchecked=late.keys(),
    )
    parameters = wanted["_resolved_params"]
    old, new = (
        changesets._resolve_props_for_diff(template, values, nested["StackName"], nested["StackId"])
        for template, values in (
            (child.get("_template", {}), running),
            (wanted["_template"], parameters),
        )
    )
    changed = {
        key for key, value in parameters.items() if running.get(key, {}).get("Value") != value["Value"]
    }
    nested["Changes"] = stacks._diff_resources(
        old, new, child.get("_resources"), wanted["_template"], changed
    )
    nested["Parameters"] = [
        {"ParameterKey": key, "ParameterValue": value["Value"]} for key, value in parameters.items()
    ]


def _is_late(value: Any, parent: ChangeSet) -> bool:
    """Whether only the deployment of a resource will tell an expression's value."""
    resources = parent["_template"]["Resources"]
    return any(name in resources for name, _ in engine._intrinsic_references(value))


def _resolved(value: Any, parent: ChangeSet) -> Any:
    """The value of an expression in the parent's template."""
    conditions = engine._evaluate_conditions(parent["_template"], parent["_resolved_params"])
    return engine._resolve_refs(
        value,
        {},
        parent["_resolved_params"],
        conditions,
        parent["_template"].get("Mappings", {}),
        parent["StackName"],
        parent["StackId"],
    )


def _describing(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    def describe(parameters: Parameters) -> Response:
        status, headers, body = original(parameters)
        change_set = found(parameters)
        if status != 200 or change_set is None:
            return status, headers, body
        root = fromstring(body)  # noqa: S314  (MiniStack's own answer)
        namespace = root.tag.partition("}")[0] + "}" if root.tag.startswith("{") else ""
        elements = root.iter(f"{namespace}ResourceChange")
        for element, change in zip(elements, change_set["Changes"], strict=True):
            if nested := change["ResourceChange"].get("ChangeSetId"):
                SubElement(element, f"{namespace}ChangeSetId").text = nested
        result = next(root.iter(f"{namespace}DescribeChangeSetResult"))
        for name in ("IncludeNestedStacks", "RootChangeSetId"):
            if name in change_set:
                SubElement(result, f"{namespace}{name}").text = (
                    str(change_set[name]).removeprefix("True") or "true"
                )
        return status, headers, tostring(root)

    return describe


def _with_descriptions(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    """A stack's description is its template's, whoever deployed that; MiniStack keeps the first one."""

    def describe(parameters: Parameters) -> Response:
        for stack in _stacks.values():
            stack["Description"] = (stack.get("_template") or {}).get("Description", "")
        return original(parameters)

    return describe


def _executing(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    """Nested change sets end with their root."""

    def execute(parameters: Parameters) -> Response:
        change_set = found(parameters)
        response = original(parameters)
        if change_set and response[0] == 200:
            for nested in _nested_in(change_set):
                del _change_sets[nested["ChangeSetId"]]
        return response

    return execute


def _deleting(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    """With nested ones, a change set goes after the answer, and so do the stacks that it made of children."""

    def delete(parameters: Parameters) -> Response:
        change_set = found(parameters)
        if change_set is None or "IncludeNestedStacks" not in change_set:
            return original(parameters)
        change_set |= {"Status": "DELETE_IN_PROGRESS", "ExecutionStatus": "UNAVAILABLE"}
        spawn_background(_drop, change_set, thread_name="delete-change-set")
        return handlers._xml(200, "DeleteChangeSetResponse", "<DeleteChangeSetResult/>")

    return delete


def _by_stack_id(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    """A stack's change sets are listed by its id too; MiniStack knows its name alone."""

    def list_change_sets(parameters: Parameters) -> Response:
        stack = handlers._resolve_stack(_text(parameters, "StackName"))
        return original(parameters | {"StackName": [stack["StackName"]]} if stack else parameters)

    return list_change_sets


def _drop(change_set: ChangeSet) -> None:
    nested = _nested_in(change_set)
    for each in nested:
        _change_sets.pop(each["ChangeSetId"], None)
    still_wanted = {other["StackId"] for other in _change_sets.values()}
    for each in nested:
        if each["StackId"] not in still_wanted:
            reviewed_stacks.drop(each["StackId"])
    _change_sets.pop(change_set["ChangeSetId"], None)


def _nested_in(change_set: ChangeSet) -> list[ChangeSet]:
    return [
        nested
        for nested in _change_sets.values()
        if nested.get("RootChangeSetId") == change_set["ChangeSetId"]
    ]


def found(parameters: Parameters) -> ChangeSet | None:
    """The change set that a request is about."""
    stack = handlers._resolve_stack(_text(parameters, "StackName")) or {}
    return changesets._find_change_set(_text(parameters, "ChangeSetName"), stack.get("StackName", ""))[1]


def _text(parameters: Parameters, name: str) -> str:
    return handlers._p(parameters, name)
