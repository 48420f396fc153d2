"""EC2: network interfaces are found by where they are, and hold what they are in."""

from collections.abc import Callable
from typing import Any

from ministack.services import ec2

from local.emulator.registry import guard_delete

Interface = dict[str, Any]
Response = tuple[int, Any, Any]
Parameters = dict[str, Any]
Operation = Callable[[Parameters], Response]

FILTERS: dict[str, Callable[[Interface], set[str]]] = {
    "group-id": lambda interface: {group["GroupId"] for group in interface["Groups"]},
    "subnet-id": lambda interface: {interface["SubnetId"]},
    "vpc-id": lambda interface: {interface["VpcId"]},
}


def install() -> None:
    table: dict[str, Any] = ec2._ACTION_MAP
    table["DescribeNetworkInterfaces"] = _filtering(table["DescribeNetworkInterfaces"])
    table["DeleteSecurityGroup"] = _refusing(table["DeleteSecurityGroup"])
    guard_delete("AWS::EC2::SecurityGroup", _refuse_occupied_group)
    guard_delete("AWS::EC2::Subnet", _refuse_occupied_subnet)


def _filtering(original: Operation) -> Operation:
    def describe(parameters: Parameters) -> Response:
        wanted = {name: set(values) for name, values in ec2._parse_filters(parameters).items()}
        if not wanted or not wanted.keys() <= FILTERS.keys():
            return original(parameters)
        found = "".join(
            ec2._eni_fields_xml(interface)
            for interface in ec2._network_interfaces.values()
            if all(FILTERS[name](interface) & values for name, values in wanted.items())
        )
        result = f"<networkInterfaceSet>{found}</networkInterfaceSet>"
        return ec2._xml(200, "DescribeNetworkInterfacesResponse", result)

    return describe


def _refusing(original: Operation) -> Operation:
    def delete(parameters: Parameters) -> Response:
        group = ec2._p(parameters, "GroupId")
        try:
            _refuse_occupied_group(group)
        except ValueError as error:
            return ec2._error("DependencyViolation", str(error), 400)
        return original(parameters)

    return delete


def _refuse_occupied_group(group: str) -> None:
    if _is_occupied("group-id", group):
        raise ValueError(f"resource {group} has a dependent object")


def _refuse_occupied_subnet(subnet: str) -> None:
    if _is_occupied("subnet-id", subnet):
        raise ValueError(f"The subnet '{subnet}' has dependencies and cannot be deleted.")


def _is_occupied(where: str, identity: str) -> bool:
    return any(identity in FILTERS[where](interface) for interface in ec2._network_interfaces.values())
