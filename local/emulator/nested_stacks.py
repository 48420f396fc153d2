"""Nested stacks that run through the same engine as their parents.

MiniStack deploys a nested stack with a shorter engine of its own, which forgets attributes on an update,
rolls nothing back, ignores DeletionPolicy and passes over failed deletes. Here a child is a stack like any
other, and its parent waits for it. These handlers run in worker threads (MiniStack sees to that for this
resource type); the event loop stays free to serve requests meanwhile.
"""

import asyncio
import copy
from collections.abc import Collection, Coroutine
from typing import Any

from ministack import app as ministack
from ministack.core.responses import now_iso
from ministack.services.cloudformation import _stack_events, _stacks, engine, provisioners, stacks
from ministack.services.cloudformation.helpers import _resolve_template

from local.emulator import failed_rollbacks, reviewed_stacks
from local.emulator.registry import Attributes, Properties, add

Stack = dict[str, Any]
STACK_TYPE = "AWS::CloudFormation::Stack"
# What a failed update gives back to a stack.
SNAPSHOT_KEYS = (
    "_resources",
    "_template",
    "_template_body",
    "_resolved_params",
    "_conditions",
    "Parameters",
    "Tags",
    "Outputs",
)


def install() -> None:
    add(STACK_TYPE, _create, _delete, _update)


def definition(properties: Properties, unchecked: Collection[str] = ()) -> Stack:
    """What the properties ask for, under the keys of a stack's record.

    Args:
        unchecked: parameters whose values are not known yet and need not satisfy their constraints.

    Raises:
        ValueError: the template cannot be read, or it and the parameters do not fit each other.
    """
    body, problem = _resolve_template({"TemplateURL": [properties["TemplateURL"]]})
    if problem or not body:
        raise ValueError(f"The template at {properties['TemplateURL']} cannot be read.")
    given = [{"Key": key, "Value": str(value)} for key, value in (properties.get("Parameters") or {}).items()]
    parsed = engine._parse_template(body)
    parsed.get("Parameters", {}).update({key: {"Type": "String"} for key in unchecked})
    template = engine._apply_transforms(parsed, given, {})
    parameters = engine._resolve_parameters(template, given)
    conditions = engine._evaluate_conditions(template, parameters)
    engine.validate_template_support(template, conditions, params=parameters)
    return {
        "_template": template,
        "_template_body": body,
        "_resolved_params": parameters,
        "_conditions": conditions,
        "Tags": [tag for tag in properties.get("Tags") or [] if not tag["Key"].startswith("aws:")],
    }


def _create(logical_id: str, properties: Properties, parent_name: str) -> tuple[str, Attributes]:
    parent = _stacks[parent_name]
    wanted = definition(properties)
    provisioners._check_nested_stack_capabilities(parent_name, wanted["_template"])
    child = _begun(logical_id, parent, wanted)
    name = child["StackName"]
    _stacks[name] = child
    _stack_events.setdefault(child["StackId"], [])
    _announce(child, "CREATE_IN_PROGRESS")
    # Whoever follows the parent's events learns here where the child's are.
    stacks._add_event(
        parent["StackId"],
        parent_name,
        logical_id,
        STACK_TYPE,
        "CREATE_IN_PROGRESS",
        "Resource creation Initiated",
        child["StackId"],
    )
    _run(_deploy(child, wanted, parent.get("DisableRollback", False), previous=None))
    if child["StackStatus"] != "CREATE_COMPLETE":
        reason = _failure(child, "created")
        if child["StackStatus"] == "ROLLBACK_COMPLETE":
            _run(stacks._delete_stack_async(name, child["StackId"]))
        raise ValueError(reason)
    return child["StackId"], output_attributes(child)


def _update(physical_id: str, _old: Properties, new: Properties, parent_name: str) -> tuple[str, Attributes]:
    child = _find(physical_id)
    parent = _stacks[parent_name]
    wanted = definition(new)
    provisioners._check_nested_stack_capabilities(parent_name, wanted["_template"])
    if _is_running(child, wanted):
        # Also the way back of a child whose own update failed: it has rolled back by itself.
        return physical_id, output_attributes(child)
    previous = {key: copy.deepcopy(child[key]) for key in SNAPSHOT_KEYS}
    rolling_back = parent["StackStatus"] == "UPDATE_ROLLBACK_IN_PROGRESS"
    child |= _described(wanted, parent) | {"StackStatus": "UPDATE_IN_PROGRESS", "LastUpdatedTime": now_iso()}
    _announce(child, "UPDATE_IN_PROGRESS")
    _run(_deploy(child, wanted, disable_rollback=False, previous=previous))
    if child["StackStatus"] != "UPDATE_COMPLETE":
        if rolling_back:
            failed_rollbacks.mark(child)
        raise ValueError(_failure(child, "updated"))
    if rolling_back:
        child["StackStatus"] = "UPDATE_ROLLBACK_COMPLETE"
        _announce(child, "UPDATE_ROLLBACK_COMPLETE")
    return physical_id, output_attributes(child)


def _delete(physical_id: str, _properties: Properties) -> None:
    name = provisioners._nested_stack_lookup_name(physical_id)
    child = _stacks.get(name)
    if child is None or child["StackStatus"] == "DELETE_COMPLETE":
        return
    _run(stacks._delete_stack_async(name, child["StackId"]))
    if child["StackStatus"] != "DELETE_COMPLETE":
        raise ValueError(
            f"Embedded stack {child['StackId']} was not successfully deleted: {child['StackStatusReason']}"
        )


def _described(wanted: Stack, parent: Stack) -> Stack:
    """The part of a stack's record that an operation sets before it starts."""
    return {
        "Description": wanted["_template"].get("Description", ""),
        "Parameters": [
            {"ParameterKey": key, "ParameterValue": parameter["Value"], "NoEcho": parameter["NoEcho"]}
            for key, parameter in wanted["_resolved_params"].items()
        ],
        "Tags": wanted["Tags"],
        "Capabilities": parent.get("Capabilities", []),
        "_template_body": wanted["_template_body"],
        "_conditions": wanted["_conditions"],
    }


def _begun(logical_id: str, parent: Stack, wanted: Stack) -> Stack:
    """The record of a child whose creation begins; a change set may have made its stack already."""
    child = reviewed_stacks.find(parent, logical_id) or reviewed_stacks.record(parent, logical_id)
    del child["_logical_id"]
    return child | {
        "StackStatus": "CREATE_IN_PROGRESS",
        "LastUpdatedTime": now_iso(),
        "_template": wanted["_template"],
        "_resolved_params": wanted["_resolved_params"],
        **_described(wanted, parent),
    }


def _deploy(
    child: Stack, wanted: Stack, disable_rollback: bool, previous: Stack | None
) -> Coroutine[Any, Any, None]:
    return stacks._deploy_stack_async(
        child["StackName"],
        child["StackId"],
        wanted["_template"],
        wanted["_resolved_params"],
        disable_rollback,
        wanted["Tags"],
        is_update=previous is not None,
        previous_stack=previous,
    )


def _run(operation: Coroutine[Any, Any, None]) -> None:
    """Let the event loop run a stack's operation, and wait for its end in this worker thread."""
    loop: asyncio.AbstractEventLoop = ministack._MAIN_LOOP  # pyright: ignore[reportAssignmentType]
    asyncio.run_coroutine_threadsafe(operation, loop).result()


def _find(physical_id: str) -> Stack:
    child = _stacks.get(provisioners._nested_stack_lookup_name(physical_id))
    if child is None:
        raise ValueError(f"Stack with id {physical_id} does not exist")
    return child


def _is_running(child: Stack, wanted: Stack) -> bool:
    """True when the child is what the properties ask for already."""
    return child["StackStatus"].endswith("_COMPLETE") and all(
        child[key] == wanted[key] for key in ("_template", "_resolved_params", "Tags")
    )


def _announce(child: Stack, status: str) -> None:
    identity = child["StackId"]
    stacks._add_event(
        identity, child["StackName"], child["StackName"], STACK_TYPE, status, physical_id=identity
    )


def _failure(child: Stack, verb: str) -> str:
    """AWS's words for a parent's event; the details are in the child's own events."""
    failures = [
        event
        for event in _stack_events[child["StackId"]]
        if event["ResourceStatus"] in ("CREATE_FAILED", "UPDATE_FAILED")
        and event["Timestamp"] >= child["LastUpdatedTime"]
    ]
    about_resources = [event for event in failures if event["PhysicalResourceId"] != child["StackId"]]
    reasons = [
        f"The following resource(s) failed to {event['ResourceStatus'].removesuffix('_FAILED').lower()}: "
        f"[{event['LogicalResourceId']}]."
        for event in about_resources
    ]
    reason = " ".join(reasons or [failures[-1]["ResourceStatusReason"]])
    return f"Embedded stack {child['StackId']} was not successfully {verb}: {reason}"


def output_attributes(child: Stack) -> Attributes:
    """What Fn::GetAtt reads of a nested stack."""
    return {f"Outputs.{output['OutputKey']}": output["OutputValue"] for output in child["Outputs"]}
