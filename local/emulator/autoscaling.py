"""Application Auto Scaling: MiniStack has nothing of it. Bounds are kept, nothing is measured.

A service module in MiniStack's own form: it serves requests and its state is kept with the others.
"""

import copy
import json
import time
from typing import Any

from ministack.core.responses import (
    AccountRegionScopedDict,
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
)
from ministack.services import ecs

from local.emulator.registry import Attributes, Properties, add

NAME = "application-autoscaling"
TARGET_PREFIX = "AnyScaleFrontendService"

_targets = AccountRegionScopedDict()  # physical id -> the API's ScalableTarget
_policies = AccountRegionScopedDict()  # ARN -> the API's ScalingPolicy
_actions = AccountRegionScopedDict()  # physical id of the target -> its ScheduledActions


def install() -> None:
    add("AWS::ApplicationAutoScaling::ScalableTarget", _create_target, _delete_target, _update_target)
    add("AWS::ApplicationAutoScaling::ScalingPolicy", _create_policy, _delete_policy, _update_policy)


# --- CloudFormation ---


def _create_target(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    identity = "|".join(properties[name] for name in names)
    _targets[identity] = {
        **{name: properties[name] for name in names},
        "MinCapacity": int(properties["MinCapacity"]),
        "MaxCapacity": int(properties["MaxCapacity"]),
        "RoleARN": properties.get("RoleARN", _service_linked_role()),
        "CreationTime": time.time(),
    }
    _actions[identity] = [copy.deepcopy(action) for action in properties.get("ScheduledActions") or []]
    _keep_within_bounds(_targets[identity])
    return identity, {}


def _update_target(physical_id: str, _old: Properties, new: Properties, stack: str) -> tuple[str, Attributes]:
    created, attributes = _create_target("", new, stack)
    if created != physical_id:
        _delete_target(physical_id, {})
    return created, attributes


def _delete_target(physical_id: str, _properties: Properties) -> None:
    _targets.pop(physical_id, None)
    _actions.pop(physical_id, None)


def _create_policy(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    target = properties["ScalingTargetId"]
    if target not in _targets:
        raise ValueError(f"No scalable target registered for {target}")
    resource = f"resource/{_targets[target]['ServiceNamespace']}/{_targets[target]['ResourceId']}"
    arn = (
        f"arn:aws:autoscaling:{get_region()}:{get_account_id()}:scalingPolicy:{new_uuid()}:"
        f"{resource}:policyName/{properties['PolicyName']}"
    )
    _policies[arn] = _policy(arn, properties)
    return arn, {"Arn": arn}


def _update_policy(arn: str, _old: Properties, new: Properties, _stack: str) -> tuple[str, Attributes]:
    _policies[arn] = _policy(arn, new)
    return arn, {"Arn": arn}


def _delete_policy(physical_id: str, _properties: Properties) -> None:
    _policies.pop(physical_id, None)


def _policy(arn: str, properties: Properties) -> dict[str, Any]:
    target = _targets[properties["ScalingTargetId"]]
    names = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    return {
        "PolicyARN": arn,
        "PolicyName": properties["PolicyName"],
        "PolicyType": properties["PolicyType"],
        **{name: target[name] for name in names},
        "TargetTrackingScalingPolicyConfiguration": properties.get(
            "TargetTrackingScalingPolicyConfiguration", {}
        ),
        "Alarms": [],
        "CreationTime": time.time(),
    }


def _keep_within_bounds(target: dict[str, Any]) -> None:
    """Registering a service brings its number of tasks between the bounds at once, as AWS does."""
    if target["ServiceNamespace"] != "ecs":
        return
    _, cluster, service = target["ResourceId"].split("/")
    for record in ecs._services.values():
        if record["serviceName"] == service and record["clusterArn"].rsplit("/", 1)[1] == cluster:
            wanted = min(max(record["desiredCount"], target["MinCapacity"]), target["MaxCapacity"])
            if wanted != record["desiredCount"]:
                ecs._update_service({"cluster": cluster, "service": service, "desiredCount": wanted})
            return
    raise ValueError(f"ECS service doesn't exist: {target['ResourceId']}")


def _service_linked_role() -> str:
    role = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"
    return f"arn:aws:iam::{get_account_id()}:role/aws-service-role/{role}"


# --- the API ---


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    action = headers.get("x-amz-target", "").split(".")[-1]
    request = json.loads(body or b"{}")
    match action:
        case "DescribeScalableTargets":
            return json_response({"ScalableTargets": _asked_for(_targets.values(), request)})
        case "DescribeScalingPolicies":
            return json_response({"ScalingPolicies": _asked_for(_policies.values(), request)})
        case "DescribeScheduledActions":
            actions = [
                action | {name: _targets[identity][name] for name in ("ResourceId", "ServiceNamespace")}
                for identity, of_target in _actions.items()
                for action in of_target
            ]
            return json_response({"ScheduledActions": _asked_for(actions, request)})
    return error_response_json("UnknownOperationException", f"{action} is not emulated.", 400)


def _asked_for(records: Any, request: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = {request["ResourceId"]} if "ResourceId" in request else set(request.get("ResourceIds") or [])
    return [
        record
        for record in records
        if record["ServiceNamespace"] == request["ServiceNamespace"]
        and (not wanted or record["ResourceId"] in wanted)
    ]


# --- persistence, as MiniStack asks its services for it ---


def get_state() -> dict[str, Any]:
    return {"targets": _targets, "policies": _policies, "actions": _actions}


def load_persisted_state(data: dict[str, Any]) -> None:
    for name, store in (("targets", _targets), ("policies", _policies), ("actions", _actions)):
        store._data.update(data[name]._data)


def reset() -> None:
    for store in (_targets, _policies, _actions):
        store.clear()
