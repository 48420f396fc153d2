"""IAM: one service-linked role for each service, under AWS's own name, and the refusal of a second one."""

from collections.abc import Callable
from typing import Any

from ministack.services import iam

# Where the name is not made of the service's first word.
NAMES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
}
Response = tuple[int, Any, Any]
Parameters = dict[str, Any]


def install() -> None:
    table: dict[str, Any] = iam._IAM_HANDLERS
    table["CreateServiceLinkedRole"] = _creating(table["CreateServiceLinkedRole"])


def _creating(original: Callable[[Parameters], Response]) -> Callable[[Parameters], Response]:
    def create(parameters: Parameters) -> Response:
        service = iam._p(parameters, "AWSServiceName")
        if existing := _of(service):
            reason = f"Service role name {existing['RoleName']} has been taken in this account"
            return iam._error(400, "InvalidInput", f"{reason}, please try a different suffix.", ns="iam")
        response = original(parameters)
        made = _of(service)
        if made is None or service not in NAMES:
            return response
        name = NAMES[service]
        del iam._roles[made["RoleName"]]
        iam._roles[name] = made | {"RoleName": name, "Arn": made["Arn"].replace(made["RoleName"], name)}
        role = f"<Role>{iam._role_xml(name)}</Role>"
        result = f"<CreateServiceLinkedRoleResult>{role}</CreateServiceLinkedRoleResult>"
        return iam._xml(200, "CreateServiceLinkedRoleResponse", result, ns="iam")

    return create


def _of(service: str) -> dict[str, Any] | None:
    """The role of a service, as IAM keeps it."""
    path = f"/aws-service-role/{service}/"
    return next((role for role in iam._roles.values() if role["Path"] == path), None)
