"""AWS WAF: sets of addresses, associations and logging, which MiniStack's CloudFormation cannot create."""

import json
from typing import Any

from ministack.services import cloudwatch_logs, waf

from local.emulator.registry import Attributes, Properties, add, succeeded

LOG_GROUP_PREFIX = "aws-waf-logs-"
"""AWS WAF delivers only to log groups that are named so."""


def install() -> None:
    add("AWS::WAFv2::IPSet", _create_ip_set, _delete_ip_set)
    add("AWS::WAFv2::WebACLAssociation", _associate, _disassociate)
    add("AWS::WAFv2::LoggingConfiguration", _create_logging, lambda _id, _properties: None)


def _create_ip_set(logical_id: str, properties: Properties, stack: str) -> tuple[str, Attributes]:
    name = properties.get("Name") or f"{logical_id}-{stack}"
    created = succeeded(waf._create_ip_set(properties | {"Name": name}))
    summary: dict[str, Any] = json.loads(created[2])["Summary"]
    identity = f"{name}|{summary['Id']}|{properties['Scope']}"
    return identity, {"Arn": summary["ARN"], "Id": summary["Id"]}


def _delete_ip_set(physical_id: str, _properties: Properties) -> None:
    _, identity, scope = physical_id.split("|")
    found = waf._get_ip_set({"Id": identity, "Scope": scope})
    if found[0] == 200:
        token = json.loads(found[2])["LockToken"]
        succeeded(waf._delete_ip_set({"Id": identity, "Scope": scope, "LockToken": token}))


def _associate(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    succeeded(waf._associate_web_acl(properties))
    return f"{properties['ResourceArn']}|{properties['WebACLArn']}", {}


def _disassociate(_physical_id: str, properties: Properties) -> None:
    waf._associations.pop(properties["ResourceArn"], None)


def _create_logging(_logical_id: str, properties: Properties, _stack: str) -> tuple[str, Attributes]:
    (destination,) = properties["LogDestinationConfigs"]
    group = destination.split(":log-group:")[1].removesuffix(":*")
    if not group.startswith(LOG_GROUP_PREFIX) or group not in cloudwatch_logs._log_groups:
        raise ValueError(f"The ARN {destination} isn't valid as a log destination")
    return properties["ResourceArn"], {"ManagedByFirewallManager": False}
